import { sql } from "kysely";
import type { BegunRun, SetFact } from "../../playbooks/guards/knowledge.ts";
import { idArray } from "../arrays.ts";
import type { Db, Tx } from "../db.ts";

/** The runs that have begun for accounts since then; those in which nothing is done do not count. */
export async function readBegunRuns(
  db: Db | Tx,
  accountIds: readonly number[],
  since: Date,
): Promise<readonly (BegunRun & { readonly accountId: number })[]> {
  const { rows } = await sql<Omit<BegunRun, "startedAt"> & { accountId: number; startedAt: Date }>`
    select account_id, playbook_id, priority, started_at from runs
    where account_id = any(${idArray(accountIds)}::bigint[]) and started_at > ${since} and state <> 'holdout'`.execute(
    db,
  );
  return rows.map((row) => ({ ...row, startedAt: row.startedAt.getTime() }));
}

/** The facts of accounts that steps of runs have set since then. */
export async function readSetFacts(
  db: Db | Tx,
  accountIds: readonly number[],
  since: Date,
): Promise<readonly (SetFact & { readonly accountId: number })[]> {
  const { rows } = await sql<SetFact & { accountId: number }>`
    select r.account_id, r.playbook_id, r.depth, r.chain, coalesce(a.message ->> 'field', 'stage') as fact
    from actions a join runs r on r.id = a.run_id
    where a.account_id = any(${idArray(accountIds)}::bigint[]) and a.kind in ('field', 'stage')
      and a.state <> 'skipped' and coalesce(a.settled_at, a.created_at) > ${since}`.execute(db);
  return rows;
}
