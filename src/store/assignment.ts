import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** A step whose tasks go round. */
export interface TurnKey {
  readonly playbookId: string;
  readonly stepId: string;
}

/** How often it has gone on. */
export interface Turns extends TurnKey {
  readonly turns: number;
}

// Any number that no other program picks.
const lock = 7_310_579_460_031;

/** Keeps those apart who look whose turn it is and who has least to do; held to the end of the transaction. */
export async function lockAssignments(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
}

/** How many open tasks each of these owners has; those without any are left out. */
export async function countOpenTasks(tx: Tx, ownerIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ assignee: string; tasks: number }>`
    select assignee, count(*)::integer as tasks from tasks
    where state = 'open' and assignee = any(${ownerIds}::text[])
    group by assignee`.execute(tx);
  return new Map(rows.map(({ assignee, tasks }) => [assignee, tasks]));
}

/** Whose turn it is in each step of these playbooks; steps that never went round are left out. */
export async function readTurns(tx: Tx, playbookIds: readonly string[]): Promise<Turns[]> {
  if (playbookIds.length === 0) return [];
  return tx.selectFrom("assignmentTurns").selectAll().where("playbookId", "in", playbookIds).execute();
}

/** Notes whose turn is next. */
export async function writeTurns(tx: Tx, { playbookId, stepId, turns }: Turns): Promise<void> {
  await tx
    .insertInto("assignmentTurns")
    .values({ playbookId, stepId, turns })
    .onConflict((conflict) => conflict.columns(["playbookId", "stepId"]).doUpdateSet({ turns }))
    .execute();
}
