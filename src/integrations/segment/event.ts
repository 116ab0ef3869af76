import { z } from "zod";

/** What is not as it should be is as if it were not there, and costs nothing else of its event. */
function orNull<T extends z.ZodType>(schema: T) {
  return schema
    .nullish()
    .transform((value) => value ?? null)
    .catch(null);
}

const label = z.string().min(1).max(200);
/** Ids are often numbers. */
const id = orNull(z.union([label, z.number().transform(String)]));
const moment = orNull(z.iso.datetime({ offset: true }));
const object = orNull(z.record(z.string(), z.unknown()));

/** One event as the SDKs send it. Everything but its type may be missing, and unknown fields are ignored. */
const eventSchema = z.looseObject({
  type: z.enum(["identify", "group", "track", "page", "screen", "alias"]),
  messageId: id,
  userId: id,
  anonymousId: id,
  groupId: id,
  event: orNull(label),
  name: orNull(label),
  /** As the sender's clock had it. */
  timestamp: moment,
  /** The same, where somebody between us and the sender has corrected `timestamp`. */
  originalTimestamp: moment,
  /** When somebody between us and the sender received it. */
  receivedAt: moment,
  context: orNull(z.looseObject({ groupId: id })),
  traits: object,
  properties: object,
});
export type TrackedEvent = z.infer<typeof eventSchema>;

/** An event; null when it is none that the protocol knows. */
export function parseEvent(raw: unknown): TrackedEvent | null {
  return eventSchema.safeParse(raw).data ?? null;
}

/** When the body of an event came and, by the sender's clock, was sent. */
interface Arrival {
  readonly receivedAt: Date;
  readonly sentAt: Date | null;
}

/** Less than this is the way through the network; a retry must give an event the same time as before. */
const tolerableSkewMs = 60_000;
const mostFutureMs = 3_600_000;
const mostPastMs = 400 * 86_400_000;

/**
 * When an event happened, in milliseconds: by its sender's clock, set right by what the clock said when it was sent, as Segment does.
 * What comes from Segment itself is right already. A time that cannot be is a fault.
 */
export function timeOf(event: TrackedEvent, { receivedAt, sentAt }: Arrival): number | { readonly fault: string } {
  const isCorrected = event.receivedAt !== null && event.timestamp !== null;
  const text = isCorrected ? event.timestamp : (event.originalTimestamp ?? event.timestamp);
  const came = receivedAt.getTime();
  if (text === null) return came;
  const skew = isCorrected || sentAt === null ? 0 : came - sentAt.getTime();
  const at = Date.parse(text) + (Math.abs(skew) > tolerableSkewMs ? skew : 0);
  if (at > came + mostFutureMs) return { fault: "its time lies in the future" };
  if (at < came - mostPastMs) return { fault: "it is more than 400 days old" };
  return at;
}
