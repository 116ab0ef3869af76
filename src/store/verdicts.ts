import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

export const verdictWords = ["useful", "noise", "wrong"] as const;
/** What a person thinks of an alert: it helped, it was not worth the interruption, or it was not so. */
export type VerdictWord = (typeof verdictWords)[number];

/** What one person thinks of the run an action belongs to. */
export interface Verdict {
  readonly author: string;
  readonly verdict: VerdictWord;
  readonly note: string | null;
  readonly at: Date;
}

/** How the alerts of one playbook are thought of. */
export interface VerdictCount {
  readonly playbook: string;
  readonly useful: number;
  readonly noise: number;
  readonly wrong: number;
}

/** The run behind an action, with its account; null when there is no such action. */
export async function findRunOfAction(
  tx: Tx,
  actionId: number,
): Promise<{ runId: number; accountId: number; account: string; playbook: string } | null> {
  const row = await tx
    .selectFrom("actions as n")
    .innerJoin("runs as r", "r.id", "n.runId")
    .innerJoin("accounts as a", "a.id", "r.accountId")
    .select(["n.runId", "r.accountId", "a.key as account", "r.playbookId as playbook"])
    .$narrowType<{ runId: number }>()
    .where("n.id", "=", actionId)
    .executeTakeFirst();
  return row ?? null;
}

/** Keeps what a person thinks of a run; a second thought takes the place of the first. */
export async function storeVerdict(tx: Tx, runId: number, verdict: Verdict): Promise<void> {
  const { author, ...thought } = verdict;
  await tx
    .insertInto("verdicts")
    .values({ runId, author, ...thought })
    .onConflict((conflict) => conflict.columns(["runId", "author"]).doUpdateSet(thought))
    .execute();
}

/** What people think of the run behind an action, in the order in which they said so. */
export async function readVerdicts(db: Db, actionId: number): Promise<readonly Verdict[]> {
  return await db
    .selectFrom("actions as n")
    .innerJoin("verdicts as v", "v.runId", "n.runId")
    .select(["v.author", "v.verdict", "v.note", "v.at"])
    .where("n.id", "=", actionId)
    .orderBy("v.at")
    .orderBy("v.author")
    .execute();
}

/** Verdicts by playbook, in order of their ids. */
export async function countVerdicts(db: Db): Promise<readonly VerdictCount[]> {
  const { rows } = await sql<VerdictCount>`
    select r.playbook_id as playbook,
      count(*) filter (where v.verdict = 'useful')::integer as useful,
      count(*) filter (where v.verdict = 'noise')::integer as noise,
      count(*) filter (where v.verdict = 'wrong')::integer as wrong
    from verdicts v
    join runs r on r.id = v.run_id
    group by r.playbook_id
    order by r.playbook_id`.execute(db);
  return rows;
}
