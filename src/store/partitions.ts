import { sql } from "kysely";
import type { Db } from "./db.ts";

/** The tables that are partitioned by month. */
export const partitionedTables = ["usage_daily", "usage_users", "scores", "changes"] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

// Any number that no other program picks: makers of partitions wait for one another.
const lock = 7_310_579_460_023;

// A date typed wrongly must not make a thousand tables: what lies further off stays in the default partition.
const yearsBack = 15;
const monthsAhead = 3;

/** Months that this process has already seen to, so that writers may ask before every batch. */
const seen = new WeakMap<Db, Set<string>>();

/** Makes the month partitions of a table for the days from `fromDay` to `toDay` (`YYYY-MM-DD`); returns the names of new ones. */
export async function ensurePartitions(
  db: Db,
  table: PartitionedTable,
  fromDay: string,
  toDay: string,
  now: Date,
): Promise<string[]> {
  return ensureMonths(db, table, monthsBetween(monthOf(fromDay), monthOf(toDay), now), now);
}

/** Makes the month partitions that these days fall into, and only those. Called before the transaction that writes them. */
export async function ensurePartitionsOf(
  db: Db,
  table: PartitionedTable,
  days: Iterable<string>,
  now: Date,
): Promise<string[]> {
  return ensureMonths(db, table, [...new Set([...days].map(monthOf))], now);
}

/** Makes the partitions that the days around `now` need: usage from 13 months back, all else from the last month, to the next month. */
export async function ensureScorePartitions(db: Db, now: Date): Promise<string[]> {
  const present = monthNumber(now.toISOString());
  const monthsFrom = (from: number): string[] =>
    Array.from({ length: 2 - from }, (_, index) => monthText(present + from + index));
  return [
    ...(await ensureMonths(db, "usage_daily", monthsFrom(-13), now)),
    ...(await ensureMonths(db, "usage_users", monthsFrom(-1), now)),
    ...(await ensureMonths(db, "scores", monthsFrom(-1), now)),
    ...(await ensureMonths(db, "changes", monthsFrom(-1), now)),
  ];
}

/**
 * Rows of a month that already sit in the default partition stay there, and so does all of that month: splitting it would have to move
 * them under a lock that stops everybody. A wait for that lock is cut short; then too the default partition serves, and the next call tries again.
 */
async function ensureMonths(db: Db, table: PartitionedTable, months: readonly string[], now: Date): Promise<string[]> {
  const done = seenBy(db);
  const open = months.filter((month) => isSane(month, now) && !done.has(`${table} ${month}`));
  if (open.length === 0) return [];
  const present = await readPartitions(db, table);
  const made: string[] = [];
  for (const month of open.sort()) {
    const name = `${table}_${month.replace("-", "_")}`;
    const outcome = present.has(name) ? "present" : await makePartition(db, table, name, month);
    if (outcome === "made") made.push(name);
    if (outcome !== "busy") done.add(`${table} ${month}`);
  }
  return made;
}

function seenBy(db: Db): Set<string> {
  const known = seen.get(db) ?? new Set<string>();
  seen.set(db, known);
  return known;
}

async function readPartitions(db: Db, table: PartitionedTable): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = ${table}::regclass`.execute(db);
  return new Set(rows.map((row) => row.name));
}

async function makePartition(
  db: Db,
  table: PartitionedTable,
  name: string,
  month: string,
): Promise<"made" | "present" | "kept in default" | "busy"> {
  try {
    return await db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '2s'`.execute(tx);
      await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
      const { rows } = await sql<{ exists: boolean }>`select to_regclass(${name}) is not null as exists`.execute(tx);
      if (rows[0]?.exists === true) return "present";
      await sql`
        create table ${sql.table(name)} partition of ${sql.table(table)}
        for values from (${sql.lit(`${month}-01`)}) to (${sql.lit(`${monthAfter(month)}-01`)})`.execute(tx);
      return "made";
    });
  } catch (error) {
    if (codeOf(error) === rowsInDefault) return "kept in default";
    if (codeOf(error) === lockNotAvailable || codeOf(error) === deadlock) return "busy";
    throw error;
  }
}

/** The days a month partition is for, the end not among them; null for a default partition or a table without partitions. */
export function monthOfPartition(table: string, leaf: string): { readonly start: string; readonly end: string } | null {
  const month = /^_(\d{4})_(\d{2})$/.exec(leaf.slice(table.length));
  if (!leaf.startsWith(table) || month === null) return null;
  const start = `${month[1]}-${month[2]}`;
  return { start: `${start}-01`, end: `${monthAfter(start)}-01` };
}

/** Drops a partition. The parent is locked first, as writers do; a wait for it is cut short, and the next call tries again. */
export async function dropPartition(
  db: Db,
  table: PartitionedTable,
  leaf: string,
  how: "with its rows" | "if empty",
): Promise<"dropped" | "kept" | "busy"> {
  try {
    return await db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '2s'`.execute(tx);
      await sql`lock table only ${sql.table(table)} in access exclusive mode`.execute(tx);
      if (how === "if empty") {
        const { rows } = await sql`select from ${sql.table(leaf)} limit 1`.execute(tx);
        if (rows.length > 0) return "kept";
      }
      await sql`drop table ${sql.table(leaf)}`.execute(tx);
      return "dropped";
    });
  } catch (error) {
    if (codeOf(error) === lockNotAvailable || codeOf(error) === deadlock) return "busy";
    throw error;
  }
}

const rowsInDefault = "23514";
const lockNotAvailable = "55P03";
const deadlock = "40P01";

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function monthOf(day: string): string {
  return day.slice(0, 7);
}

function isSane(month: string, now: Date): boolean {
  const away = monthNumber(month) - monthNumber(now.toISOString());
  return away >= -12 * yearsBack && away <= monthsAhead;
}

function monthsBetween(first: string, last: string, now: Date): string[] {
  const present = monthNumber(now.toISOString());
  const from = Math.max(monthNumber(first), present - 12 * yearsBack);
  const to = Math.min(monthNumber(last), present + monthsAhead);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => monthText(from + index));
}

function monthAfter(month: string): string {
  return monthText(monthNumber(month) + 1);
}

/** Months since year 0. */
function monthNumber(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

function monthText(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}`;
}
