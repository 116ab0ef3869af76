import { z } from "zod";
import { type InboundItem, type InboundRequest, UnreadableBody } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { isSalesforceId, longId } from "./ids.ts";
import { momentOf } from "./mapping/row.ts";
import { readOutboundMessage } from "./outbound-message.ts";

const scalar = z.union([z.string().max(200_000), z.number(), z.boolean(), z.null()]);
const fields = z.record(z.string().regex(/^[A-Za-z]\w{0,79}$/), scalar);

/** That an object changed, as it is kept until it is applied; with what was said of it. */
const noticeSchema = z.strictObject({ object: z.string(), id: z.string(), fields });
export type Notice = z.infer<typeof noticeSchema>;

/** What a Flow's callout sends. */
const calloutSchema = z.object({
  /** The same when the Flow tries again. */
  eventId: z.string().min(1).max(150),
  object: z.string().regex(/^[A-Za-z]\w{0,79}$/),
  id: z.string().refine(isSalesforceId),
  /** The record's own time: its SystemModstamp or LastModifiedDate. */
  at: z.string().optional(),
  fields: fields.default({}),
});

/** Whether a delivery is JSON, as callouts are; outbound messages are XML. */
export function isCallout({ headers }: Pick<InboundRequest, "headers">): boolean {
  return /^application\/json\b/i.test(headers["content-type"] ?? "");
}

/** The notifications of an outbound message, one by one. Throws `UnreadableBody`. */
export function splitMessage({ raw, headers }: InboundRequest): readonly InboundItem[] {
  const [, charset = "utf-8"] = /;\s*charset="?([\w-]+)/i.exec(headers["content-type"] ?? "") ?? [];
  if (charset.toLowerCase() !== "utf-8") throw new UnreadableBody("its encoding is not UTF-8");
  return readOutboundMessage(raw).notifications.map(({ id, object, fields }) =>
    itemOf(`notification:${id}`, { object, id: String(fields["Id"]), fields }),
  );
}

/** The one event of a callout. Throws `UnreadableBody`. */
export function splitCallout({ raw }: InboundRequest): readonly InboundItem[] {
  const callout = calloutSchema.safeParse(inboundJson(raw));
  if (!callout.success) {
    const path = callout.error.issues[0]?.path[0];
    throw new UnreadableBody(`it is no callout: ${path === undefined ? "not an object" : String(path)}`);
  }
  const { eventId, object, id, at, fields } = callout.data;
  const dated = at === undefined || "SystemModstamp" in fields ? fields : { ...fields, SystemModstamp: at };
  return [itemOf(`callout:${eventId}`, { object, id, fields: dated })];
}

/** A kept notice; null where it is none. */
export function readNotice(body: string): Notice | null {
  const notice = noticeSchema.safeParse(JSON.parse(body));
  return notice.success ? notice.data : null;
}

/** When the object came to be as the notice says: null where it does not say. */
export function timeOf({ fields }: Notice): string | null {
  const stated = fields["SystemModstamp"] ?? fields["LastModifiedDate"];
  return typeof stated === "string" ? momentOf(stated) : null;
}

/** Ids as the API gives them: what a Flow's formula makes of one may be the short form. */
function withLongIds({ object, id, fields }: Notice): Notice {
  const entries = Object.entries(fields).map(([name, value]) => {
    const isShort = name.endsWith("Id") && typeof value === "string" && value.length === 15 && isSalesforceId(value);
    return [name, isShort ? longId(value) : value] as const;
  });
  return { object, id: isSalesforceId(id) ? longId(id) : id, fields: Object.fromEntries(entries) };
}

function itemOf(dedupeKey: string, said: Notice): InboundItem {
  const notice = withLongIds(said);
  if (dedupeKey.length > 200) throw new UnreadableBody("its id is too long");
  const at = timeOf(notice);
  return { dedupeKey, occurredAt: at === null ? null : new Date(at), body: JSON.stringify(notice) };
}
