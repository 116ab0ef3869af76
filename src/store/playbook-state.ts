import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { Schema } from "./schema.ts";

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
  readonly seen: { readonly floor: number; readonly taken: readonly string[] } | null;
}

/** The trigger states of a batch of accounts. */
export async function readTriggerStates(db: Db | Tx, accountIds: readonly number[]): Promise<TriggerStateRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db.selectFrom("triggerStates").selectAll().where("accountId", "in", accountIds).execute();
  return rows.map(stateOf);
}

/** The trigger states of some playbooks only. */
export async function readTriggerStatesOf(
  db: Db | Tx,
  accountIds: readonly number[],
  playbookIds: readonly string[],
): Promise<TriggerStateRow[]> {
  if (accountIds.length === 0 || playbookIds.length === 0) return [];
  const rows = await db
    .selectFrom("triggerStates")
    .selectAll()
    .where("accountId", "in", accountIds)
    .where("playbookId", "in", playbookIds)
    .execute();
  return rows.map(stateOf);
}

function stateOf(row: Selectable<Schema["triggerStates"]>): TriggerStateRow {
  return {
    ...row,
    since: row.since.getTime(),
    dueAt: row.dueAt?.getTime() ?? null,
    lastFiredAt: row.lastFiredAt?.getTime() ?? null,
  };
}

/** Writes trigger states by (account, playbook). */
export async function writeTriggerStates(tx: Tx, states: readonly TriggerStateRow[]): Promise<void> {
  if (states.length === 0) return;
  await sql`
    insert into trigger_states (account_id, playbook_id, trigger_key, state, since, due_at, episode, last_fired_at,
      baseline, held, reason, occasion, guard, in_audience, round, priority, seen)
    select account_id, playbook_id, trigger_key, state, to_timestamp(since / 1000.0), to_timestamp(due_at / 1000.0),
      episode, to_timestamp(last_fired_at / 1000.0), baseline, held, reason, occasion, guard, in_audience, round,
      priority, seen::jsonb
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
      ${states.map((s) => s.priority)}::text[],
      ${states.map((s) => (s.seen === null ? null : JSON.stringify(s.seen)))}::text[]
    ) as s (account_id, playbook_id, trigger_key, state, since, due_at, episode, last_fired_at, baseline, held,
      reason, occasion, guard, in_audience, round, priority, seen)
    on conflict (account_id, playbook_id) do update set
      trigger_key = excluded.trigger_key, state = excluded.state, since = excluded.since, due_at = excluded.due_at,
      episode = excluded.episode, last_fired_at = excluded.last_fired_at, baseline = excluded.baseline, held = excluded.held,
      reason = excluded.reason, occasion = excluded.occasion, guard = excluded.guard,
      in_audience = excluded.in_audience, round = excluded.round, priority = excluded.priority, seen = excluded.seen`.execute(
    tx,
  );
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
