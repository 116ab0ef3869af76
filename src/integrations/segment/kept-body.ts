import { createHash } from "node:crypto";
import { z } from "zod";
import { type InboundItem, UnreadableBody } from "../hook-port.ts";
import { TooLargeEvent, type TrackedBody, type TrackingCall, trackingCalls } from "../tracking-port.ts";

/** As Segment has it, for each event. */
const mostEventBytes = 32 * 1024;
const mostEvents = 10_000;

const batchSchema = z.looseObject({ batch: z.array(z.unknown()).max(mostEvents) });
const momentSchema = z.iso.datetime({ offset: true });

/** What stands in the inbox: the body as it came, and when. */
const keptSchema = z.strictObject({
  receivedAt: z.iso.datetime(),
  call: z.enum(trackingCalls),
  body: z.unknown(),
});

/** The events of a body. */
export interface KeptEvents {
  readonly receivedAt: Date;
  /** By the sender's clock. */
  readonly sentAt: Date | null;
  readonly events: readonly unknown[];
}

/** A body as one item: known again by the ids of its messages, whatever else of a delivery differs. Throws `UnreadableBody`, or `TooLargeEvent`. */
export function keepBody(call: TrackingCall, { text, value }: TrackedBody, receivedAt: Date): InboundItem {
  const events = eventsOf(call, value);
  refuseLarge(events, Buffer.byteLength(text));
  const ids = events.map((event) => messageIdOf(event, receivedAt)).join("\n");
  const head = JSON.stringify({ receivedAt: receivedAt.toISOString(), call });
  // The text itself: to write a large body anew costs more than everything else that happens to it here.
  return {
    dedupeKey: createHash("sha256").update(ids).digest("hex"),
    occurredAt: sentAtOf(value),
    body: `${head.slice(0, -1)},"body":${text}}`,
  };
}

/** What `keepBody` has kept. */
export function readKept(kept: string): KeptEvents {
  const { receivedAt, call, body } = keptSchema.parse(JSON.parse(kept));
  return { receivedAt: new Date(receivedAt), sentAt: sentAtOf(body), events: eventsOf(call, body) };
}

/**
 * By what a message is known again. One without an id is known by its content; without a time of its own either, it is another one each
 * time it comes, as with Segment.
 */
export function messageIdOf(event: unknown, receivedAt: Date): string {
  const { messageId, timestamp } = typeof event === "object" && event !== null ? fieldsOf(event) : fieldsOf({});
  if (typeof messageId === "string" && messageId !== "" && messageId.length <= longestId) return messageId;
  const when = timestamp === undefined ? receivedAt.toISOString() : "";
  return createHash("sha256")
    .update(`${when}${JSON.stringify(event)}`)
    .digest("hex");
}

const longestId = 200;

function fieldsOf(event: { readonly messageId?: unknown; readonly timestamp?: unknown }) {
  return event;
}

function eventsOf(call: TrackingCall, body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new UnreadableBody("An object was expected.");
  }
  if (call !== "batch") return [{ ...body, type: call }];
  const parsed = batchSchema.safeParse(body);
  if (parsed.success) return parsed.data.batch;
  throw new UnreadableBody(`An object with a list "batch" of at most ${mostEvents} events was expected.`);
}

function sentAtOf(body: unknown): Date | null {
  const sentAt = typeof body === "object" && body !== null && "sentAt" in body ? body.sentAt : null;
  const parsed = momentSchema.safeParse(sentAt);
  return parsed.success ? new Date(parsed.data) : null;
}

/** Measures events only as long as one that is too large may be among those that are left. */
function refuseLarge(events: readonly unknown[], bodyBytes: number): void {
  let left = bodyBytes;
  for (const event of events) {
    if (left <= mostEventBytes) return;
    const bytes = Buffer.byteLength(JSON.stringify(event));
    if (bytes > mostEventBytes) throw new TooLargeEvent("An event is larger than 32 KB.");
    left -= bytes;
  }
}
