import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Input, RecordInput } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { accountNameOf } from "./known-input.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The inputs, but of those that are only a look at how a record stands (`states`) just what differs from what is known of it. A sweep
 * over everything would else write every record anew each time. What is seen again after it was deleted is back.
 */
export async function keepNews(
  tx: Tx,
  source: string,
  inputs: readonly Input[],
  states: ReadonlySet<Input>,
): Promise<readonly Input[]> {
  if (states.size === 0) return inputs;
  const known = await readKnown(
    tx,
    source,
    inputs.filter(isRecord).filter((input) => states.has(input)),
  );
  return inputs.flatMap((input) => {
    const before = known.get(nameOf(input));
    if (before === undefined || !states.has(input) || !isRecord(input)) return [input];
    const set = differenceOf(before, input.set);
    // Fields of an input are those of its schema, so fewer of them are as good.
    return set === null ? [] : [{ ...input, set } as RecordInput];
  });
}

function isRecord(input: Input): input is RecordInput {
  return input.kind !== "usage";
}

function nameOf(input: { readonly kind: string; readonly id?: string | undefined }): string {
  return JSON.stringify([input.kind, input.id]);
}

async function readKnown(tx: Tx, source: string, states: readonly RecordInput[]): Promise<Map<string, Fields>> {
  const known = new Map<string, Fields>();
  if (states.length === 0) return known;
  // What waits for its account is known as well: else every sweep would let more of the same wait.
  const { rows } = await sql<{ kind: string; id: string; set: Fields }>`
    with asked as (
      select * from unnest(
        ${states.map(({ kind }) => kind)}::text[],
        ${states.map(({ id }) => id)}::text[],
        ${states.map((state) => accountNameOf(state) ?? "")}::text[]
      ) as k (kind, external_id, account)
    )
    select kind, external_id as id, set from (
      select k.kind, k.external_id, c.set, c.occurred_at, c.recorded_at
      from asked k
      join records r on r.kind = k.kind and r.source = ${source} and r.external_id = k.external_id
      join record_changes c on c.account_id = r.account_id and c.record_id = r.id
      union all
      select k.kind, k.external_id, (h.input -> 'set')::json, (h.input ->> 'at')::timestamptz, h.recorded_at
      from asked k
      join held_inputs h on h.source = ${source} and h.account = k.account
        and h.input ->> 'kind' = k.kind and h.input ->> 'id' = k.external_id
    ) known
    order by occurred_at, recorded_at`.execute(tx);
  for (const row of rows) {
    const name = nameOf(row);
    const before = known.get(name) ?? {};
    const fields = { ...objectOf(before["fields"]), ...objectOf(row.set["fields"]) };
    known.set(name, { ...before, ...row.set, ...(Object.keys(fields).length > 0 && { fields }) });
  }
  return known;
}

/** What the later state has that the known one has not; null for nothing. Not known and cleared are the same. */
function differenceOf(known: Fields, state: Fields): Fields | null {
  const differs = ([key, value]: [string, unknown]) => !isDeepStrictEqual(known[key] ?? null, value ?? null);
  const set = Object.fromEntries(
    Object.entries(state)
      .filter(([key]) => key !== "fields")
      .filter(differs),
  );
  const ownKnown = objectOf(known["fields"]);
  const own = Object.entries(objectOf(state["fields"])).filter(
    ([key, value]) => !isDeepStrictEqual(ownKnown[key] ?? null, value ?? null),
  );
  if (own.length > 0) set["fields"] = Object.fromEntries(own);
  if (known["deleted"] === true && state["deleted"] !== true) set["deleted"] = false;
  return Object.keys(set).length === 0 ? null : set;
}

function objectOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
