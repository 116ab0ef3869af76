import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** What this installation keeps about itself. */
type FactName = "maintenance" | "erasure-key" | "erasure-key-check" | "id" | "link-key" | "holdout-salt";

/** A fact about this installation, as it was written; undefined where there is none. */
export async function readFact(db: Db | Tx, name: FactName): Promise<unknown> {
  const row = await db.selectFrom("installation").select("value").where("key", "=", name).executeTakeFirst();
  return row === undefined ? undefined : JSON.parse(row.value);
}

/** Keeps a fact in place of an earlier one. */
export async function writeFact(db: Db | Tx, name: FactName, fact: unknown): Promise<void> {
  await db
    .insertInto("installation")
    .values({ key: name, value: JSON.stringify(fact) })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: sql<string>`excluded.value` }))
    .execute();
}

/** Keeps a fact unless another process was quicker; answers the one that stands. */
export async function keepFirstFact(db: Db | Tx, name: FactName, fact: unknown): Promise<unknown> {
  await db
    .insertInto("installation")
    .values({ key: name, value: JSON.stringify(fact) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  return readFact(db, name);
}
