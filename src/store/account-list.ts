import { sql } from "kysely";
import type { Driver } from "../scoring/history.ts";
import type { Db, Tx } from "./db.ts";
import { type PackedDriver, type PackedMetrics, unpackDrivers } from "./scores/packing.ts";

/** One account with its newest score, as lists show it. */
export interface AccountListRow {
  readonly accountId: number;
  readonly key: string;
  readonly name: string;
  readonly owner: string | null;
  readonly segment: string | null;
  readonly stage: string | null;
  /** Null when it was never scored. */
  readonly day: string | null;
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number | null;
  readonly reason: string | null;
  readonly drivers: readonly Driver[] | null;
  /** The score seven days before the newest one, or the nearest older one within a week of that. */
  readonly weekAgo: number | null;
  /** Playbooks that are in an episode, with the day of its start. */
  readonly firing: readonly { readonly playbook: string; readonly since: string; readonly baseline: boolean }[];
}

export interface AccountFilter {
  readonly owner?: string | undefined;
  readonly band?: string | undefined;
  readonly segment?: string | undefined;
  /** Keys after this one, in key order. */
  readonly afterKey?: string | undefined;
  readonly order: "key" | "score";
  readonly limit: number;
}

interface Listed extends Omit<AccountListRow, "drivers"> {
  readonly drivers: readonly PackedDriver[] | null;
  readonly metrics: PackedMetrics | null;
}

/** Lists accounts with their newest score, worst first or by key. Archived ones are left out. */
export async function listAccounts(db: Db, filter: AccountFilter): Promise<AccountListRow[]> {
  const order = filter.order === "key" ? sql`a.key` : sql`s.score asc nulls last, a.key`;
  const { rows } = await sql<Listed>`
    select a.id as account_id, a.key, a.name, a.owner, a.segment,
      -- As the newest score judged it; before the first one as the CRM says.
      coalesce(s.lifecycle ->> 'stage', a.stage) as stage,
      s.day, s.score::float8 as score, s.band, s.coverage, s.reason, s.drivers, s.metrics,
      (select w.score::float8 from scores w
        where w.account_id = a.id and w.day between s.day - 14 and s.day - 7 order by w.day desc limit 1) as week_ago,
      coalesce((select json_agg(json_build_object('playbook', t.playbook_id, 'since', t.since, 'baseline', t.baseline)
          order by t.since desc, t.playbook_id)
        from trigger_states t where t.account_id = a.id and t.state in ('firing', 'recovering')), '[]') as firing
    from accounts a
    left join lateral (select * from scores where account_id = a.id order by day desc limit 1) s on true
    where a.archived_at is null
      and (${filter.owner ?? null}::text is null or a.owner = ${filter.owner ?? null})
      and (${filter.segment ?? null}::text is null or a.segment = ${filter.segment ?? null})
      and (${filter.band ?? null}::text is null or coalesce(s.band, 'unknown') = ${filter.band ?? null})
      and (${filter.afterKey ?? null}::text is null or a.key > ${filter.afterKey ?? null})
    order by ${order}
    limit ${filter.limit}`.execute(db);
  return rows.map(({ drivers, metrics, ...row }) => ({
    ...row,
    drivers: drivers === null || metrics === null ? null : unpackDrivers(drivers, metrics),
  }));
}

/** How many accounts stand in each band; null is unknown. */
export async function countBands(db: Db): Promise<{ band: string | null; accounts: number }[]> {
  const { rows } = await sql<{ band: string | null; accounts: number }>`
    select s.band, count(*)::integer as accounts
    from accounts a
    left join lateral (select band from scores where account_id = a.id order by day desc limit 1) s on true
    where a.archived_at is null
    group by s.band order by accounts desc`.execute(db);
  return rows;
}

/** One account by its key; null when there is none. */
export async function findAccountByKey(
  db: Db | Tx,
  key: string,
): Promise<{ accountId: number; key: string; name: string } | null> {
  const row = await db
    .selectFrom("accounts")
    .select(["id as accountId", "key", "name"])
    .where("key", "=", key)
    .executeTakeFirst();
  return row ?? null;
}

/** All accounts in id order, the archived too: for passes over days of the past. `archivedAt` in milliseconds since 1970. */
export async function readAllAccounts(
  db: Db,
): Promise<{ accountId: number; key: string; archivedAt: number | null }[]> {
  const rows = await db.selectFrom("accounts").select(["id as accountId", "key", "archivedAt"]).orderBy("id").execute();
  return rows.map((row) => ({ ...row, archivedAt: row.archivedAt?.getTime() ?? null }));
}

/** The keys of accounts by their ids. */
export async function findAccountKeys(db: Db | Tx, accountIds: readonly number[]): Promise<Map<number, string>> {
  if (accountIds.length === 0) return new Map();
  const rows = await db.selectFrom("accounts").select(["id", "key"]).where("id", "in", accountIds).execute();
  return new Map(rows.map((row) => [row.id, row.key]));
}
