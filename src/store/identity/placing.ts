import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { createAccounts, lockAccounts, markDirty, refreshAccounts } from "../intake/accounts.ts";
import { passGate } from "../intake/gate.ts";
import { type ListedAccount, listUnmatched, unlist } from "../unmatched.ts";
import { archiveUnknown } from "./archive.ts";
import { sourceKey } from "./directory.ts";
import { rememberIdentities } from "./identities.ts";
import { readSurvivor } from "./merge-accounts.ts";
import { applyWaiting } from "./waiting.ts";

/** An account of a source, as a person names it. */
export interface NamedAccount {
  readonly source: string;
  readonly externalId: string;
}

/** What a person says of it. */
export interface PlacingWish extends NamedAccount {
  readonly author: string;
}

/** What came of a wish to place an account. */
export type Placing =
  /** `applied`: inputs that had waited and were news. */
  | { readonly kind: "placed"; readonly accountId: number; readonly key: string; readonly applied: number }
  /** The source means another account by this id already. */
  | { readonly kind: "placed-before"; readonly key: string }
  | { readonly kind: "key-taken"; readonly key: string };

/** Which of our accounts a source means by an id, if a person says so; what was held is applied. */
export async function placeAccount(tx: Tx, wish: PlacingWish, accountId: number, now: Date): Promise<Placing> {
  await passGate(tx, "alone");
  const before = await readIdentity(tx, wish);
  if (before !== null) return { kind: "placed-before", key: before.key };
  const survivor = await readSurvivor(tx, accountId);
  return place(tx, wish, { accountId: survivor.accountId, how: "hand" }, now);
}

/** Makes an account of one that nobody could place, under this key or one of the source's. */
export async function placeAsNew(tx: Tx, wish: PlacingWish, key: string | null, now: Date): Promise<Placing> {
  await passGate(tx, "alone");
  const before = await readIdentity(tx, wish);
  if (before !== null) return { kind: "placed-before", key: before.key };
  const wanted = key ?? (await freeKey(tx, wish));
  if (await isTaken(tx, wanted)) return { kind: "key-taken", key: wanted };
  const listed = await readListed(tx, wish);
  const made = await createAccounts(tx, [{ key: wanted, name: listed?.name ?? wish.externalId }], now);
  const accountId = made.get(wanted);
  if (accountId === undefined) throw new Error(`The account ${wanted} could not be made.`);
  return place(tx, wish, { accountId, how: key === null ? "new" : "key" }, now);
}

async function place(
  tx: Tx,
  { source, externalId, author }: PlacingWish,
  { accountId, how }: { readonly accountId: number; readonly how: "hand" | "key" | "new" },
  now: Date,
): Promise<Placing> {
  const listed = await readListed(tx, { source, externalId });
  await rememberIdentities(tx, [{ source, externalId, accountId, how, madeBy: author }], now);
  await unlist(tx, source, [externalId]);
  const { key } = await tx.selectFrom("accounts").select("key").where("id", "=", accountId).executeTakeFirstOrThrow();
  const known = { placed: [{ source, accountId, domains: listed?.domains ?? null }], keys: [key], domains: [] };
  const { written } = await applyWaiting(tx, known, now);
  return { kind: "placed", accountId, key, applied: written };
}

/** What came of taking an account of a source off one of ours. */
export interface TakenOff {
  readonly accountId: number;
  readonly key: string;
  /** Changes of records that wait again; null where the source knows the account by another id, too, and all of them stay. */
  readonly returned: number | null;
}

/**
 * Undoes that a source means an account of ours by an id; null where it means none. The source's records wait again, and only a person
 * places them, unless the source knows the account by another id as well: nobody could tell then which came by which. Usage stays. An
 * account that nobody knows any more is archived.
 */
export async function takeOff(tx: Tx, wish: PlacingWish, now: Date): Promise<TakenOff | null> {
  const { source, externalId, author } = wish;
  await passGate(tx, "alone");
  const identity = await readIdentity(tx, wish);
  if (identity === null) return null;
  const { accountId, key } = identity;
  await lockAccounts(tx, [accountId]);
  await tx.deleteFrom("identities").where("source", "=", source).where("externalId", "=", externalId).execute();
  const returned = (await isKnownTo(tx, source, accountId)) ? null : await holdAgain(tx, wish, accountId);
  const reason = `taken off ${key} by ${author}`;
  const listed = { source, externalId, name: null, domains: [], ourKey: null, idsAreKeys: false, reason };
  await listUnmatched(tx, [listed], now);
  await sql`
    update unmatched_accounts set by_hand = true
    where source = ${source} and external_id = ${externalId}`.execute(tx);
  await refreshAccounts(tx, new Set([accountId]), now);
  await markDirty(tx, new Set([accountId]));
  await archiveUnknown(tx, [accountId], `${source} was taken off it`, now);
  return { accountId, key, returned };
}

/** Notes that an account of a source is none of ours: it leaves the list, and what it holds is dropped. Null where it is not listed. */
export async function dismissAccount(
  tx: Tx,
  { source, externalId, author }: PlacingWish,
): Promise<{ readonly dropped: number } | null> {
  await passGate(tx, "alone");
  const result = await sql`
    update unmatched_accounts set dismissed_by = ${author}
    where source = ${source} and external_id = ${externalId} and dismissed_by is null`.execute(tx);
  if (result.numAffectedRows !== 1n) return null;
  const dropped = await sql`delete from held_inputs where source = ${source} and account = ${externalId}`.execute(tx);
  return { dropped: Number(dropped.numAffectedRows ?? 0) };
}

async function readIdentity(
  tx: Tx,
  { source, externalId }: NamedAccount,
): Promise<{ readonly accountId: number; readonly key: string } | null> {
  const row = await tx
    .selectFrom("identities as i")
    .innerJoin("accounts as a", "a.id", "i.accountId")
    .select(["a.id as accountId", "a.key"])
    .where("i.source", "=", source)
    .where("i.externalId", "=", externalId)
    .executeTakeFirst();
  return row ?? null;
}

async function readListed(
  tx: Tx,
  { source, externalId }: NamedAccount,
): Promise<Pick<ListedAccount, "name" | "domains"> | null> {
  const row = await tx
    .selectFrom("unmatchedAccounts")
    .select(["name", "domains"])
    .where("source", "=", source)
    .where("externalId", "=", externalId)
    .executeTakeFirst();
  return row ?? null;
}

async function isTaken(tx: Tx, key: string): Promise<boolean> {
  return (await tx.selectFrom("accounts").select("id").where("key", "=", key).executeTakeFirst()) !== undefined;
}

async function freeKey(tx: Tx, { source, externalId }: NamedAccount): Promise<string> {
  const own = sourceKey(source, externalId);
  for (let count = 1; ; count += 1) {
    const key = count === 1 ? own : `${own}-${count}`;
    if (!(await isTaken(tx, key))) return key;
  }
}

async function isKnownTo(tx: Tx, source: string, accountId: number): Promise<boolean> {
  const row = await tx
    .selectFrom("identities")
    .select("externalId")
    .where("source", "=", source)
    .where("accountId", "=", accountId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Each change as the input it once was, known as it was known then. */
async function holdAgain(tx: Tx, { source, externalId }: NamedAccount, accountId: number): Promise<number> {
  const { rows } = await sql<{ held: number }>`
    with gone as (
      delete from record_changes c using records r
      where c.account_id = ${accountId} and r.id = c.record_id and r.account_id = ${accountId} and r.source = ${source}
      returning r.kind, r.external_id, c.occurred_at, c.recorded_at, c.backfilled, c.set
    ), inputs as (
      select recorded_at, backfilled, jsonb_build_object('kind', kind, 'id', external_id, 'set', set::jsonb - 'parent',
        'at', to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        || case when kind = 'account' then '{}'::jsonb else jsonb_build_object('account', ${externalId}::text) end as input
      from gone
      order by recorded_at, occurred_at
    ), held as (
      insert into held_inputs (source, account, input, recorded_at, backfilled, ids_are_keys, hash)
      select ${source}, ${externalId}, input, recorded_at, backfilled, false, md5(input::text)::uuid from inputs
      on conflict do nothing
      returning 1
    )
    select count(*)::integer as held from held`.execute(tx);
  await sql`delete from records where account_id = ${accountId} and source = ${source}`.execute(tx);
  await sql`delete from account_domains where account_id = ${accountId} and source = ${source}`.execute(tx);
  return rows[0]?.held ?? 0;
}
