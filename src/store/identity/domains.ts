import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { companyDomains } from "./domain.ts";

/** The domains that a source claims for accounts of ours, beside those in their records. */
export interface ClaimedDomains {
  readonly source: string;
  readonly byAccount: ReadonlyMap<number, readonly string[]>;
}

/** True when a source states a domain of an account by which it did not know it yet. */
export async function hasNewDomain(tx: Tx, { source, byAccount }: ClaimedDomains): Promise<boolean> {
  const pairs = pairsOf(byAccount);
  if (pairs.length === 0) return false;
  const { rows } = await sql<{ isNew: boolean }>`
    select exists (
      select from unnest(${pairs.map(([id]) => id)}::bigint[], ${pairs.map(([, domain]) => domain)}::text[]) as n (id, domain)
      where not exists (
        select from account_domains d where d.domain = n.domain and d.account_id = n.id and d.source = ${source})
    ) as is_new`.execute(tx);
  return rows[0]?.isNew === true;
}

/**
 * Brings what a source states of these accounts' domains to what it claims now and what its records of them say as of now; answers the
 * domains that are new. What other sources state stays.
 */
export async function keepDomains(tx: Tx, { source, byAccount }: ClaimedDomains, now: Date): Promise<string[]> {
  if (byAccount.size === 0) return [];
  const ids = [...byAccount.keys()];
  const stated = new Map([...byAccount].map(([id, domains]) => [id, new Set(domains)]));
  for (const { accountId, domain } of await readRecorded(tx, source, ids, now)) {
    for (const known of companyDomains([domain])) stated.get(accountId)?.add(known);
  }
  const pairs = pairsOf(stated);
  const given = sql`unnest(${pairs.map(([id]) => id)}::bigint[], ${pairs.map(([, domain]) => domain)}::text[])`;
  await sql`
    delete from account_domains d
    where d.source = ${source} and d.account_id = any(${ids}::bigint[])
      and not exists (select from ${given} as g (id, domain) where g.id = d.account_id and g.domain = d.domain)`.execute(
    tx,
  );
  const { rows } = await sql<{ domain: string }>`
    insert into account_domains (domain, account_id, source)
    select domain, id, ${source} from ${given} as g (id, domain) order by domain, id
    on conflict do nothing returning domain`.execute(tx);
  return rows.map(({ domain }) => domain);
}

async function readRecorded(tx: Tx, source: string, accountIds: readonly number[], now: Date) {
  const { rows } = await sql<{ accountId: number; domain: string }>`
    select r.account_id, c.domain
    from records r
    cross join lateral (
      select set->>'domain' as domain from record_changes c
      where c.account_id = r.account_id and c.record_id = r.id and c.set->'domain' is not null and c.occurred_at <= ${now}
      order by c.occurred_at desc, c.recorded_at desc limit 1
    ) c
    where r.kind = 'account' and r.source = ${source} and r.account_id = any(${accountIds}::bigint[])
      and c.domain is not null`.execute(tx);
  return rows;
}

function pairsOf(byAccount: ReadonlyMap<number, Iterable<string>>): (readonly [number, string])[] {
  return [...byAccount].flatMap(([id, domains]) => [...domains].map((domain) => [id, domain] as const));
}
