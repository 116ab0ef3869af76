import { sql } from "kysely";
import type { ChildScore, DayNumber } from "../../scoring/history.ts";
import { idArray } from "../arrays.ts";
import type { Db, Tx } from "../db.ts";
import type { PackedMetric } from "./packing.ts";

interface ChildRow {
  readonly parentId: number;
  readonly key: string;
  readonly name: string;
  readonly score: number | null;
  readonly band: string | null;
  readonly mrr: PackedMetric | null;
}

/** The newest scores of the children of these accounts, in the order of the children's ids. Accounts without children are left out. */
export async function readChildScores(
  db: Db | Tx,
  parentIds: readonly number[],
  throughDay: DayNumber,
): Promise<ReadonlyMap<number, readonly ChildScore[]>> {
  const { rows } = await sql<ChildRow>`
    select c.parent_id, c.key, c.name, s.score::float8 as score, s.band, s.mrr
    from accounts c
    left join lateral (
      select score, band, metrics->'billing.mrr' as mrr from scores
      where account_id = c.id and day <= date '1970-01-01' + ${throughDay}::integer
      order by day desc limit 1
    ) s on true
    where c.parent_id = any(${idArray(parentIds)}::bigint[])
    order by c.parent_id, c.id`.execute(db);
  const children = new Map<number, ChildScore[]>();
  for (const { parentId, key, name, score, band, mrr } of rows) {
    const child = { key, name, score, band, mrr: knownMrr(mrr) };
    const siblings = children.get(parentId);
    if (siblings === undefined) children.set(parentId, [child]);
    else siblings.push(child);
  }
  return children;
}

/** `billing.mrr` as stored with the newest score of each account; null where it was unknown. */
export async function readStoredMrr(
  db: Db | Tx,
  accountIds: readonly number[],
  throughDay: DayNumber,
): Promise<ReadonlyMap<number, number | null>> {
  const { rows } = await sql<{ accountId: number; mrr: PackedMetric | null }>`
    select a.id as account_id, s.mrr
    from unnest(${idArray(accountIds)}::bigint[]) as a (id)
    cross join lateral (
      select metrics->'billing.mrr' as mrr from scores
      where account_id = a.id and day <= date '1970-01-01' + ${throughDay}::integer
      order by day desc limit 1
    ) s`.execute(db);
  return new Map(rows.map(({ accountId, mrr }) => [accountId, knownMrr(mrr)]));
}

function knownMrr(packed: PackedMetric | null): number | null {
  const [value, , , state = "value"] = packed ?? [null];
  return typeof value === "number" && state === "value" ? value : null;
}
