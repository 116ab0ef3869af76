import { sql } from "kysely";
import type { ChildScore, DayNumber } from "../../scoring/history.ts";
import type { NewestScore } from "../../scoring/replay/family-days.ts";
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

/** The newest scores of the children of these accounts, in the order of the children's ids. Accounts without children are left out, and so are children that were archived by then. */
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
      and (c.archived_at is null or c.archived_at >= date '1970-01-02' + ${throughDay}::integer)
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

/** The newest scores of these accounts; those that were never scored are left out. */
export async function readNewestScores(
  db: Db | Tx,
  accountIds: readonly number[],
  throughDay: DayNumber,
): Promise<ReadonlyMap<number, NewestScore>> {
  const { rows } = await sql<Omit<ChildRow, "parentId" | "key" | "name"> & { readonly accountId: number }>`
    select a.id as account_id, s.score::float8 as score, s.band, s.mrr
    from unnest(${idArray(accountIds)}::bigint[]) as a (id)
    cross join lateral (
      select score, band, metrics->'billing.mrr' as mrr from scores
      where account_id = a.id and day <= date '1970-01-01' + ${throughDay}::integer
      order by day desc limit 1
    ) s`.execute(db);
  return new Map(rows.map(({ accountId, score, band, mrr }) => [accountId, { score, band, mrr: knownMrr(mrr) }]));
}

/** Who was whose parent at any time, as all account records tell it. */
export async function readTies(db: Db): Promise<readonly { readonly childId: number; readonly parentId: number }[]> {
  const { rows } = await sql<{ childId: number; parentId: number }>`
    select distinct c.account_id as child_id, p.id as parent_id
    from record_changes c join accounts p on p.key = c.set->>'parent'
    where c.kind = 'account'`.execute(db);
  return rows;
}

function knownMrr(packed: PackedMetric | null): number | null {
  const [value, , , state = "value"] = packed ?? [null];
  return typeof value === "number" && state === "value" ? value : null;
}
