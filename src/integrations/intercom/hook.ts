import { z } from "zod";
import {
  type Hook,
  type HookReading,
  type InboundItem,
  type InboundRequest,
  UnreadableBody,
  type Verification,
} from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import type { MapContext } from "../mapped-port.ts";
import { isSignedBy } from "../signatures.ts";
import { type CompanyOptions, mapCompany } from "./mapping/company.ts";
import { goneConversation } from "./mapping/deletion.ts";
import { idText, momentOfSeconds } from "./mapping/values.ts";
import { idOf } from "./pages.ts";

const notificationSchema = z.looseObject({
  id: z.string().min(1).max(200),
  topic: z.string(),
  created_at: momentOfSeconds,
  data: z.looseObject({ item: z.unknown() }),
});
type Notification = z.infer<typeof notificationSchema>;

/** What Intercom tells at our door. Nothing but the deduplication guards against a repeat: its signature holds no time. */
export function openIntercomHook(secrets: readonly string[], options: CompanyOptions): Hook {
  return {
    verify: (request) => verify(request, secrets),
    split,
    read: (body, context) => read(body, options, context),
  };
}

function verify({ raw, headers }: InboundRequest, secrets: readonly string[]): Verification {
  const presented = headers["x-hub-signature"];
  if (presented === undefined) return { ok: false, reason: "unsigned" };
  const [, hex = ""] = /^sha1=([0-9a-f]{40})$/.exec(presented) ?? [];
  const isSigned = isSignedBy(secrets, [raw], hex, { algorithm: "sha1", encoding: "hex" });
  return isSigned ? { ok: true } : { ok: false, reason: "bad signature" };
}

function split({ raw }: InboundRequest): readonly InboundItem[] {
  const parsed = notificationSchema.safeParse(inboundJson(raw));
  if (!parsed.success) throw new UnreadableBody("the body is no notification");
  const { id, created_at: at } = parsed.data;
  return [{ dedupeKey: id, occurredAt: new Date(at), body: raw.toString("utf8") }];
}

/** A company comes whole; of contacts and conversations parts are missing, so that they are asked for. */
function read(body: string, options: CompanyOptions, context: MapContext): HookReading {
  const parsed = notificationSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return { ignored: "no notification" };
  const { topic } = parsed.data;
  if (topic.startsWith("company.contact.")) return readAttachment(parsed.data);
  if (topic.startsWith("company.")) return readCompany(parsed.data, options, context);
  if (topic.startsWith("contact.")) return readContact(parsed.data);
  if (topic.startsWith("conversation.")) return readConversation(parsed.data);
  return { ignored: "about something that is not pulled" };
}

function readCompany(
  { topic, created_at: at, data }: Notification,
  options: CompanyOptions,
  context: MapContext,
): HookReading {
  if (topic !== "company.deleted") return { mapped: mapCompany(data.item, options, context) };
  const id = idOf(data.item);
  return id === null ? noId : { mapped: { deleted: [{ kind: "account", id, at }] } };
}

const attachmentSchema = z.looseObject({ contact: z.looseObject({ id: idText }) });

function readAttachment({ data }: Notification): HookReading {
  const contact = attachmentSchema.safeParse(data.item).data?.contact.id;
  return contact === undefined ? noId : { refetch: [{ stream: "contacts", id: contact }] };
}

function readContact({ topic, created_at: at, data }: Notification): HookReading {
  const id = idOf(data.item);
  if (id === null) return noId;
  if (topic !== "contact.deleted") return { refetch: [{ stream: "contacts", id }] };
  return { mapped: { deleted: [{ kind: "contact", id, at }] } };
}

function readConversation({ topic, created_at: at, data }: Notification): HookReading {
  const id = idOf(data.item);
  if (id === null) return noId;
  return topic === "conversation.deleted"
    ? { mapped: goneConversation(id, at) }
    : { refetch: [{ stream: "conversations", id }] };
}

const noId: HookReading = { ignored: "it names nothing by an id" };
