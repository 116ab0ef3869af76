import { createHash } from "node:crypto";
import { z } from "zod";
import { type InboundItem, UnreadableBody } from "../hook-port.ts";
import { isSameSecret } from "../signatures.ts";
import { TooLargeEvent, type Tracking, type TrackingCall } from "../tracking-port.ts";
import type { KeptBody } from "./mapping.ts";

/** As Segment has it, for each event. */
const mostEventBytes = 32 * 1024;
const mostEvents = 10_000;

const batchSchema = z.looseObject({ batch: z.array(z.unknown()).max(mostEvents) });
const sentAtSchema = z.iso.datetime({ offset: true });

/** The door of a source for the products it tracks. */
export function openTracking(writeKeys: readonly string[]): Tracking {
  return {
    isOwnKey(presented) {
      let isOwn = false;
      for (const key of writeKeys) if (isSameSecret(key, presented)) isOwn = true;
      return isOwn;
    },
    keep: (call, body, receivedAt) => keepEvents(eventsOf(call, body), sentAtOf(body), receivedAt),
  };
}

/** Events as one item: known again by the ids of their messages, whatever else of a delivery differs. */
export function keepEvents(events: readonly unknown[], sentAt: string | null, receivedAt: Date): InboundItem {
  const ids = createHash("sha256");
  const texts = events.map((event) => {
    const kept = withId(event, receivedAt);
    const text = JSON.stringify(kept.event);
    // Cheaper than to measure each: a character has three bytes at most.
    if (text.length * 3 > mostEventBytes && Buffer.byteLength(text) > mostEventBytes) {
      throw new TooLargeEvent("An event is larger than 32 KB.");
    }
    ids.update(`${kept.id}\n`);
    return text;
  });
  const head = { receivedAt: receivedAt.toISOString(), sentAt } satisfies Omit<KeptBody, "events">;
  return {
    dedupeKey: ids.digest("hex"),
    occurredAt: sentAt === null ? null : new Date(sentAt),
    body: `${JSON.stringify(head).slice(0, -1)},"events":[${texts.join(",")}]}`,
  };
}

function eventsOf(call: TrackingCall, body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null) throw new UnreadableBody("An object was expected.");
  if (call !== "batch") return [{ ...body, type: call }];
  const parsed = batchSchema.safeParse(body);
  if (!parsed.success)
    throw new UnreadableBody(`An object with a list "batch" of at most ${mostEvents} events was expected.`);
  return parsed.data.batch;
}

function sentAtOf(body: unknown): string | null {
  const sentAt = typeof body === "object" && body !== null && "sentAt" in body ? body.sentAt : null;
  return sentAtSchema.safeParse(sentAt).data ?? null;
}

/**
 * An event without the key that came with it. One without a message id is known by its content; without a time of its own either, it is
 * another one each time it comes, as with Segment.
 */
function withId(event: unknown, receivedAt: Date): { readonly event: unknown; readonly id: string } {
  if (typeof event !== "object" || event === null || Array.isArray(event)) return { event: null, id: "" };
  const kept: Record<string, unknown> = { ...event };
  delete kept["writeKey"];
  const { messageId } = kept;
  if (typeof messageId === "string" && messageId !== "") return { event: kept, id: messageId };
  const when = kept["timestamp"] === undefined ? receivedAt.toISOString() : "";
  const id = createHash("sha256")
    .update(`${when}${JSON.stringify(kept)}`)
    .digest("hex");
  return { event: { ...kept, messageId: id }, id };
}
