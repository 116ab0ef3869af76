import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { PlacedUsage } from "./known-input.ts";

/** The ids of the usage names of these inputs; new names are made, delivered by the stream that brings them first. */
export async function ensureUsageNames(tx: Tx, inputs: readonly PlacedUsage[]): Promise<ReadonlyMap<string, number>> {
  const firsts = new Map<string, PlacedUsage>();
  for (const each of inputs) {
    if (!firsts.has(each.input.name)) firsts.set(each.input.name, each);
  }
  const known = await readNames(tx, [...firsts.keys()]);
  const missing = [...firsts].filter(([name]) => !known.has(name));
  if (missing.length === 0) return known;
  const streamIds = await ensureStreams(
    tx,
    missing.map(([, first]) => first),
  );
  await sql`
    insert into usage_names (name, stream_id)
    select name, stream_id
    from unnest(
      ${missing.map(([name]) => name)}::text[], ${missing.map(([, first]) => streamIds.get(streamName(first)))}::integer[]
    ) as n (name, stream_id)
    order by name
    on conflict do nothing`.execute(tx);
  return readNames(tx, [...firsts.keys()]);
}

/** In the order of their names, so that two writers of the same new streams wait and never deadlock. */
async function ensureStreams(tx: Tx, inputs: readonly PlacedUsage[]): Promise<ReadonlyMap<string, number>> {
  const streams = new Map(inputs.map((each) => [streamName(each), each]));
  const ids = new Map<string, number>();
  for (const [name, { source, stream }] of [...streams].sort(([one], [other]) => (one < other ? -1 : 1))) {
    ids.set(name, await ensureStream(tx, source, stream ?? "usage"));
  }
  return ids;
}

function streamName({ source, stream }: PlacedUsage): string {
  return JSON.stringify([source, stream]);
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
