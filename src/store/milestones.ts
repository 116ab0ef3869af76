import { sql } from "kysely";
import type { Instant } from "../scoring/history.ts";
import { idArray } from "./arrays.ts";
import type { Db, Tx } from "./db.ts";

/** A milestone that an account has reached. */
export interface ReachedMilestone {
  readonly accountId: number;
  readonly milestoneId: string;
  readonly reachedAt: Instant;
  readonly by: "condition" | "event" | "hand";
}

/**
 * Keeps that milestones were reached, and answers those that were not known yet, in no order. Each is new once per account for ever:
 * also when a person took it back meanwhile, and whichever of two workers was first.
 */
export async function recordMilestones(
  tx: Tx,
  rows: readonly ReachedMilestone[],
  now: Date,
): Promise<readonly ReachedMilestone[]> {
  if (rows.length === 0) return [];
  const { rows: fresh } = await sql<{ accountId: number; milestoneId: string }>`
    insert into milestones_reached (account_id, milestone_id, reached_at, recorded_at, by)
    select account_id, milestone_id, reached_at, ${now}, by from unnest(
      ${idArray(rows.map((row) => row.accountId))}::bigint[],
      ${rows.map((row) => row.milestoneId)}::text[],
      ${rows.map((row) => new Date(row.reachedAt).toISOString())}::timestamptz[],
      ${rows.map((row) => row.by)}::text[]
    ) as r (account_id, milestone_id, reached_at, by)
    -- In one order for all workers, so that none waits for another in a ring.
    order by account_id, milestone_id
    on conflict (account_id, milestone_id) do nothing
    returning account_id, milestone_id`.execute(tx);
  const known = new Set(fresh.map(({ accountId, milestoneId }) => `${accountId} ${milestoneId}`));
  return rows.filter((row) => known.has(`${row.accountId} ${row.milestoneId}`));
}

/** A change of an account's stage, as it was noted when the account was scored. */
export interface StageChange {
  readonly at: Date;
  readonly from: string | null;
  readonly to: string | null;
}

/** Every change of an account's stage, the oldest first. */
export async function readStageChanges(db: Db | Tx, accountId: number): Promise<readonly StageChange[]> {
  const { rows } = await sql<StageChange>`
    select at, data ->> 'from' as "from", data ->> 'to' as "to" from changes
    where account_id = ${accountId} and kind = 'stage'
    order by at, id`.execute(db);
  return rows;
}
