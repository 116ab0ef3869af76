import { z } from "zod";
import { type Answer, SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import { type Completion, expandedOnce } from "./completion.ts";
import { type StripeApi, stripeRequest } from "./look-up.ts";
import { eventTypes } from "./mapping/event.ts";
import { eventSchema, listSchema } from "./mapping/shapes.ts";

/** What `map` takes of a snapshot. */
export const seenSchema = z.looseObject({
  object: z.unknown(),
  /** By Stripe's own clock, where it says. */
  at: z.string(),
  /** Everything is read for the first time. */
  history: z.boolean(),
});
export type Seen = z.infer<typeof seenSchema>;

const snapshotCursor = z.strictObject({
  after: z.string().nullable(),
  /** When the sweep began. */
  sweep: z.string(),
  history: z.boolean(),
});
type SnapshotCursor = z.infer<typeof snapshotCursor>;

/** What is read whole, and how it is asked for. */
export const snapshots = {
  customers: { path: "/v1/customers", query: [] },
  subscriptions: {
    path: "/v1/subscriptions",
    // Without a status the list leaves out what is canceled.
    query: [["status", "all"], ...expandedOnce.map((path) => ["expand[]", `data.${path}`] as const)],
  },
  invoices: { path: "/v1/invoices", query: [] },
} as const satisfies Record<string, { path: string; query: readonly (readonly [string, string])[] }>;
export type Snapshot = keyof typeof snapshots;

const pageSize = 100;

/** One page of everything there is, newest first. */
export async function pullSnapshot(
  { api, completion }: { readonly api: StripeApi; readonly completion: Completion },
  name: Snapshot,
  stored: unknown,
  context: PullContext,
): Promise<Page> {
  const cursor = openSnapshot(stored, context.now);
  const { path, query } = snapshots[name];
  const after = cursor.after === null ? [] : [["starting_after", cursor.after] as const];
  const request = stripeRequest(api, path, [["limit", String(pageSize)], ...query, ...after]);
  const answer = await beginAnew(context.call(request), cursor);
  if (answer === null) return { raw: [], cursor: { ...cursor, after: null }, done: false };
  const { data, has_more: hasMore } = readAnswer(answer, listSchema);
  const raw: Seen[] = [];
  for (const object of data) {
    const whole = name === "subscriptions" ? await completion.complete(object, context) : object;
    raw.push({ object: whole, at: seenAt(answer, context.now), history: cursor.history });
  }
  const last = data.at(-1);
  const common = { raw, backfilled: cursor.history, ...(name === "customers" && { sweep: cursor.sweep }) };
  if (hasMore && last !== undefined) return { ...common, cursor: { ...cursor, after: last.id }, done: false };
  const coveredThrough = lastWholeDay(context.zone, new Date(cursor.sweep));
  return { ...common, cursor: { after: null, sweep: "", history: false }, done: true, coveredThrough };
}

/** The next sweep, or the rest of the one under way. */
function openSnapshot(stored: unknown, now: Date): SnapshotCursor {
  if (stored === null || stored === undefined) return { after: null, sweep: now.toISOString(), history: true };
  const cursor = snapshotCursor.parse(stored);
  return cursor.sweep === "" ? { ...cursor, sweep: now.toISOString() } : cursor;
}

/** What the cursor points to may be deleted meanwhile. The engine would forget all and take everything for a history; a sweep only begins anew. */
async function beginAnew(call: Promise<Answer>, { after }: SnapshotCursor): Promise<Answer | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof SourceHalt && error.verdict.kind === "reset-cursor" && after !== null) return null;
    throw error;
  }
}

/** When Stripe answered, by its clock; not after now, so that what is seen counts at once. */
export function seenAt({ headers }: Answer, now: Date): string {
  const date = Date.parse(String(headers["date"] ?? ""));
  return new Date(Number.isNaN(date) ? now.getTime() : Math.min(date, now.getTime())).toISOString();
}

const eventsCursor = z.strictObject({
  /** Seconds: events from then on. */
  since: z.int(),
  /** The last event read, on the way back to `since`; null at the head. */
  after: z.string().nullable(),
  /** The newest event of the walk under way. */
  newest: z.int().nullable(),
});
type EventsCursor = z.infer<typeof eventsCursor>;

/** Stripe keeps them for 30 days. */
const keptSeconds = 30 * 86_400;
/** Events that show up late are looked for this far back; applying one twice changes nothing. */
const overlapSeconds = 600;

/** One page of what has happened. Stripe lists the newest first, so a walk leads back from the head to where the last one began. */
export async function pullEvents(
  { api, completion }: { readonly api: StripeApi; readonly completion: Completion },
  stored: unknown,
  context: PullContext,
): Promise<Page> {
  const cursor = openEvents(stored, context.now);
  const request = stripeRequest(api, "/v1/events", [
    ["limit", String(pageSize)],
    ["created[gte]", String(cursor.since)],
    ...eventTypes.map((type) => ["types[]", type] as const),
    ...(cursor.after === null ? [] : [["starting_after", cursor.after] as const]),
  ]);
  const { data, has_more: hasMore } = readAnswer(await context.call(request), listSchema);
  const raw: unknown[] = [];
  for (const event of data) raw.push(await completeEvent(event, completion, context));
  // Of two in one second the newer one comes last, and so stands.
  raw.reverse();
  const newest = cursor.newest ?? newestOf(data);
  const last = data.at(-1);
  if (hasMore && last !== undefined) return { raw, cursor: { ...cursor, newest, after: last.id }, done: false };
  const since = newest === null ? cursor.since : Math.max(cursor.since, newest - overlapSeconds);
  return {
    raw,
    cursor: { since, after: null, newest: null },
    done: true,
    coveredThrough: lastWholeDay(context.zone, context.now),
  };
}

function openEvents(stored: unknown, now: Date): EventsCursor {
  const oldest = Math.floor(now.getTime() / 1_000) - keptSeconds;
  if (stored === null || stored === undefined) return { since: oldest, after: null, newest: null };
  const cursor = eventsCursor.parse(stored);
  return cursor.after === null ? { ...cursor, since: Math.max(cursor.since, oldest) } : cursor;
}

function newestOf(events: readonly unknown[]): number | null {
  const created = events.flatMap((each) => eventSchema.safeParse(each).data?.created ?? []);
  return created.length === 0 ? null : Math.max(...created);
}

async function completeEvent(raw: unknown, completion: Completion, context: PullContext): Promise<unknown> {
  const event = eventSchema.safeParse(raw);
  if (!event.success || event.data.data.object.object !== "subscription") return raw;
  const object = await completion.complete(event.data.data.object, context);
  return { ...event.data, data: { ...event.data.data, object } };
}
