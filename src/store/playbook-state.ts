import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { RunState } from "./schema.ts";

/** Where one playbook stands with one account. Moments are milliseconds since 1970. */
export interface TriggerStateRow {
  readonly accountId: number;
  readonly playbookId: string;
  readonly triggerKey: string;
  readonly state: "inactive" | "pending" | "firing" | "recovering";
  readonly since: number;
  readonly dueAt: number | null;
  readonly episode: number;
  readonly lastFiredAt: number | null;
  readonly baseline: boolean;
  readonly held: boolean;
  readonly reason: string;
  readonly occasion: string | null;
  readonly guard: string | null;
  readonly inAudience: boolean | null;
  readonly round: number;
  readonly priority: "info" | "warning" | "escalation" | null;
}

/** The trigger states of a batch of accounts. */
export async function readTriggerStates(db: Db | Tx, accountIds: readonly number[]): Promise<TriggerStateRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db.selectFrom("triggerStates").selectAll().where("accountId", "in", accountIds).execute();
  return rows.map((row) => ({
    ...row,
    since: row.since.getTime(),
    dueAt: row.dueAt?.getTime() ?? null,
    lastFiredAt: row.lastFiredAt?.getTime() ?? null,
  }));
}

/** Writes trigger states by (account, playbook). */
export async function writeTriggerStates(tx: Tx, states: readonly TriggerStateRow[]): Promise<void> {
  if (states.length === 0) return;
  await sql`
    insert into trigger_states (account_id, playbook_id, trigger_key, state, since, due_at, episode, last_fired_at,
      baseline, held, reason, occasion, guard, in_audience, round, priority)
    select account_id, playbook_id, trigger_key, state, to_timestamp(since / 1000.0), to_timestamp(due_at / 1000.0),
      episode, to_timestamp(last_fired_at / 1000.0), baseline, held, reason, occasion, guard, in_audience, round,
      priority
    from unnest(
      ${states.map((s) => s.accountId)}::bigint[],
      ${states.map((s) => s.playbookId)}::text[],
      ${states.map((s) => s.triggerKey)}::text[],
      ${states.map((s) => s.state)}::text[],
      ${states.map((s) => s.since)}::float8[],
      ${states.map((s) => s.dueAt)}::float8[],
      ${states.map((s) => s.episode)}::integer[],
      ${states.map((s) => s.lastFiredAt)}::float8[],
      ${states.map((s) => s.baseline)}::boolean[],
      ${states.map((s) => s.held)}::boolean[],
      ${states.map((s) => s.reason)}::text[],
      ${states.map((s) => s.occasion)}::text[],
      ${states.map((s) => s.guard)}::text[],
      ${states.map((s) => s.inAudience)}::boolean[],
      ${states.map((s) => s.round)}::integer[],
      ${states.map((s) => s.priority)}::text[]
    ) as s (account_id, playbook_id, trigger_key, state, since, due_at, episode, last_fired_at, baseline, held,
      reason, occasion, guard, in_audience, round, priority)
    on conflict (account_id, playbook_id) do update set
      trigger_key = excluded.trigger_key, state = excluded.state, since = excluded.since, due_at = excluded.due_at,
      episode = excluded.episode, last_fired_at = excluded.last_fired_at, baseline = excluded.baseline, held = excluded.held,
      reason = excluded.reason, occasion = excluded.occasion, guard = excluded.guard,
      in_audience = excluded.in_audience, round = excluded.round, priority = excluded.priority`.execute(tx);
}

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
  readonly dueAt: number | null;
  /** When it came to the step it stands at. */
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
  readonly ownerId?: string | null;
  readonly isAlert?: boolean;
  readonly goalUntil?: number | null;
}

/** Starts a run, once per (playbook, account, episode, round, cause): null when there is one already. */
export async function startRun(tx: Tx, run: NewRun): Promise<RunRow | null> {
  const { round = 1, cause = "trigger", state = "active", priority = "warning", depth = 0, chain = [] } = run;
  const { ownerId = null, isAlert = false, goalUntil = null } = run;
  const whole = { ...run, round, cause, state, priority, depth, chain, ownerId, isAlert, goalUntil };
  const row = await tx
    .insertInto("runs")
    .values({
      ...whole,
      chain: [...chain],
      startedAt: new Date(run.startedAt),
      arrivedAt: new Date(run.startedAt),
      goalUntil: goalUntil === null ? null : new Date(goalUntil),
      finishedAt: state === "holdout" ? new Date(run.startedAt) : null,
    })
    .onConflict((conflict) => conflict.columns(["playbookId", "accountId", "episode", "round", "cause"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) return null;
  return { ...whole, id: row.id, visit: 1, dueAt: null, arrivedAt: run.startedAt, goalReachedAt: null };
}

/** The runs under way of a batch of accounts. */
export async function readActiveRuns(db: Db | Tx, accountIds: readonly number[]): Promise<RunRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("accountId", "in", accountIds)
    .where("state", "=", "active")
    .orderBy("id")
    .execute();
  return rows.map(({ finishedAt: _finishedAt, ...row }) => ({
    ...row,
    dueAt: row.dueAt?.getTime() ?? null,
    arrivedAt: row.arrivedAt?.getTime() ?? null,
    startedAt: row.startedAt.getTime(),
    goalUntil: row.goalUntil?.getTime() ?? null,
    goalReachedAt: row.goalReachedAt?.getTime() ?? null,
  }));
}

/** Where a run goes on, or how it ended. */
export interface RunProgress {
  readonly id: number;
  readonly revision: number;
  readonly state: RunState;
  readonly stepId: string | null;
  readonly dueAt: number | null;
  readonly reason: string;
}

/** Notes where a run stands. */
export async function writeRunProgress(tx: Tx, run: RunProgress, now: Date): Promise<void> {
  await tx
    .updateTable("runs")
    .set({
      revision: run.revision,
      state: run.state,
      stepId: run.stepId,
      dueAt: run.dueAt === null ? null : new Date(run.dueAt),
      reason: run.reason,
      finishedAt: run.state === "active" ? null : now,
    })
    .where("id", "=", run.id)
    .execute();
}

/** Stops the runs under way of accounts, with why. */
export async function stopRuns(tx: Tx, accountIds: readonly number[], why: string, now: Date): Promise<void> {
  await sql`
    update runs set state = 'stopped', step_id = null, due_at = null, finished_at = ${now},
      reason = reason || '; stopped: ' || ${why}::text
    where account_id = any(${accountIds}::bigint[]) and state = 'active'`.execute(tx);
}

/**
 * Nobody looked at these accounts for a while: as after a source that failed, the first judgement takes what came to be so as it is, silently. An episode
 * that was begun goes on.
 */
export async function restTriggers(tx: Tx, accountIds: readonly number[], reason: string): Promise<void> {
  await sql`
    update trigger_states set held = true, due_at = null, reason = ${reason},
      state = case state when 'pending' then 'inactive' else state end
    where account_id = any(${accountIds}::bigint[])`.execute(tx);
}
