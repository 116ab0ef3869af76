import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { Candidate, Hints } from "./verdict.ts";

/** What is looked for among our accounts. */
export interface Sought {
  readonly source: string;
  readonly idsAreKeys: boolean;
  readonly keys: readonly string[];
  readonly domains: readonly string[];
}

interface Entry {
  /** Null for one that is still to be made. */
  readonly id: number | null;
  readonly hasOwnKey: boolean;
  /** The source's ids for it that live. */
  readonly ids: Set<string>;
}

/** Our accounts by key and domain, as one source meets them; what it makes and finds is noted, so that the next claim sees it. */
export class Directory {
  readonly #sought: Sought;
  readonly #entries = new Map<string, Entry>();
  /** An account that went up in another one is found under its old key, too. */
  readonly #byKey = new Map<string, string>();
  readonly #byDomain = new Map<string, Set<string>>();

  constructor(sought: Sought) {
    this.#sought = sought;
  }

  static async read(tx: Tx, sought: Sought): Promise<Directory> {
    const directory = new Directory(sought);
    for (const row of await readCandidates(tx, sought)) {
      directory.#entries.set(row.key, { id: row.id, hasOwnKey: row.hasOwnKey, ids: new Set(row.ids) });
      for (const key of row.keys) directory.#byKey.set(key, row.key);
      for (const domain of row.domains) directory.#knowBy(domain, row.key);
    }
    return directory;
  }

  /** What is known of an account of the source by what it goes by. */
  hintsOf(stated: {
    readonly externalId: string;
    readonly ourKey: string | null;
    readonly domains: readonly string[];
  }): Hints {
    const { source, idsAreKeys } = this.#sought;
    const key = stated.ourKey ?? (idsAreKeys ? stated.externalId : null);
    const keyed = key === null ? undefined : this.#byKey.get(key);
    const byDomain = new Map<string, Hints["byDomain"][number]>();
    for (const domain of stated.domains) {
      for (const name of this.#byDomain.get(domain) ?? []) {
        if (!byDomain.has(name)) byDomain.set(name, { domain, candidate: this.#candidate(name, stated.externalId) });
      }
    }
    return {
      source,
      key,
      isKeyItsId: idsAreKeys && key === stated.externalId,
      byKey: keyed === undefined ? null : this.#candidate(keyed, stated.externalId),
      byDomain: [...byDomain.values()].sort((one, other) => (one.candidate.key < other.candidate.key ? -1 : 1)),
    };
  }

  /** Null for an account that is still to be made. */
  idOf(key: string): number | null {
    return this.#entries.get(key)?.id ?? null;
  }

  /** A key for an account that nobody knows: the one that was given, else the source's id in a name that no key of ours can be. */
  freeKey(stated: { readonly externalId: string; readonly ourKey: string | null }): string {
    const { source, idsAreKeys } = this.#sought;
    const wanted = stated.ourKey ?? (idsAreKeys ? stated.externalId : sourceKey(source, stated.externalId));
    for (let count = 1; ; count += 1) {
      const key = count === 1 ? wanted : `${wanted}-${count}`;
      if (!this.#byKey.has(key)) return key;
    }
  }

  /** The source means this account by this id. */
  note(
    key: string,
    stated: { readonly externalId: string; readonly domains: readonly string[] },
    isNew: boolean,
  ): void {
    const entry = this.#entries.get(key) ?? { id: null, hasOwnKey: !isNew, ids: new Set() };
    entry.ids.add(stated.externalId);
    this.#entries.set(key, entry);
    this.#byKey.set(key, key);
    for (const domain of stated.domains) this.#knowBy(domain, key);
  }

  #knowBy(domain: string, key: string): void {
    const known = this.#byDomain.get(domain);
    if (known === undefined) this.#byDomain.set(domain, new Set([key]));
    else known.add(key);
  }

  #candidate(key: string, externalId: string): Candidate {
    const entry = this.#entries.get(key);
    const [knownAs = null] = [...(entry?.ids ?? [])].filter((id) => id !== externalId).sort();
    return { key, hasOwnKey: entry?.hasOwnKey ?? true, knownAs };
  }
}

/** The key of an account that a source makes of itself: its bare id might be another account's key. */
export function sourceKey(source: string, externalId: string): string {
  return `${source}-${externalId}`;
}

interface CandidateRow {
  readonly id: number;
  readonly key: string;
  readonly hasOwnKey: boolean;
  readonly ids: readonly string[];
  readonly keys: readonly string[];
  readonly domains: readonly string[];
}

async function readCandidates(tx: Tx, { source, keys, domains }: Sought): Promise<readonly CandidateRow[]> {
  const { rows } = await sql<CandidateRow>`
    with asked as (
      select coalesce(merged_into, id) as id, key, null as domain from accounts where key = any(${keys}::text[])
      union all
      select account_id, null, domain from account_domains where domain = any(${domains}::text[])
    ), found as (
      select id, coalesce(array_agg(distinct key) filter (where key is not null), '{}') as keys,
        coalesce(array_agg(distinct domain) filter (where domain is not null), '{}') as domains
      from asked group by id
    )
    select a.id, a.key, f.keys, f.domains,
      coalesce(i.has_own_key, true) as has_own_key, coalesce(i.ids, '{}') as ids
    from found f join accounts a on a.id = f.id
    left join lateral (
      select bool_or(how = 'key') or not bool_or(how = 'new') as has_own_key,
        array_agg(external_id) filter (where source = ${source} and ended_at is null) as ids
      from identities where account_id = f.id
    ) i on true`.execute(tx);
  return rows;
}
