import { createHmac, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";
import { keepFirstFact, readFact } from "../installation.ts";
import { plainAddress } from "./addresses.ts";

/** Makes the keyed hashes that stay of erased persons, in hex. */
export interface Hasher {
  email(address: string): string;
  /** A contact by its id in a source. */
  contact(source: string, id: string): string;
  name(name: string): string;
}

/** The operator's key, for the whole process; null: one that the database keeps. */
let operatorKey: string | null = null;

/** Gives the operator's key, before anything is read or written. */
export function useErasureKey(key: string | null): void {
  operatorKey = key;
}

/** Any number that no other program picks. */
const lock = 7_310_579_460_024;

/** Writers of records pass together, and whoever adds an erased person alone: what was on its way when a person is erased is seen by the eraser. */
export async function lockErasures(tx: Tx, how: "together" | "alone"): Promise<void> {
  await (how === "alone"
    ? sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx)
    : sql`select pg_advisory_xact_lock_shared(${lock}::bigint)`.execute(tx));
}

/** The hasher of this database. The first use settles the key; with another one the hashes would match nobody, so that is an error. */
export async function openHasher(tx: Tx): Promise<Hasher> {
  const key = operatorKey ?? (await ownKey(tx));
  const check = hashOf(key, ["check"]);
  if ((await keepFirstFact(tx, "erasure-key-check", check)) !== check) throw wrongKey();
  return {
    email: (address) => hashOf(key, ["email", plainAddress(address)]),
    contact: (source, id) => hashOf(key, ["contact", source, id]),
    name: (name) => hashOf(key, ["name", name.toLowerCase()]),
  };
}

async function ownKey(tx: Tx): Promise<string> {
  const known = await readFact(tx, "erasure-key");
  // Made beside a check of the operator's key, it could only be the wrong one.
  const isNew = known === undefined && (await readFact(tx, "erasure-key-check")) === undefined;
  const key = isNew ? await keepFirstFact(tx, "erasure-key", randomBytes(32).toString("hex")) : known;
  if (typeof key !== "string") throw wrongKey();
  return key;
}

function wrongKey(): Error {
  return new Error(
    "KEEPWELL_ERASURE_KEY is not the key by which persons were erased from this database: set the one that was in force then, " +
      "or leave it out if there was none.",
  );
}

function hashOf(key: string, parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("hex");
}

/** True when no person was ever erased. */
export async function isNobodyErased(db: Db | Tx): Promise<boolean> {
  return (await db.selectFrom("erasures").select("hash").limit(1).executeTakeFirst()) === undefined;
}
