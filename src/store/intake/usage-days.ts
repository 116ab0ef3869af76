import { sql } from "kysely";
import { lines } from "../arrays.ts";
import type { Tx } from "../db.ts";
import type { PlacedUsage, Written } from "./known-input.ts";

/** One day's total of one usage name of one account, or what is to be added to it. */
export interface UsageDay {
  readonly accountId: number;
  readonly nameId: number;
  readonly day: string;
  readonly value: number;
  readonly recordedAt: number;
  readonly backfilled: boolean;
}

/** Writes daily totals: a later total of the same day replaces the earlier one, which is kept for past moments. */
export async function writeDays(
  tx: Tx,
  inputs: readonly PlacedUsage[],
  nameIds: ReadonlyMap<string, number>,
): Promise<Written> {
  const days = new Map<string, UsageDay>();
  for (const { accountId, input, recordedAt, backfilled } of inputs) {
    const nameId = nameIdOf(nameIds, input.name);
    const { day, value } = input;
    days.set(`${accountId} ${nameId} ${day}`, { accountId, nameId, day, value, recordedAt, backfilled });
  }
  const { written, accountIds } = await replaceDays(tx, [...days.values()]);
  return { written, unchanged: inputs.length - written, rejected: [], accountIds };
}

/** The id of a name that was ensured before. */
export function nameIdOf(nameIds: ReadonlyMap<string, number>, name: string): number {
  const id = nameIds.get(name);
  if (id === undefined) throw new Error(`The usage name ${name} was not made.`);
  return id;
}

/** What a write of days changed. */
interface WrittenDays {
  readonly written: number;
  readonly accountIds: ReadonlySet<number>;
}

/** Sets the totals of days, each named once. */
async function replaceDays(tx: Tx, days: readonly UsageDay[]): Promise<WrittenDays> {
  return upsertDays(tx, days, "replace");
}

/** Adds to the totals of days, each named once. */
export async function addToDays(tx: Tx, days: readonly UsageDay[]): Promise<WrittenDays> {
  return upsertDays(tx, days, "add");
}

/**
 * The old version of a day goes to usage_superseded unless nobody can ever ask for it: history is taken as known when it happened, and
 * a sum that grew before the day was over anywhere on earth (UTC+14) was never a complete day's.
 */
async function upsertDays(tx: Tx, days: readonly UsageDay[], how: "replace" | "add"): Promise<WrittenDays> {
  const [first, last] = rangeOf(days);
  if (first === undefined || last === undefined) return { written: 0, accountIds: new Set() };
  const isAdded = how === "add";
  const { rows } = await sql<{ accountId: number; days: number }>`
    with given as (
      select * from unnest(
        string_to_array(${lines(days.map((each) => each.accountId))}, E'\n')::bigint[],
        string_to_array(${lines(days.map((each) => each.nameId))}, E'\n')::integer[],
        string_to_array(${lines(days.map((each) => each.day))}, E'\n')::date[],
        string_to_array(${lines(days.map((each) => each.value))}, E'\n')::float8[],
        string_to_array(${lines(days.map((each) => new Date(each.recordedAt).toISOString()))}, E'\n')::timestamptz[],
        string_to_array(${lines(days.map((each) => String(each.backfilled)))}, E'\n')::boolean[]
      ) as g (account_id, name_id, day, value, recorded_at, backfilled)
    ), met as (
      select g.*, u.value as old_value, u.recorded_at as old_recorded_at
      from given g
      left join usage_daily u on u.account_id = g.account_id and u.name_id = g.name_id and u.day = g.day
        and u.day between ${first}::date and ${last}::date
      where ${isAdded} or u.value is distinct from g.value
    ), superseded as (
      insert into usage_superseded (account_id, name_id, day, value, recorded_at)
      select account_id, name_id, day, old_value, old_recorded_at
      from met
      where old_value is not null and recorded_at > old_recorded_at
        and not (backfilled and recorded_at <= day::timestamp at time zone 'UTC' + interval '1 day')
        and (not ${isAdded} or recorded_at > day::timestamp at time zone 'UTC' + interval '10 hours')
      on conflict do nothing
    ), written as (
      insert into usage_daily (account_id, name_id, day, value, recorded_at, backfilled)
      select account_id, name_id, day, value, recorded_at, backfilled from met
      on conflict (account_id, name_id, day) do update set
        value = case when ${isAdded} then usage_daily.value else 0 end + excluded.value,
        recorded_at = greatest(usage_daily.recorded_at, excluded.recorded_at),
        backfilled = usage_daily.backfilled and excluded.backfilled
      returning account_id
    )
    select account_id, count(*)::integer as days from written group by account_id`.execute(tx);
  return {
    written: rows.reduce((sum, row) => sum + row.days, 0),
    accountIds: new Set(rows.map((row) => row.accountId)),
  };
}

function rangeOf(days: readonly UsageDay[]): [string | undefined, string | undefined] {
  let first = days[0]?.day;
  let last = first;
  for (const { day } of days) {
    if (first === undefined || day < first) first = day;
    if (last === undefined || day > last) last = day;
  }
  return [first, last];
}
