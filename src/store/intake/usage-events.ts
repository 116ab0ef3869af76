import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { UsageInput } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import type { PlacedUsage, Rejection, Written } from "./known-input.ts";
import { addToDays, nameIdOf, type UsageDay } from "./usage-days.ts";
import { writeUsers } from "./usage-users.ts";

/** One raw event, as it is remembered to be counted once. */
interface UsageEvent extends UsageDay {
  readonly key: string;
}

/**
 * Counts usage events, each once: an event is known by its id, or by its content where it has none. An id that comes again with other
 * content is rejected, because nobody can say which of the two is true.
 */
export async function writeEvents(
  tx: Tx,
  inputs: readonly PlacedUsage[],
  nameIds: ReadonlyMap<string, number>,
): Promise<Written> {
  if (inputs.length === 0) return { written: 0, unchanged: 0, rejected: [], accountIds: new Set() };
  const events = inputs.map((placed) => eventOf(placed, nameIds));
  const known = await readKnown(
    tx,
    events.map((event) => event.key),
  );
  const fresh: UsageEvent[] = [];
  const taken: PlacedUsage[] = [];
  const rejected: Rejection[] = [];
  for (const [position, event] of events.entries()) {
    const placed = inputs[position];
    const earlier = known.get(event.key);
    if (placed === undefined) continue;
    if (earlier !== undefined && !isSame(earlier, event)) {
      rejected.push(rejectionOf(placed));
      continue;
    }
    taken.push(placed);
    if (earlier !== undefined) continue;
    known.set(event.key, event);
    fresh.push(event);
  }
  await insertEvents(tx, fresh);
  const { accountIds } = await addToDays(tx, totalsOf(fresh));
  // Also of events met before: they may have come without a user.
  const learned = await writeUsers(tx, taken, nameIds);
  return {
    written: fresh.length,
    unchanged: inputs.length - fresh.length - rejected.length,
    rejected,
    accountIds: new Set([...accountIds, ...learned]),
  };
}

function eventOf(placed: PlacedUsage, nameIds: ReadonlyMap<string, number>): UsageEvent {
  const { accountId, input, recordedAt, backfilled } = placed;
  const { day, value } = input;
  const nameId = nameIdOf(nameIds, input.name);
  return { key: keyOf(placed), accountId, nameId, day, value, recordedAt, backfilled };
}

function keyOf({ accountId, source, input }: PlacedUsage): string {
  const named: unknown[] = input.id === undefined ? contentOf(accountId, input) : [input.id];
  return createHash("md5")
    .update(JSON.stringify([source, ...named]))
    .digest("hex");
}

function contentOf(accountId: number, input: UsageInput): unknown[] {
  const content = [accountId, input.name, input.day, input.value];
  return input.user === undefined ? content : [...content, input.user];
}

type Content = Pick<UsageEvent, "accountId" | "nameId" | "day" | "value">;

async function readKnown(tx: Tx, keys: readonly string[]): Promise<Map<string, Content>> {
  const { rows } = await sql<Content & { key: string }>`
    select replace(e.key::text, '-', '') as key, e.account_id, e.name_id, e.day, e.value
    from usage_events e where e.key = any(${keys}::uuid[])`.execute(tx);
  return new Map(rows.map((row) => [row.key, row]));
}

function isSame(one: Content, other: Content): boolean {
  return (
    one.accountId === other.accountId &&
    one.nameId === other.nameId &&
    one.day === other.day &&
    one.value === other.value
  );
}

function rejectionOf({ index, input }: PlacedUsage): Rejection {
  return {
    index,
    reason: `usage event ${input.id} was met before with other content`,
    cause: "a usage event was met before with other content",
  };
}

async function insertEvents(tx: Tx, events: readonly UsageEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql`
    insert into usage_events (account_id, key, name_id, day, value, recorded_at, backfilled)
    select * from unnest(
      ${events.map((event) => event.accountId)}::bigint[], ${events.map((event) => event.key)}::uuid[],
      ${events.map((event) => event.nameId)}::integer[], ${events.map((event) => event.day)}::date[],
      ${events.map((event) => event.value)}::float8[],
      ${events.map((event) => new Date(event.recordedAt))}::timestamptz[],
      ${events.map((event) => event.backfilled)}::boolean[]
    )`.execute(tx);
}

/** What the events add to each day, one entry per day. */
function totalsOf(events: readonly UsageEvent[]): UsageDay[] {
  const totals = new Map<string, UsageDay>();
  for (const { key: _, ...event } of events) {
    const name = `${event.accountId} ${event.nameId} ${event.day}`;
    const total = totals.get(name);
    if (total === undefined) totals.set(name, event);
    else {
      totals.set(name, {
        ...event,
        value: total.value + event.value,
        recordedAt: Math.max(total.recordedAt, event.recordedAt),
        backfilled: total.backfilled && event.backfilled,
      });
    }
  }
  return [...totals.values()];
}
