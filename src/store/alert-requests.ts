import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** A run that waits for the alert budget of an owner, or was given a place in it. Moments are milliseconds since 1970. */
export interface AlertRequestRow {
  readonly accountId: number;
  readonly playbookId: string;
  readonly ownerId: string;
  /** The first day of the owner's week. */
  readonly week: string;
  readonly grantedAt: number | null;
  readonly reason: string;
}

/** The requests of a batch of accounts. */
export async function readAlertRequests(db: Db | Tx, accountIds: readonly number[]): Promise<AlertRequestRow[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom("alertRequests")
    .select(["accountId", "playbookId", "ownerId", "week", "grantedAt", "reason"])
    .where("accountId", "in", accountIds)
    .execute();
  return rows.map((row) => ({ ...row, grantedAt: row.grantedAt?.getTime() ?? null }));
}

/** A run that asks. */
export interface NewAlertRequest extends Pick<AlertRequestRow, "accountId" | "playbookId" | "ownerId" | "week"> {
  /** A year's revenue; null: not known. */
  readonly revenue: number | null;
  /** The share of it in danger. */
  readonly danger: number;
}

/** Keeps who asks, each with what is at stake now; whoever asks has no grant that holds. */
export async function writeAlertRequests(tx: Tx, requests: readonly NewAlertRequest[], now: Date): Promise<void> {
  if (requests.length === 0) return;
  await sql`
    insert into alert_requests (account_id, playbook_id, owner_id, week, revenue, danger, asked_at)
    select *, ${now}::timestamptz from unnest(
      ${requests.map(({ accountId }) => accountId)}::bigint[],
      ${requests.map(({ playbookId }) => playbookId)}::text[],
      ${requests.map(({ ownerId }) => ownerId)}::text[],
      ${requests.map(({ week }) => week)}::date[],
      ${requests.map(({ revenue }) => revenue)}::float8[],
      ${requests.map(({ danger }) => danger)}::float8[]
    )
    on conflict (playbook_id, account_id) do update set owner_id = excluded.owner_id, week = excluded.week,
      revenue = excluded.revenue, danger = excluded.danger, granted_at = null`.execute(tx);
}

/** Takes back what waits no longer: its run has begun, or its episode is over. */
export async function dropAlertRequests(
  tx: Tx,
  requests: readonly Pick<AlertRequestRow, "accountId" | "playbookId">[],
): Promise<void> {
  if (requests.length === 0) return;
  await sql`
    delete from alert_requests r
    using unnest(
      ${requests.map(({ accountId }) => accountId)}::bigint[],
      ${requests.map(({ playbookId }) => playbookId)}::text[]
    ) as d (account_id, playbook_id)
    where r.account_id = d.account_id and r.playbook_id = d.playbook_id`.execute(tx);
}

/** A request that waits. */
export interface OpenAlertRequest extends NewAlertRequest {
  readonly askedAt: number;
  readonly reason: string;
  /** It stands in a digest that is to come. */
  readonly isListed: boolean;
  /** Why the playbook would fire. */
  readonly stateReason: string;
}

// Any number that no other program picks.
const lock = 7_310_579_460_032;

/** Keeps those apart who grant; held to the end of the transaction. */
export async function lockGrants(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
}

/** True when some run waits for an alert budget. */
export async function hasOpenRequests(db: Db): Promise<boolean> {
  const { rows } = await sql`select from alert_requests where granted_at is null limit 1`.execute(db);
  return rows.length > 0;
}

/** Every request that waits, but for archived accounts. */
export async function readOpenRequests(tx: Tx): Promise<OpenAlertRequest[]> {
  const { rows } = await sql<Omit<OpenAlertRequest, "askedAt"> & { askedAt: Date }>`
    select r.account_id, r.playbook_id, r.owner_id, r.week, r.revenue, r.danger, r.asked_at, r.reason,
      coalesce(t.reason, '') as state_reason,
      exists (
        select from digest_items i join digests d on d.id = i.digest_id
        where d.closed_at is null and i.account_id = r.account_id and i.playbook_id = r.playbook_id and i.kind = 'held'
      ) as is_listed
    from alert_requests r
    join accounts a on a.id = r.account_id and a.archived_at is null
    left join trigger_states t on t.account_id = r.account_id and t.playbook_id = r.playbook_id
    where r.granted_at is null
    order by r.account_id, r.playbook_id`.execute(tx);
  return rows.map((row) => ({ ...row, askedAt: row.askedAt.getTime() }));
}

/** An owner's week. */
export interface OwnerWeek {
  readonly ownerId: string;
  readonly week: string;
  readonly beginsAt: number;
}

/**
 * How many alerts each owner was given in a week: runs that have begun, and grants whose run is still to begin. One statement, so that a run that begins
 * meanwhile is counted once.
 */
export async function countAlerts(tx: Tx, weeks: readonly OwnerWeek[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ ownerId: string; given: number }>`
    select w.owner_id, (
      select count(*) from runs r
      where r.owner_id = w.owner_id and r.is_alert and r.state <> 'holdout'
        and r.started_at >= to_timestamp(w.begins_at / 1000.0)
    )::integer + (
      select count(*) from alert_requests g
      where g.owner_id = w.owner_id and g.week = w.week and g.granted_at is not null
    )::integer as given
    from unnest(
      ${weeks.map(({ ownerId }) => ownerId)}::text[],
      ${weeks.map(({ week }) => week)}::date[],
      ${weeks.map(({ beginsAt }) => beginsAt)}::float8[]
    ) as w (owner_id, week, begins_at)`.execute(tx);
  return new Map(rows.map(({ ownerId, given }) => [ownerId, given]));
}

/** A place in the budget. */
export interface Grant extends Pick<AlertRequestRow, "accountId" | "playbookId" | "ownerId" | "week"> {
  readonly reason: string;
}

/**
 * Grants requests and makes their accounts due at once. The accounts are locked first, as whoever judges them does: a request that was taken back
 * meanwhile is granted nothing. Answers how many were granted.
 */
export async function grantRequests(tx: Tx, grants: readonly Grant[], now: Date): Promise<number> {
  if (grants.length === 0) return 0;
  const accountIds = grants.map(({ accountId }) => accountId);
  await sql`
    select from account_work where account_id = any(${accountIds}::bigint[])
    order by account_id for update`.execute(tx);
  const { rows } = await sql<{ accountId: number }>`
    update alert_requests r set granted_at = ${now}, week = g.week, reason = g.reason
    from unnest(
      ${accountIds}::bigint[],
      ${grants.map(({ playbookId }) => playbookId)}::text[],
      ${grants.map(({ ownerId }) => ownerId)}::text[],
      ${grants.map(({ week }) => week)}::date[],
      ${grants.map(({ reason }) => reason)}::text[]
    ) as g (account_id, playbook_id, owner_id, week, reason)
    where r.account_id = g.account_id and r.playbook_id = g.playbook_id and r.owner_id = g.owner_id
      and r.granted_at is null
    returning r.account_id`.execute(tx);
  const granted = rows.map(({ accountId }) => accountId);
  await sql`
    update account_work set next_respond_at = ${now} where account_id = any(${granted}::bigint[])`.execute(tx);
  return granted.length;
}

/** Notes where requests stand that go on waiting; one that another process holds is told the next time. */
export async function noteStandings(tx: Tx, standings: readonly Grant[]): Promise<void> {
  if (standings.length === 0) return;
  await sql`
    with s as (
      select * from unnest(
        ${standings.map(({ accountId }) => accountId)}::bigint[],
        ${standings.map(({ playbookId }) => playbookId)}::text[],
        ${standings.map(({ week }) => week)}::date[],
        ${standings.map(({ reason }) => reason)}::text[]
      ) as s (account_id, playbook_id, week, reason)
    ), free as (
      select r.account_id, r.playbook_id from alert_requests r join s using (account_id, playbook_id)
      where r.granted_at is null
      for update of r skip locked
    )
    update alert_requests r set reason = s.reason, week = s.week
    from s join free using (account_id, playbook_id)
    where r.account_id = s.account_id and r.playbook_id = s.playbook_id`.execute(tx);
}
