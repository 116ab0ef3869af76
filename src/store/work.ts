import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** An account whose turn it is to be scored; its row stays locked until the transaction ends. */
export interface ScoreClaim {
  readonly accountId: number;
  readonly key: string;
  /** What `markScored` compares: records that arrive meanwhile raise it, and the account stays due. */
  readonly dirtySeq: number;
  /** Null for an account that stands alone or on top. */
  readonly parentId: number | null;
}

/** Which part of the accounts that are due to claim. */
export interface ScoreRound {
  readonly afterId: number;
  readonly limit: number;
  /** False where no account has a parent: nobody waits for anybody then. */
  readonly hasFamilies: boolean;
  /** Only accounts that have children. */
  readonly parentsOnly: boolean;
}

/**
 * Locks the next accounts that are due to be scored, in id order after `afterId`, skipping those another process holds. A parent is
 * passed over while an account below it, at any depth, is due or has news for its parent; one that was put aside after a failure is
 * not waited for.
 */
export async function claimDueScores(tx: Tx, round: ScoreRound, now: Date): Promise<ScoreClaim[]> {
  // The lanes share out the processors; helpers of the server, started anew for each batch, would cost more than they do.
  await sql`set local max_parallel_workers_per_gather = 0`.execute(tx);
  const { rows } = await sql<ScoreClaim>`
    select w.account_id, a.key, w.dirty_seq, a.parent_id
    from account_work w
    join accounts a on a.id = w.account_id
    where w.account_id > ${round.afterId}
      and a.archived_at is null
      and (w.dirty_seq > w.scored_seq or w.next_score_at <= ${now})
      and (w.retry_at is null or w.retry_at <= ${now})
      ${round.parentsOnly ? sql`and exists (select from accounts c where c.parent_id = w.account_id)` : sql``}
      ${round.hasFamilies ? sql`and not ${isDueBelow(now)}` : sql``}
    order by w.account_id
    limit ${round.limit}
    for update of w skip locked`.execute(tx);
  return rows;
}

function isDueBelow(now: Date) {
  return sql`exists (
    with recursive below as (
      select c.id from accounts c where c.parent_id = w.account_id and c.archived_at is null
      union
      select c.id from accounts c join below on c.parent_id = below.id and c.archived_at is null
    )
    select from below join account_work d on d.account_id = below.id
    where (d.dirty_seq > d.scored_seq or d.next_score_at <= ${now} or d.rolls_up)
      and (d.retry_at is null or d.retry_at <= ${now})
  )`;
}

/** True when some account has a parent. */
export async function hasFamilies(db: Db): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from accounts where parent_id is not null) as has`.execute(db);
  return rows[0]?.has === true;
}

/**
 * Makes parents due whose children have news, and answers how many. Neither waits for a row that another process holds: a parent that is
 * held is told in a later round.
 */
export async function raiseParents(db: Db): Promise<number> {
  const { rows } = await sql<{ raised: number }>`
    with parents as (
      select w.account_id from account_work w
      where w.account_id in (
        select a.parent_id from account_work c join accounts a on a.id = c.account_id where c.rolls_up
      )
      order by w.account_id
      for update of w skip locked
    ), children as (
      select c.account_id from account_work c join accounts a on a.id = c.account_id
      where c.rolls_up and (a.parent_id is null or a.parent_id in (select account_id from parents))
      for update of c skip locked
    ), updated as (
      update account_work
      set dirty_seq = dirty_seq + (account_id in (select account_id from parents))::integer,
          -- What documents moved below moves a parent no less quietly.
          quiet_seq = case
            when account_id in (select account_id from parents) and quiet_seq = dirty_seq then quiet_seq + 1
            else quiet_seq
          end,
          rolls_up = rolls_up and account_id not in (select account_id from children)
      where account_id in (select account_id from parents union select account_id from children)
    )
    select count(*)::integer as raised from parents`.execute(db);
  return rows[0]?.raised ?? 0;
}

/** An account that was scored. */
export interface ScoredAccount {
  readonly accountId: number;
  readonly dirtySeq: number;
  /** Milliseconds since 1970. */
  readonly nextScoreAt: number;
  /** True when its parent must hear of it. */
  readonly rollsUp: boolean;
}

/** Settles scored accounts: they are due again when a record arrives or at `nextScoreAt`. Respond is told by `facts_seq`. */
export async function markScored(tx: Tx, scored: readonly ScoredAccount[]): Promise<void> {
  await sql`
    update account_work w
    set scored_seq = s.dirty_seq,
        next_score_at = to_timestamp(s.next_score_at / 1000.0),
        facts_seq = w.facts_seq + 1,
        rolls_up = w.rolls_up or s.rolls_up,
        failures = 0, last_error = null, failed_at = null, retry_at = null
    from unnest(
      ${scored.map((s) => s.accountId)}::bigint[],
      ${scored.map((s) => s.dirtySeq)}::bigint[],
      ${scored.map((s) => s.nextScoreAt)}::float8[],
      ${scored.map((s) => s.rollsUp)}::boolean[]
    ) as s (account_id, dirty_seq, next_score_at, rolls_up)
    where w.account_id = s.account_id`.execute(tx);
}

/** An account with new facts, or with a trigger state or run whose time has come. Locked until the transaction ends. */
export interface RespondClaim {
  readonly accountId: number;
  readonly factsSeq: number;
  /** Only an edit of documents has moved it: playbooks take what they find as it is. */
  readonly isQuiet: boolean;
}

/**
 * Locks the next accounts that playbooks must look at, in id order after `afterId`. Only accounts that were scored count; those that documents
 * have moved wait for the score by the new ones.
 */
export async function claimDueResponses(tx: Tx, afterId: number, limit: number, now: Date): Promise<RespondClaim[]> {
  const { rows } = await sql<RespondClaim>`
    select w.account_id, w.facts_seq, w.quiet_seq is not null and w.quiet_seq = w.scored_seq as is_quiet
    from account_work w
    join accounts a on a.id = w.account_id and a.archived_at is null
    where w.account_id > ${afterId}
      and w.facts_seq > 0
      and (w.quiet_seq is null or w.quiet_seq <= w.scored_seq)
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
    set responded_seq = r.facts_seq, next_respond_at = to_timestamp(r.next_respond_at / 1000.0), quiet_seq = null
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
    .where("accounts.archivedAt", "is", null)
    .orderBy("accountWork.failedAt", "desc")
    .limit(20)
    .execute();
}
