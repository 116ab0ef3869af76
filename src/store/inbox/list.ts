import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";

/** How much waits to be applied. */
export interface InboxBacklog {
  readonly inboxPending: number;
  /** 0 when nothing waits. */
  readonly inboxOldestSeconds: number;
}

/** Counts what waits in the inbox. */
export async function readInboxBacklog(db: Db): Promise<InboxBacklog> {
  const { rows } = await sql<InboxBacklog>`
    select count(*)::integer as inbox_pending,
      coalesce(extract(epoch from now() - min(received_at)), 0)::float8 as inbox_oldest_seconds
    from inbox where state = 'pending'`.execute(db);
  const [backlog] = rows;
  if (backlog === undefined) throw new Error("The database gave no counts of the inbox.");
  return backlog;
}

export const inboxStates = ["pending", "done", "ignored", "failed"] as const;
export type InboxState = (typeof inboxStates)[number];

/** A kept item in a list. */
export interface InboxSummary {
  readonly id: number;
  readonly source: string;
  readonly state: InboxState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly receivedAt: Date;
  readonly occurredAt: Date | null;
  readonly dueAt: Date;
  readonly settledAt: Date | null;
}

/** A kept item with what came. */
export interface InboxDetail extends InboxSummary {
  readonly dedupeKey: string;
  readonly body: string;
}

const summaryColumns = [
  "id",
  "source",
  "state",
  "reason",
  "attempts",
  "receivedAt",
  "occurredAt",
  "dueAt",
  "settledAt",
] as const;

/** Kept items, newest first. */
export async function listInbox(
  db: Db,
  filter: { readonly state?: InboxState; readonly source?: string; readonly limit: number },
): Promise<InboxSummary[]> {
  let query = db.selectFrom("inbox").select(summaryColumns).orderBy("id", "desc").limit(filter.limit);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.source !== undefined) query = query.where("source", "=", filter.source);
  return query.execute();
}

/** One kept item; null when there is none. */
export async function readInboxItem(db: Db, id: number): Promise<InboxDetail | null> {
  const columns = [...summaryColumns, "dedupeKey", "body"] as const;
  const row = await db.selectFrom("inbox").select(columns).where("id", "=", id).executeTakeFirst();
  return row ?? null;
}

/** What was asked to be tried again: some items, or all that have failed. */
export type RetryWish = { readonly ids: readonly number[] } | { readonly failedOf: string | null };

/** Makes items due at once, with all their attempts before them, and answers their ids. What is done stays done. */
export async function retryInbox(db: Db | Tx, wish: RetryWish): Promise<number[]> {
  const chosen =
    "ids" in wish
      ? sql`id = any(${wish.ids}::bigint[]) and state <> 'done'`
      : sql`state = 'failed' and (${wish.failedOf}::text is null or source = ${wish.failedOf})`;
  const { rows } = await sql<{ id: number }>`
    update inbox set state = 'pending', due_at = now(), attempts = 0, reason = null, settled_at = null
    where ${chosen} returning id`.execute(db);
  return rows.map(({ id }) => id).sort((one, other) => one - other);
}
