import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { RunState, Schema } from "./schema.ts";

/** A playbook at work for one episode of an account. Moments are milliseconds since 1970. */
export interface RunRow {
  readonly id: number;
  readonly accountId: number;
  readonly playbookId: string;
  readonly episode: number;
  /** The run of the episode that it is, from 1. */
  readonly round: number;
  /** `trigger`, or the step that called it: `call:<run>:<step>:<visit>`. */
  readonly cause: string;
  readonly revision: number;
  readonly state: RunState;
  readonly priority: "info" | "warning" | "escalation";
  /** How many runs stand behind it, and whose playbooks they were. */
  readonly depth: number;
  readonly chain: readonly string[];
  readonly stepId: string | null;
  readonly visit: number;
  /** The wait it stands in whose end is not settled; null: none. */
  readonly waitId: string | null;
  readonly dueAt: number | null;
  /** When it came to where it stands: when the wait began, or when the step it stands at was due first. */
  readonly arrivedAt: number | null;
  readonly reason: string;
  readonly startedAt: number;
  /** Who is told, where it counts against an alert budget. */
  readonly ownerId: string | null;
  readonly isAlert: boolean;
  readonly goalUntil: number | null;
  readonly goalReachedAt: number | null;
}

/** A run that begins: what is not given is as of a trigger's first run of an episode. */
export interface NewRun {
  readonly accountId: number;
  readonly playbookId: string;
  readonly episode: number;
  readonly round?: number;
  readonly cause?: string;
  readonly revision: number;
  readonly state?: "active" | "holdout";
  readonly priority?: RunRow["priority"];
  readonly depth?: number;
  readonly chain?: readonly string[];
  readonly stepId: string | null;
  readonly reason: string;
  readonly startedAt: number;
  /** When its first step was due, where that was before it could begin. */
  readonly arrivedAt?: number;
  readonly ownerId?: string | null;
  readonly isAlert?: boolean;
  readonly goalUntil?: number | null;
}

/** Starts a run, once per (playbook, account, episode, round, cause): null when there is one already. */
export async function startRun(tx: Tx, run: NewRun): Promise<RunRow | null> {
  const { round = 1, cause = "trigger", state = "active", priority = "warning", depth = 0, chain = [] } = run;
  const { arrivedAt = run.startedAt, ownerId = null, isAlert = false, goalUntil = null } = run;
  const whole = { ...run, round, cause, state, priority, depth, chain, arrivedAt, ownerId, isAlert, goalUntil };
  const row = await tx
    .insertInto("runs")
    .values({
      ...whole,
      chain: [...chain],
      startedAt: new Date(run.startedAt),
      arrivedAt: new Date(arrivedAt),
      goalUntil: goalUntil === null ? null : new Date(goalUntil),
      finishedAt: state === "holdout" ? new Date(run.startedAt) : null,
    })
    .onConflict((conflict) => conflict.columns(["playbookId", "accountId", "episode", "round", "cause"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) return null;
  return { ...whole, id: row.id, visit: 1, waitId: null, dueAt: null, goalReachedAt: null };
}

/** The runs under way of a batch of accounts, and those that ended and may still reach their goal. */
export async function readOpenRuns(db: Db | Tx, accountIds: readonly number[], now: Date): Promise<RunRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("accountId", "in", accountIds)
    .where((is) =>
      is.or([is("state", "=", "active"), is.and([is("goalUntil", ">=", now), is("goalReachedAt", "is", null)])]),
    )
    .orderBy("id")
    .execute();
  return rows.map(runOf);
}

/** The runs under way of some playbooks only. */
export async function readActiveRunsOf(
  db: Db | Tx,
  accountIds: readonly number[],
  playbookIds: readonly string[],
): Promise<RunRow[]> {
  if (accountIds.length === 0 || playbookIds.length === 0) return [];
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("accountId", "in", accountIds)
    .where("playbookId", "in", playbookIds)
    .where("state", "=", "active")
    .orderBy("id")
    .execute();
  return rows.map(runOf);
}

/** The newest run that an episode began and that was not held out; null where it began none. */
export async function readRunOfEpisode(
  tx: Tx,
  { accountId, playbookId, episode }: Pick<RunRow, "accountId" | "playbookId" | "episode">,
): Promise<RunRow | null> {
  const row = await tx
    .selectFrom("runs")
    .selectAll()
    .where("playbookId", "=", playbookId)
    .where("accountId", "=", accountId)
    .where("episode", "=", episode)
    .where("cause", "=", "trigger")
    .where("state", "<>", "holdout")
    .orderBy("round", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : runOf(row);
}

function runOf({ finishedAt: _finishedAt, ...row }: Selectable<Schema["runs"]>): RunRow {
  return {
    ...row,
    dueAt: row.dueAt?.getTime() ?? null,
    arrivedAt: row.arrivedAt?.getTime() ?? null,
    startedAt: row.startedAt.getTime(),
    goalUntil: row.goalUntil?.getTime() ?? null,
    goalReachedAt: row.goalReachedAt?.getTime() ?? null,
  };
}

/** Where a run goes on, or how it ended. */
export type RunProgress = Pick<
  RunRow,
  "id" | "revision" | "state" | "stepId" | "waitId" | "dueAt" | "arrivedAt" | "reason"
>;

/** Notes where a run stands. */
export async function writeRunProgress(tx: Tx, run: RunProgress, now: Date): Promise<void> {
  await tx
    .updateTable("runs")
    .set({
      revision: run.revision,
      state: run.state,
      stepId: run.stepId,
      waitId: run.waitId,
      dueAt: run.dueAt === null ? null : new Date(run.dueAt),
      arrivedAt: run.arrivedAt === null ? null : new Date(run.arrivedAt),
      reason: run.reason,
      finishedAt: run.state === "active" ? null : now,
    })
    .where("id", "=", run.id)
    .execute();
}

/** Notes that the goal of a run was reached. */
export async function markGoalReached(tx: Tx, runId: number, now: Date): Promise<void> {
  await tx.updateTable("runs").set({ goalReachedAt: now }).where("id", "=", runId).execute();
}

/** Stops the runs under way of accounts, with why. */
export async function stopRuns(tx: Tx, accountIds: readonly number[], why: string, now: Date): Promise<void> {
  await sql`
    update runs set state = 'stopped', step_id = null, wait_id = null, due_at = null, finished_at = ${now},
      reason = reason || '; stopped: ' || ${why}::text
    where account_id = any(${accountIds}::bigint[]) and state = 'active'`.execute(tx);
}
