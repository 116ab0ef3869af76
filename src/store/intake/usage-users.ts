import { createHash } from "node:crypto";
import { sql } from "kysely";
import { lines } from "../arrays.ts";
import type { Tx } from "../db.ts";
import type { PlacedUsage } from "./known-input.ts";
import { nameIdOf } from "./usage-days.ts";

/** 48 bits: a safe integer, and among 100,000 users of an account two share one once in 50,000 accounts. */
const hashBytes = 6;

/** The number that stands for a user's id in our tables: it counts, and nobody reads a person from it. */
export function userHash(user: string): number {
  return createHash("sha256").update(user).digest().readUIntBE(0, hashBytes);
}

interface UserRow {
  readonly accountId: number;
  readonly nameId: number;
  readonly day: string;
  readonly user: number;
  readonly recordedAt: number;
  readonly backfilled: boolean;
}

/** Notes who used what on which day, each once; the earliest that it was known counts. Returns the accounts of which something new was learned. */
export async function writeUsers(
  tx: Tx,
  inputs: readonly PlacedUsage[],
  nameIds: ReadonlyMap<string, number>,
): Promise<ReadonlySet<number>> {
  const given = rowsOf(inputs, nameIds);
  if (given.length === 0) return new Set();
  const { rows } = await sql<{ accountId: number }>`
    with given as (
      select * from unnest(
        string_to_array(${lines(given.map((each) => each.accountId))}, E'\n')::bigint[],
        string_to_array(${lines(given.map((each) => each.nameId))}, E'\n')::integer[],
        string_to_array(${lines(given.map((each) => each.day))}, E'\n')::date[],
        string_to_array(${lines(given.map((each) => each.user))}, E'\n')::bigint[],
        string_to_array(${lines(given.map((each) => new Date(each.recordedAt).toISOString()))}, E'\n')::timestamptz[],
        string_to_array(${lines(given.map((each) => String(each.backfilled)))}, E'\n')::boolean[]
      ) as g (account_id, name_id, day, user_hash, recorded_at, backfilled)
    ), written as (
      insert into usage_users as u (account_id, name_id, day, user_hash, recorded_at, backfilled)
      select * from given
      on conflict (account_id, name_id, day, user_hash) do update set
        recorded_at = least(u.recorded_at, excluded.recorded_at),
        backfilled = u.backfilled or excluded.backfilled
      where excluded.recorded_at < u.recorded_at or (excluded.backfilled and not u.backfilled)
      returning u.account_id
    )
    select distinct account_id from written`.execute(tx);
  return new Set(rows.map((row) => row.accountId));
}

/** One row per user and day: a statement may touch a row only once. */
function rowsOf(inputs: readonly PlacedUsage[], nameIds: ReadonlyMap<string, number>): UserRow[] {
  const rows = new Map<string, UserRow>();
  for (const { accountId, input: whole, keptAs, recordedAt, backfilled } of inputs) {
    const input = keptAs ?? whole;
    if (input.user === undefined) continue;
    const row = { accountId, nameId: nameIdOf(nameIds, input.name), day: input.day, user: userHash(input.user) };
    const key = `${accountId} ${row.nameId} ${row.day} ${row.user}`;
    const known = rows.get(key);
    rows.set(key, {
      ...row,
      recordedAt: Math.min(known?.recordedAt ?? recordedAt, recordedAt),
      backfilled: (known?.backfilled ?? false) || backfilled,
    });
  }
  return [...rows.values()];
}
