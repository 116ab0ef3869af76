import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** An account of a source that nobody can place, with why. */
export interface ListedAccount {
  readonly source: string;
  readonly externalId: string;
  readonly name: string | null;
  /** Such as tell something. */
  readonly domains: readonly string[];
  readonly ourKey: string | null;
  readonly idsAreKeys: boolean;
  readonly reason: string;
}

/** Lists accounts for a person to place; one that is listed already is told anew. */
export async function listUnmatched(tx: Tx, accounts: readonly ListedAccount[], now: Date): Promise<void> {
  if (accounts.length === 0) return;
  const inOrder = accounts.toSorted((one, other) => (one.externalId < other.externalId ? -1 : 1));
  await tx
    .insertInto("unmatchedAccounts")
    .values(inOrder.map((each) => ({ ...each, domains: [...each.domains], firstSeenAt: now, lastSeenAt: now })))
    .onConflict((conflict) =>
      conflict.columns(["source", "externalId"]).doUpdateSet((eb) => ({
        name: sql<string | null>`coalesce(excluded.name, ${eb.ref("unmatchedAccounts.name")})`,
        domains: eb.ref("excluded.domains"),
        ourKey: eb.ref("excluded.ourKey"),
        idsAreKeys: eb.ref("excluded.idsAreKeys"),
        reason: eb.ref("excluded.reason"),
        lastSeenAt: eb.ref("excluded.lastSeenAt"),
      })),
    )
    .execute();
}

/** Which of these a person has spoken about, so that only a person places them; true for those that are none of ours. */
export async function readPlacedByHand(
  tx: Tx,
  source: string,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await sql<{ externalId: string; isDismissed: boolean }>`
    select external_id, dismissed_by is not null as is_dismissed from unmatched_accounts
    where source = ${source} and external_id = any(${externalIds}::text[])
      and (by_hand or dismissed_by is not null)`.execute(tx);
  return new Map(rows.map(({ externalId, isDismissed }) => [externalId, isDismissed]));
}

/** Listed accounts that may be known now: by a key that an account has, or by a domain. What a person has spoken about is left to people. */
export async function readUnmatchedBy(
  tx: Tx,
  by: { readonly keys: readonly string[]; readonly domains: readonly string[] },
): Promise<readonly ListedAccount[]> {
  const { rows } = await sql<ListedAccount>`
    select source, external_id, name, domains, our_key, ids_are_keys, reason from unmatched_accounts
    where dismissed_by is null and not by_hand
      and (our_key = any(${by.keys}::text[]) or (ids_are_keys and external_id = any(${by.keys}::text[]))
        or domains && ${by.domains}::text[])
    order by source, first_seen_at, external_id`.execute(tx);
  return rows;
}

/** Takes accounts off the list: they are placed. */
export async function unlist(tx: Tx, source: string, externalIds: readonly string[]): Promise<void> {
  if (externalIds.length === 0) return;
  await tx
    .deleteFrom("unmatchedAccounts")
    .where("source", "=", source)
    .where("externalId", "in", externalIds)
    .execute();
}

/** An account that nobody could place, as people see it. */
export interface UnmatchedAccount extends Omit<ListedAccount, "idsAreKeys"> {
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** Null where nobody has said that it is none of ours. */
  readonly dismissedBy: string | null;
  /** How many inputs wait for it. */
  readonly waiting: number;
}

/** Which to list. */
export interface UnmatchedFilter {
  readonly source?: string | undefined;
  /** Those that a person dismissed instead of the open ones. */
  readonly dismissed: boolean;
  readonly limit: number;
}

/** What nobody could place, the most awaited first. */
export async function readUnmatched(db: Db, filter: UnmatchedFilter): Promise<readonly UnmatchedAccount[]> {
  const { rows } = await sql<UnmatchedAccount>`
    select u.source, u.external_id, u.name, u.domains, u.our_key, u.reason, u.first_seen_at, u.last_seen_at,
      u.dismissed_by, coalesce(h.waiting, 0)::integer as waiting
    from unmatched_accounts u
    left join (select source, account, count(*) as waiting from held_inputs group by source, account) h
      on h.source = u.source and h.account = u.external_id
    where (${filter.source ?? null}::text is null or u.source = ${filter.source ?? null})
      and (u.dismissed_by is not null) = ${filter.dismissed}
    order by waiting desc, u.source, u.external_id
    limit ${filter.limit}`.execute(db);
  return rows;
}

/** How many of each source nobody could place. */
export async function countUnmatched(db: Db): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ source: string; accounts: number }>`
    select source, count(*)::integer as accounts from unmatched_accounts
    where dismissed_by is null group by source order by source`.execute(db);
  return new Map(rows.map(({ source, accounts }) => [source, accounts]));
}

/** An account that may be meant, with the domains by which it is known. */
export interface NearAccount {
  readonly key: string;
  readonly name: string;
  readonly domains: readonly string[];
}

/** Accounts whose name, key or domain holds one of these words, as far as `limit`; those that are archived too. */
export async function readAccountsNear(
  db: Db,
  words: readonly string[],
  limit: number,
): Promise<readonly NearAccount[]> {
  if (words.length === 0) return [];
  const { rows } = await sql<NearAccount>`
    select a.key, a.name, d.domains
    from accounts a
    cross join lateral (
      select coalesce(array_agg(distinct domain), '{}') as domains from account_domains where account_id = a.id
    ) d
    where a.merged_into is null and exists (
      select from unnest(${words}::text[]) w
      where strpos(lower(a.name), w) > 0 or strpos(lower(a.key), w) > 0 or strpos(array_to_string(d.domains, ' '), w) > 0)
    order by a.id limit ${limit}`.execute(db);
  return rows;
}
