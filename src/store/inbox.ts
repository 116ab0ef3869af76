import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** One verified thing of a delivery, as it is kept. */
export interface NewInboxItem {
  readonly source: string;
  /** Unique in the source: a second item under it is the same thing again, and is not kept. */
  readonly dedupeKey: string;
  readonly occurredAt: Date | null;
  readonly body: string;
}

/** The longest that stands as it is; a longer one is kept as its hash. */
const longestKey = 200;

/** A key as the table can hold it: of one that is too long, or holds what no text column takes, the hash. */
function storableKey(key: string): string {
  const isPlain = key.length <= longestKey && !/[\p{Cc}\p{Cs}]/u.test(key);
  return isPlain ? key : `sha256:${createHash("sha256").update(key, "utf8").digest("hex")}`;
}

/** Years that PostgreSQL, JavaScript and people can all write. */
function storableMoment(at: Date | null): Date | null {
  const year = at?.getUTCFullYear() ?? Number.NaN;
  return year >= 1 && year <= 9999 ? at : null;
}

/**
 * Keeps items in one statement: once it returns they are on disk. Answers for each whether it is new; one that came before, or twice at
 * once, is not. No item holds a NUL: whoever takes a body refuses that.
 */
export async function storeItems(db: Db | Tx, items: readonly NewInboxItem[]): Promise<readonly boolean[]> {
  if (items.length === 0) return [];
  const rows = items.map(({ source, dedupeKey, occurredAt, body }) => ({
    ...{ source, body },
    dedupeKey: storableKey(dedupeKey),
    occurredAt: storableMoment(occurredAt),
  }));
  const stored = await db
    .insertInto("inbox")
    .values(rows)
    .onConflict((conflict) => conflict.columns(["source", "dedupeKey"]).doNothing())
    .returning(["source", "dedupeKey"])
    .execute();
  const news = new Set(stored.map(({ source, dedupeKey }) => `${source} ${dedupeKey}`));
  // Of two that are the same the first is the new one.
  return rows.map(({ source, dedupeKey }) => news.delete(`${source} ${dedupeKey}`));
}

/** A kept item whose turn it is. */
export interface PendingItem {
  readonly id: number;
  readonly source: string;
  readonly body: string;
  /** How often it was tried, this time included. */
  readonly attempts: number;
}

/** The reason of an item from its claim to its settlement: one that is due with it was left by a process that died. */
const underWay = "being applied";

/** How much is claimed at once at most; one item is, whatever its size. */
export interface ClaimLimit {
  readonly items: number;
  /** Of bodies. */
  readonly bytes: number;
}

/**
 * Claims the oldest items that are due, skipping those another process has; nobody else gets them until the lease has run out. The attempt
 * counts from now on, so that an item that kills its process runs out of attempts. One that may have done so is claimed alone, after all
 * others: it costs them nothing.
 */
export async function claimPendingItems(db: Db, limit: ClaimLimit, leaseSeconds: number): Promise<PendingItem[]> {
  const usual = await claim(db, sql`reason is distinct from ${underWay}`, limit, leaseSeconds);
  return usual.length > 0 ? usual : claim(db, sql`reason = ${underWay}`, { ...limit, items: 1 }, leaseSeconds);
}

async function claim(
  db: Db,
  which: RawBuilder<unknown>,
  limit: ClaimLimit,
  leaseSeconds: number,
): Promise<PendingItem[]> {
  const { rows } = await sql<PendingItem>`
    with due as (
      select id, octet_length(body) as bytes from inbox where state = 'pending' and due_at <= now() and ${which}
      order by id limit ${limit.items}
      for update skip locked
    ), summed as (
      select id, row_number() over oldest as place, sum(bytes) over oldest as bytes from due window oldest as (order by id)
    )
    update inbox set attempts = attempts + 1, reason = ${underWay}, due_at = now() + make_interval(secs => ${leaseSeconds})
    where id in (select id from summed where place = 1 or bytes <= ${limit.bytes})
    returning id, source, body, attempts`.execute(db);
  return rows.sort((one, other) => one.id - other.id);
}

/** What became of an item. */
export type InboxSettlement =
  | { readonly id: number; readonly state: "done" | "ignored" | "failed"; readonly reason: string | null }
  /** Tried again after so many milliseconds. `isFree`: this attempt does not count. */
  | {
      readonly id: number;
      readonly state: "pending";
      readonly reason: string;
      readonly retryInMs: number;
      readonly isFree?: boolean;
    };

const longestReason = 1000;

/** Settles items that are still pending; an operator may have done so meanwhile. In the transaction of what they brought. */
export async function settleItems(db: Db | Tx, settlements: readonly InboxSettlement[]): Promise<void> {
  if (settlements.length === 0) return;
  const retryInMs = (each: InboxSettlement) => (each.state === "pending" ? each.retryInMs : 0);
  await sql`
    update inbox i set state = s.state, reason = s.reason,
      attempts = i.attempts - s.free::integer,
      due_at = case when s.state = 'pending' then now() + make_interval(secs => s.retry_in_ms / 1000) else i.due_at end,
      settled_at = case when s.state = 'pending' then null else now() end
    from unnest(
      ${settlements.map(({ id }) => id)}::bigint[],
      ${settlements.map(({ state }) => state)}::text[],
      ${settlements.map(({ reason }) => reason?.slice(0, longestReason) ?? null)}::text[],
      ${settlements.map(retryInMs)}::float8[],
      ${settlements.map((each) => each.state === "pending" && each.isFree === true)}::boolean[]
    ) as s (id, state, reason, retry_in_ms, free)
    where i.id = s.id and i.state = 'pending'`.execute(db);
}
