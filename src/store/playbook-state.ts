import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

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
      baseline, held, reason, occasion)
    select account_id, playbook_id, trigger_key, state, to_timestamp(since / 1000.0), to_timestamp(due_at / 1000.0),
      episode, to_timestamp(last_fired_at / 1000.0), baseline, held, reason, occasion
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
      ${states.map((s) => s.occasion)}::text[]
    ) as s (account_id, playbook_id, trigger_key, state, since, due_at, episode, last_fired_at, baseline, held,
      reason, occasion)
    on conflict (account_id, playbook_id) do update set
      trigger_key = excluded.trigger_key, state = excluded.state, since = excluded.since, due_at = excluded.due_at,
      episode = excluded.episode, last_fired_at = excluded.last_fired_at, baseline = excluded.baseline, held = excluded.held,
      reason = excluded.reason, occasion = excluded.occasion`.execute(tx);
}

export interface RunRow {
  readonly id: number;
  readonly accountId: number;
  readonly playbookId: string;
  readonly episode: number;
  readonly revision: number;
  readonly state: "active" | "done" | "stopped";
  readonly stepId: string | null;
  readonly visit: number;
  readonly dueAt: number | null;
  readonly reason: string;
  readonly startedAt: number;
}

/** Starts a run, once per (playbook, account, episode): null when that episode has its run already. */
export async function startRun(tx: Tx, run: Omit<RunRow, "id" | "state" | "visit" | "dueAt">): Promise<RunRow | null> {
  const row = await tx
    .insertInto("runs")
    .values({ ...run, state: "active", startedAt: new Date(run.startedAt) })
    .onConflict((conflict) => conflict.columns(["playbookId", "accountId", "episode"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row === undefined ? null : { ...run, id: row.id, state: "active", visit: 1, dueAt: null };
}

/** The runs under way of a batch of accounts. */
export async function readActiveRuns(db: Db | Tx, accountIds: readonly number[]): Promise<RunRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom("runs")
    .select(["id", "accountId", "playbookId", "episode", "revision", "state", "stepId", "visit", "dueAt", "reason"])
    .select("startedAt")
    .where("accountId", "in", accountIds)
    .where("state", "=", "active")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, dueAt: row.dueAt?.getTime() ?? null, startedAt: row.startedAt.getTime() }));
}

/** Where a run goes on, or how it ended. */
export interface RunProgress {
  readonly id: number;
  readonly revision: number;
  readonly state: "active" | "done" | "stopped";
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
