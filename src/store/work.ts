import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** An account whose turn it is to be scored; its row stays locked until the transaction ends. */
export interface ScoreClaim {
  readonly accountId: number;
  readonly key: string;
  /** What `markScored` compares: records that arrive meanwhile raise it, and the account stays due. */
  readonly dirtySeq: number;
}

/** Locks the next accounts that are due to be scored, in id order after `afterId`, skipping those another process holds. */
export async function claimDueScores(tx: Tx, afterId: number, limit: number, now: Date): Promise<ScoreClaim[]> {
  // The lanes share out the processors; helpers of the server, started anew for each batch, would cost more than they do.
  await sql`set local max_parallel_workers_per_gather = 0`.execute(tx);
  const { rows } = await sql<ScoreClaim>`
    select w.account_id, a.key, w.dirty_seq
    from account_work w
    join accounts a on a.id = w.account_id
    where w.account_id > ${afterId}
      and (w.dirty_seq > w.scored_seq or w.next_score_at <= ${now})
      and (w.retry_at is null or w.retry_at <= ${now})
    order by w.account_id
    limit ${limit}
    for update of w skip locked`.execute(tx);
  return rows;
}

/** Settles scored accounts: they are due again when a record arrives or at `nextScoreAt`. Respond is told by `facts_seq`. */
export async function markScored(
  tx: Tx,
  scored: readonly { readonly accountId: number; readonly dirtySeq: number; readonly nextScoreAt: number }[],
): Promise<void> {
  await sql`
    update account_work w
    set scored_seq = s.dirty_seq,
        next_score_at = to_timestamp(s.next_score_at / 1000.0),
        facts_seq = w.facts_seq + 1,
        failures = 0, last_error = null, failed_at = null, retry_at = null
    from unnest(
      ${scored.map((s) => s.accountId)}::bigint[],
      ${scored.map((s) => s.dirtySeq)}::bigint[],
      ${scored.map((s) => s.nextScoreAt)}::float8[]
    ) as s (account_id, dirty_seq, next_score_at)
    where w.account_id = s.account_id`.execute(tx);
}

/** An account with new facts, or with a trigger state or run whose time has come. Locked until the transaction ends. */
export interface RespondClaim {
  readonly accountId: number;
  readonly factsSeq: number;
}

/** Locks the next accounts that playbooks must look at, in id order after `afterId`. Only accounts that were scored count. */
export async function claimDueResponses(tx: Tx, afterId: number, limit: number, now: Date): Promise<RespondClaim[]> {
  const { rows } = await sql<RespondClaim>`
    select w.account_id, w.facts_seq
    from account_work w
    where w.account_id > ${afterId}
      and w.facts_seq > 0
      and (w.facts_seq > w.responded_seq or w.next_respond_at <= ${now})
      and (w.retry_at is null or w.retry_at <= ${now})
    order by w.account_id
    limit ${limit}
    for update of w skip locked`.execute(tx);
  return rows;
}

/** Settles accounts that playbooks have looked at. */
export async function markResponded(
  tx: Tx,
  responded: readonly {
    readonly accountId: number;
    readonly factsSeq: number;
    readonly nextRespondAt: number | null;
  }[],
): Promise<void> {
  await sql`
    update account_work w
    set responded_seq = r.facts_seq, next_respond_at = to_timestamp(r.next_respond_at / 1000.0)
    from unnest(
      ${responded.map((r) => r.accountId)}::bigint[],
      ${responded.map((r) => r.factsSeq)}::bigint[],
      ${responded.map((r) => r.nextRespondAt)}::float8[]
    ) as r (account_id, facts_seq, next_respond_at)
    where w.account_id = r.account_id`.execute(tx);
}

/** Longest pause of a failing account, in minutes. */
const longestPauseMinutes = 60;

/** Puts a failing account aside for 1, 2, 4 … up to 60 minutes, so that it never blocks the others; `doctor` shows it. */
export async function markFailed(db: Db, accountId: number, reason: string, now: Date): Promise<void> {
  await sql`
    update account_work
    set failures = failures + 1, last_error = ${reason.slice(0, 1000)}, failed_at = ${now},
        retry_at = ${now}::timestamptz + least(power(2, least(failures, 10)), ${longestPauseMinutes}) * interval '1 minute'
    where account_id = ${accountId}`.execute(db);
}

export interface FailingAccount {
  readonly key: string;
  readonly failures: number;
  readonly lastError: string | null;
  readonly failedAt: Date | null;
}

/** Accounts that are put aside, the latest first. */
export async function readFailingAccounts(db: Db): Promise<FailingAccount[]> {
  return db
    .selectFrom("accountWork")
    .innerJoin("accounts", "accounts.id", "accountWork.accountId")
    .select(["accounts.key", "accountWork.failures", "accountWork.lastError", "accountWork.failedAt"])
    .where("accountWork.failures", ">", 0)
    .orderBy("accountWork.failedAt", "desc")
    .limit(20)
    .execute();
}
