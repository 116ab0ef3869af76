import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { PlacedUsage } from "./known-input.ts";

/** The ids of the usage names of these inputs; new names are made, delivered by the `usage` stream of the source that brings them first. */
export async function ensureUsageNames(tx: Tx, inputs: readonly PlacedUsage[]): Promise<ReadonlyMap<string, number>> {
  const sources = new Map<string, string>();
  for (const { input, source } of inputs) {
    if (!sources.has(input.name)) sources.set(input.name, source);
  }
  const known = await readNames(tx, [...sources.keys()]);
  const missing = [...sources].filter(([name]) => !known.has(name));
  if (missing.length === 0) return known;
  for (const source of [...new Set(missing.map(([, each]) => each))].sort()) await ensureStream(tx, source, "usage");
  await sql`
    insert into usage_names (name, stream_id)
    select n.name, s.id
    from unnest(${missing.map(([name]) => name)}::text[], ${missing.map(([, source]) => source)}::text[]) as n (name, source)
    join streams s on s.source = n.source and s.kind = 'usage'
    order by n.name
    on conflict do nothing`.execute(tx);
  return readNames(tx, [...sources.keys()]);
}

/** The id of a stream, made when it is met for the first time. */
export async function ensureStream(tx: Tx, source: string, kind: string): Promise<number> {
  const find = (): Promise<{ id: number } | undefined> =>
    tx.selectFrom("streams").select("id").where("source", "=", source).where("kind", "=", kind).executeTakeFirst();
  const known = await find();
  if (known !== undefined) return known.id;
  await tx
    .insertInto("streams")
    .values({ source, kind, lastError: null })
    .onConflict((conflict) => conflict.columns(["source", "kind"]).doNothing())
    .execute();
  const made = await find();
  if (made === undefined) throw new Error(`The stream ${kind} of ${source} could not be made.`);
  return made.id;
}

async function readNames(tx: Tx, names: readonly string[]): Promise<Map<string, number>> {
  if (names.length === 0) return new Map();
  const { rows } = await sql<{ id: number; name: string }>`
    select id, name from usage_names where name = any(${names}::text[])`.execute(tx);
  return new Map(rows.map((row) => [row.name, row.id]));
}
