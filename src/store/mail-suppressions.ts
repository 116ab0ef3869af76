import { sql } from "kysely";
import { dayWords } from "../playbooks/time-words.ts";
import type { Db, Tx } from "./db.ts";
import { plainAddress } from "./erasure/addresses.ts";
import { type Hasher, isNobodyErased, openHasher } from "./erasure/hasher.ts";

export const suppressionReasons = ["unsubscribed", "bounced", "complained", "by-hand"] as const;
export type SuppressionReason = (typeof suppressionReasons)[number];

/** Why an address is to get no more mail, in the words of whoever said so. */
export interface NewSuppression {
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly detail: string;
}

/** An address that gets no mail as a customer. */
export interface Suppression extends NewSuppression {
  /** In small letters; of an erased person a keyed hash. */
  readonly address: string;
  readonly at: Date;
}

const longestDetail = 500;

/**
 * Keeps that addresses get no more mail; answers how many are new or weigh more than what was known: what a person said of
 * themselves is not forgotten for a mailbox that bounced, and comes in its place.
 */
export async function suppress(tx: Tx, wishes: readonly NewSuppression[], at: Date): Promise<number> {
  if (wishes.length === 0) return 0;
  const byAddress = new Map(wishes.map((wish) => [plainAddress(wish.address), wish]));
  // In one order, so that no two wait for each other.
  const addresses = [...byAddress.keys()].sort();
  for (const address of addresses) await lockAddress(tx, address, "alone");
  const stored = await storedForms(tx, addresses);
  let kept = 0;
  for (const [address, { reason, detail }] of byAddress) {
    const result = await sql`
      insert into mail_suppressions as s (address, reason, detail, at)
      values (${stored(address)}, ${reason}, ${detail.slice(0, longestDetail)}, ${at})
      on conflict (address) do update set reason = excluded.reason, detail = excluded.detail, at = excluded.at
        where s.reason in ('bounced', 'by-hand') and excluded.reason in ('unsubscribed', 'complained')`.execute(tx);
    kept += Number(result.numAffectedRows ?? 0);
  }
  return kept;
}

/** Lets an address get mail again; what was taken off, or null where it was not on the list. */
export async function liftSuppression(tx: Tx, address: string): Promise<Suppression | null> {
  const known = await findSuppression(tx, address);
  if (known !== null) await tx.deleteFrom("mailSuppressions").where("address", "=", known.address).execute();
  return known;
}

/** What is known against mail to an address; null: nothing. */
export async function findSuppression(tx: Tx, address: string): Promise<Suppression | null> {
  const plain = plainAddress(address);
  const hashed = (await isNobodyErased(tx)) ? plain : (await openHasher(tx)).email(plain);
  const row = await tx
    .selectFrom("mailSuppressions")
    .selectAll()
    .where("address", "in", [plain, hashed])
    .executeTakeFirst();
  return row ?? null;
}

/** Which suppressions to list; what is not given does not narrow. */
export interface SuppressionFilter {
  readonly reason?: SuppressionReason | undefined;
  readonly limit: number;
}

/** The list, newest first. */
export async function listSuppressions(db: Db, { reason, limit }: SuppressionFilter): Promise<readonly Suppression[]> {
  let query = db.selectFrom("mailSuppressions").selectAll().orderBy("at", "desc").orderBy("address").limit(limit);
  if (reason !== undefined) query = query.where("reason", "=", reason);
  return await query.execute();
}

/** Of erased persons a hash stays, by which they go on getting no mail. */
export async function hashSuppressions(tx: Tx, hasher: Hasher, addresses: readonly string[]): Promise<void> {
  for (const address of addresses.map(plainAddress)) {
    await sql`
      with taken as (delete from mail_suppressions where address = ${address} returning reason, at)
      insert into mail_suppressions (address, reason, detail, at) select ${hasher.email(address)}, reason, '', at from taken
      on conflict (address) do nothing`.execute(tx);
  }
}

/** The words for a mail that is not sent: `the address is suppressed: unsubscribed on 3 May 2026`. */
export function suppressionWords({ reason, at }: Pick<Suppression, "reason" | "at">): string {
  const how = reason === "by-hand" ? "put on the list" : reason;
  return `the address is suppressed: ${how} on ${dayWords(at.toISOString().slice(0, 10))}`;
}

/** Any number that no other program picks: the first half of the keys of addresses. */
const lock = 731_057_946;

/** Senders of mail to an address pass together, and whoever suppresses it alone: no sending begins once that is committed. */
export async function lockAddress(tx: Tx, address: string, how: "together" | "alone"): Promise<void> {
  const key = sql`${lock}::int, hashtext(${plainAddress(address)})`;
  await (how === "alone"
    ? sql`select pg_advisory_xact_lock(${key})`.execute(tx)
    : sql`select pg_advisory_xact_lock_shared(${key})`.execute(tx));
}

/** Of persons who were erased no address is ever kept again. */
async function storedForms(tx: Tx, addresses: readonly string[]): Promise<(address: string) => string> {
  if (await isNobodyErased(tx)) return (address) => address;
  const hasher = await openHasher(tx);
  const erased = await tx
    .selectFrom("erasures")
    .select("hash")
    .where("kind", "=", "email")
    .where("hash", "in", addresses.map(hasher.email))
    .execute();
  const hashes = new Set(erased.map(({ hash }) => hash));
  return (address) => (hashes.has(hasher.email(address)) ? hasher.email(address) : address);
}
