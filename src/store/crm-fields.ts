import { sql } from "kysely";
import type { AccountSummary } from "../playbooks/account-summary.ts";
import type { Db, Tx } from "./db.ts";

/** What an account's fields in a CRM are to say. */
export interface WantedFields {
  readonly accountId: number;
  readonly wanted: AccountSummary;
}

/** Notes what the fields of accounts are to say in each of these sources that knows them; answers how many are new or have changed. Of an account that was never known to be anything, nothing is said. */
export async function wantFields(
  tx: Tx,
  sources: readonly string[],
  accounts: readonly WantedFields[],
  now: Date,
): Promise<number> {
  const result = await sql`
    insert into crm_fields (source, account_id, wanted, state, due_at)
    select distinct i.source, i.account_id, w.wanted, 'pending', ${now}::timestamptz
    from unnest(
      ${accounts.map(({ accountId }) => accountId)}::bigint[],
      ${accounts.map(({ wanted }) => JSON.stringify(wanted))}::jsonb[]
    ) as w (account_id, wanted)
    join identities i on i.account_id = w.account_id and i.source = any(${sources}::text[]) and i.ended_at is null
    where jsonb_strip_nulls(w.wanted) <> '{}'
      or exists (select from crm_fields f where f.source = i.source and f.account_id = i.account_id)
    order by 1, 2
    on conflict (source, account_id) do update
      set wanted = excluded.wanted, state = 'pending', attempt = 0, due_at = excluded.due_at, reason = null
      where crm_fields.wanted is distinct from excluded.wanted`.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** An account whose fields this process may write, as long as its fence stands. */
export interface ClaimedFields {
  readonly accountId: number;
  /** The source's id of it; null where it is no longer known there. */
  readonly externalId: string | null;
  readonly wanted: AccountSummary;
  readonly attempt: number;
  readonly fence: number;
}

/** Claims accounts whose fields are due to be written, by the database's clock. */
export async function claimDueFields(
  db: Db,
  source: string,
  limit: number,
  leaseSeconds: number,
): Promise<readonly ClaimedFields[]> {
  const { rows } = await sql<ClaimedFields>`
    update crm_fields f set fence = fence + 1, attempt = attempt + 1,
      lease_until = now() + make_interval(secs => ${leaseSeconds})
    where source = ${source} and account_id in (
      select account_id from crm_fields
      where source = ${source} and state in ('pending', 'retry') and due_at <= now()
        and coalesce(lease_until, '-infinity') <= now()
      order by due_at, account_id limit ${limit}
      for update skip locked
    )
    returning f.account_id, f.wanted, f.attempt, f.fence,
      (select i.external_id from identities i
       where i.source = f.source and i.account_id = f.account_id and i.ended_at is null
       order by i.made_at, i.external_id limit 1) as external_id`.execute(db);
  return rows;
}

/** Accounts whose fields a CRM refused. */
export interface FailedFields {
  readonly accounts: number;
  /** Why, the last time. */
  readonly reason: string;
}

/** By source: of how many accounts the fields could not be written, and stand as they were. Those that are archived are left out. */
export async function countFailedFields(db: Db): Promise<ReadonlyMap<string, FailedFields>> {
  const { rows } = await sql<FailedFields & { source: string }>`
    select f.source, count(*)::integer as accounts,
      coalesce((array_agg(f.reason order by f.due_at desc, f.account_id desc))[1], 'no reason kept') as reason
    from crm_fields f join accounts a on a.id = f.account_id
    where f.state = 'failed' and a.archived_at is null
    group by f.source order by f.source`.execute(db);
  return new Map(rows.map(({ source, ...failed }) => [source, failed]));
}

/** How a write of fields ended. */
export interface FieldsSettlement {
  readonly claimed: ClaimedFields;
  readonly state: "written" | "retry" | "failed";
  readonly reason: string;
  /** Until the next try, for `retry`. */
  readonly delayMs: number;
}

/** Settles writes under their fences. What was wanted anew meanwhile stays to be written. */
export async function settleFields(db: Db, source: string, settled: readonly FieldsSettlement[]): Promise<void> {
  if (settled.length === 0) return;
  await sql`
    update crm_fields f
    set lease_until = null, reason = s.reason,
      written = case when s.state = 'written' then s.wanted else f.written end,
      written_at = case when s.state = 'written' then now() else f.written_at end,
      state = case when f.wanted is distinct from s.wanted then 'pending' else s.state end,
      due_at = case when s.state = 'retry' and f.wanted = s.wanted
        then now() + make_interval(secs => s.delay_ms / 1000) else f.due_at end
    from unnest(
      ${settled.map(({ claimed }) => claimed.accountId)}::bigint[],
      ${settled.map(({ claimed }) => claimed.fence)}::bigint[],
      ${settled.map(({ claimed }) => JSON.stringify(claimed.wanted))}::jsonb[],
      ${settled.map(({ state }) => state)}::text[],
      ${settled.map(({ reason }) => reason)}::text[],
      ${settled.map(({ delayMs }) => delayMs)}::float8[]
    ) as s (account_id, fence, wanted, state, reason, delay_ms)
    where f.source = ${source} and f.account_id = s.account_id and f.fence = s.fence`.execute(db);
}
