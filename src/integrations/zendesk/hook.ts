import { createHash } from "node:crypto";
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
import { isSignedBy } from "../signatures.ts";
import { idText } from "./mapping/values.ts";

const toleranceMs = 5 * 60_000;

/** An event that was subscribed to. Its type is `zen:event-type:ticket.status_changed`, and with a slash in some pages of Zendesk's. */
const eventSchema = z.looseObject({
  id: z.string().min(1).max(200),
  type: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  detail: z.looseObject({ id: idText }),
});
/** Placeholders of a trigger are empty where there is nothing. */
const placeholder = z
  .union([z.string().max(300), z.int()])
  .transform(String)
  .nullish();
/** What a trigger sends by the template of our documentation. */
const templateSchema = z.looseObject({ ticket: placeholder, organization: placeholder, user: placeholder });

const eventType = /^zen:event-type[:/](ticket|organization|user)\.(.+)$/;
const kinds = { ticket: "ticket", organization: "account", user: "contact" } as const;
type Thing = keyof typeof kinds;

/** What Zendesk tells at our door. A body is a hint only: order and state are asked for. */
export function openZendeskHook(secrets: readonly string[]): Hook {
  return { verify: (request) => verify(request, secrets), split, read };
}

/** The signature is over the timestamp and then the body; the order of older documentation is refused. */
function verify({ raw, headers, now }: InboundRequest, secrets: readonly string[]): Verification {
  const signature = headers["x-zendesk-webhook-signature"];
  const timestamp = headers["x-zendesk-webhook-signature-timestamp"];
  if (signature === undefined || timestamp === undefined) return { ok: false, reason: "unsigned" };
  const how = { algorithm: "sha256", encoding: "base64" } as const;
  if (!isSignedBy(secrets, [timestamp, raw], signature, how)) return { ok: false, reason: "bad signature" };
  const at = z.iso.datetime({ offset: true }).safeParse(timestamp);
  const isFresh = at.success && Math.abs(Date.parse(at.data) - now.getTime()) <= toleranceMs;
  return isFresh ? { ok: true } : { ok: false, reason: "stale" };
}

function split({ raw, headers }: InboundRequest): readonly InboundItem[] {
  const body = raw.toString("utf8");
  const parsed = inboundJson(raw);
  const event = eventSchema.safeParse(parsed);
  if (event.success) return [{ dedupeKey: event.data.id, occurredAt: new Date(event.data.time), body }];
  if (!isObject(parsed)) throw new UnreadableBody("the body is no JSON object");
  return [{ dedupeKey: invocationOf(headers, raw), occurredAt: null, body }];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Zendesk's own number of the call, the same when it is repeated; else one made of what was signed. */
function invocationOf(headers: InboundRequest["headers"], raw: Buffer): string {
  const invocation = headers["x-zendesk-webhook-invocation-id"] ?? "";
  if (invocation !== "" && invocation.length <= 190) return `call-${invocation}`;
  const timestamp = headers["x-zendesk-webhook-signature-timestamp"] ?? "";
  return `body-${createHash("sha256").update(timestamp).update(raw).digest("hex")}`;
}

function read(body: string): HookReading {
  const parsed: unknown = JSON.parse(body);
  const event = eventSchema.safeParse(parsed);
  if (event.success) return readEvent(event.data);
  const template = templateSchema.safeParse(parsed);
  if (!template.success) return { ignored: "neither an event nor the documented template" };
  const refetch = (["organization", "user", "ticket"] as const).flatMap((thing) => hint(thing, template.data[thing]));
  return refetch.length === 0 ? { ignored: "it names no ticket, organization or user" } : { refetch };
}

function hint(thing: Thing, id: string | null | undefined): { stream: string; id: string }[] {
  return id == null || id.trim() === "" ? [] : [{ stream: `${thing}s`, id: id.trim() }];
}

function readEvent({ type, time, detail }: z.infer<typeof eventSchema>): HookReading {
  const [, thing, happened = ""] = eventType.exec(type) ?? [];
  if (thing !== "ticket" && thing !== "organization" && thing !== "user") {
    return { ignored: "an event about something that is not pulled" };
  }
  const isGone = /^(soft_|permanently_)?deleted$/.test(happened);
  if (isGone) return { mapped: { deleted: [{ kind: kinds[thing], id: detail.id, at: time }] } };
  return { refetch: hint(thing, detail.id) };
}
