import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { PlacedRecord } from "./known-input.ts";

/** A record as the store knows it. */
export interface RecordRow {
  readonly id: number;
  readonly accountId: number;
  /** True when it was made just now: it has no changes yet. */
  readonly isNew: boolean;
  /** When it was deleted in its source, in milliseconds since 1970; null while it is there. */
  readonly deletedAt: number | null;
}

/** What names a record: its kind, its source and its id there. */
export function recordName({ input, source }: PlacedRecord): string {
  return JSON.stringify([input.kind, source, input.id]);
}

/** The records of these inputs, by `recordName`; those nobody knows are made, each for the account of the first input that names it. */
export async function ensureRecords(tx: Tx, inputs: readonly PlacedRecord[]): Promise<Map<string, RecordRow>> {
  const firsts = new Map<string, PlacedRecord>();
  for (const each of inputs) {
    const name = recordName(each);
    if (!firsts.has(name)) firsts.set(name, each);
  }
  const found = await readRecords(tx, [...firsts.values()], new Set());
  const missing = [...firsts].filter(([name]) => !found.has(name)).map(([, input]) => input);
  if (missing.length === 0) return found;
  const made = await insertRecords(tx, missing);
  const rest = await readRecords(tx, missing, made);
  return new Map([...found, ...rest]);
}

async function readRecords(
  tx: Tx,
  inputs: readonly PlacedRecord[],
  made: ReadonlySet<number>,
): Promise<Map<string, RecordRow>> {
  const { rows } = await sql<{ n: number; id: number; accountId: number; deletedAt: Date | null }>`
    select k.n, r.id, r.account_id, r.deleted_at
    from unnest(
      ${inputs.map((each) => each.input.kind)}::text[],
      ${inputs.map((each) => each.source)}::text[],
      ${inputs.map((each) => each.input.id)}::text[]
    ) with ordinality as k (kind, source, external_id, n)
    join records r on r.kind = k.kind and r.source = k.source and r.external_id = k.external_id`.execute(tx);
  const records = new Map<string, RecordRow>();
  for (const { n, id, accountId, deletedAt } of rows) {
    const input = inputs[n - 1];
    if (input === undefined) continue;
    const row = { id, accountId, isNew: made.has(id), deletedAt: deletedAt?.getTime() ?? null };
    records.set(recordName(input), row);
  }
  return records;
}

/** Brings what is noted of deletions to what the changes of these records say. */
export async function noteDeletions(tx: Tx, records: readonly Pick<RecordRow, "id" | "accountId">[]): Promise<void> {
  if (records.length === 0) return;
  await sql`
    update records r set deleted_at = case when c.deleted then c.occurred_at end
    from unnest(
      ${records.map(({ accountId }) => accountId)}::bigint[], ${records.map(({ id }) => id)}::bigint[]
    ) as k (account_id, record_id)
    cross join lateral (
      select occurred_at, (set->>'deleted')::boolean as deleted from record_changes c
      where c.account_id = k.account_id and c.record_id = k.record_id and c.set->>'deleted' is not null
      order by occurred_at desc, recorded_at desc limit 1
    ) c
    where r.id = k.record_id`.execute(tx);
}

/** Inserted in the order of their names, so that two writers of the same new records wait and never deadlock. */
async function insertRecords(tx: Tx, inputs: readonly PlacedRecord[]): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    insert into records (kind, source, external_id, account_id)
    select kind, source, external_id, account_id
    from unnest(
      ${inputs.map((each) => each.input.kind)}::text[],
      ${inputs.map((each) => each.source)}::text[],
      ${inputs.map((each) => each.input.id)}::text[],
      ${inputs.map((each) => each.accountId)}::bigint[]
    ) as k (kind, source, external_id, account_id)
    order by kind, source, external_id
    on conflict do nothing
    returning id`.execute(tx);
  return new Set(rows.map((row) => row.id));
}
