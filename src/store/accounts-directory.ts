import { sql } from "kysely";
import type { RecordKind } from "../scoring/records.ts";
import type { Db, Tx } from "./db.ts";

/** Which account a person or a script meant. */
export type FoundAccount =
  | {
      readonly kind: "found";
      readonly accountId: number;
      readonly key: string;
      readonly name: string;
      readonly owner: string | null;
    }
  | { readonly kind: "ambiguous"; readonly keys: readonly string[] }
  | { readonly kind: "unknown"; readonly near: readonly string[] };

/**
 * Finds an account by its key, else by a source's id for it, else by its name (capitals do not matter). Several hits of one sort are
 * ambiguous; when there is none, up to five keys or names that begin or end alike are named.
 */
export async function findAccount(db: Db | Tx, text: string): Promise<FoundAccount> {
  const { rows } = await sql<{ rank: number; id: number; key: string; name: string; owner: string | null }>`
    select 1 as rank, id, key, name, owner from accounts where key = ${text}
    union all
    select distinct 2, a.id, a.key, a.name, a.owner from identities i join accounts a on a.id = i.account_id where i.external_id = ${text}
    union all
    select 3, id, key, name, owner from accounts where lower(name) = lower(${text})
    order by rank, key
    limit 20`.execute(db);
  const best = rows.filter((row) => row.rank === rows[0]?.rank);
  const [first] = best;
  if (first === undefined) return { kind: "unknown", near: await nearAccounts(db, text) };
  if (best.length > 1) return { kind: "ambiguous", keys: best.map((row) => row.key) };
  return { kind: "found", accountId: first.id, key: first.key, name: first.name, owner: first.owner };
}

async function nearAccounts(db: Db | Tx, text: string): Promise<string[]> {
  if (text.trim() === "") return [];
  const { rows } = await sql<{ key: string }>`
    select key from accounts
    where strpos(lower(key), lower(${text})) > 0 or strpos(lower(name), lower(${text})) > 0
    order by length(key), key limit 5`.execute(db);
  return rows.map((row) => row.key);
}

/**
 * The accounts a source means by these names: by its own ids for them, else, where these are our keys, by key. Names nobody knows are left
 * out; the key of an account that went up in another one means that one.
 */
export async function findAccountIds(
  db: Db | Tx,
  source: string,
  names: readonly string[],
  idsAreKeys = true,
): Promise<Map<string, number>> {
  if (names.length === 0) return new Map();
  const { rows } = await sql<{ name: string; accountId: number }>`
    select n.name, coalesce(i.account_id, a.merged_into, a.id) as account_id
    from unnest(${names}::text[]) as n (name)
    left join identities i on i.source = ${source} and i.external_id = n.name
    left join accounts a on a.key = n.name and i.account_id is null and ${idsAreKeys}
    where coalesce(i.account_id, a.id) is not null`.execute(db);
  return new Map(rows.map((row) => [row.name, row.accountId]));
}

/** A record with its account, and its fields as all of its changes leave them. */
export interface KnownRecord {
  readonly accountId: number;
  readonly accountKey: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Records of a source by their ids there; ids nobody knows are left out. Fields are folded only when asked for: it reads all changes. */
export async function findRecords(
  db: Db | Tx,
  source: string,
  kind: RecordKind,
  ids: readonly string[],
  withFields: boolean,
): Promise<Map<string, KnownRecord>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; accountId: number; key: string; set: Record<string, unknown> | null }>`
    select r.external_id as id, a.id as account_id, a.key, ${withFields ? sql`c.set` : sql`null::json as set`}
    from records r
    join accounts a on a.id = r.account_id
    ${withFields ? sql`left join record_changes c on c.account_id = r.account_id and c.record_id = r.id` : sql``}
    where r.kind = ${kind} and r.source = ${source} and r.external_id = any(${ids}::text[])
    ${withFields ? sql`order by r.id, c.occurred_at, c.recorded_at` : sql``}`.execute(db);
  const records = new Map<string, KnownRecord>();
  for (const { id, accountId, key, set } of rows) {
    records.set(id, { accountId, accountKey: key, fields: { ...records.get(id)?.fields, ...set } });
  }
  return records;
}

/** The accounts' own fields as all of their changes leave them, by account id. */
export async function findAccountFields(
  db: Db | Tx,
  accountIds: readonly number[],
): Promise<Map<number, Readonly<Record<string, unknown>>>> {
  const { rows } = await sql<{ accountId: number; set: Record<string, unknown> }>`
    select c.account_id, c.set
    from records r
    join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    where r.kind = 'account' and r.account_id = any(${accountIds}::bigint[])
    order by c.account_id, c.occurred_at, c.recorded_at, c.record_id`.execute(db);
  const fields = new Map<number, Record<string, unknown>>();
  for (const { accountId, set } of rows) fields.set(accountId, { ...fields.get(accountId), ...set });
  return fields;
}
