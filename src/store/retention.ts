import { type RawBuilder, sql } from "kysely";
import { companySchema } from "../scoring/company.ts";
import { type DataRetention, dataRetentionSchema } from "../scoring/data-retention.ts";
import type { Db } from "./db.ts";
import { readFact, writeFact } from "./installation.ts";
import { leavesOf, stretchesOf } from "./pages.ts";
import { dropPartition, monthOfPartition, type PartitionedTable } from "./partitions.ts";

/** What a pass of maintenance did to one table, or would do. */
export interface TableMaintenance {
  readonly table: string;
  readonly removed: number;
  /** Partitions that were dropped, their rows among the removed. */
  readonly dropped: readonly string[];
  /** False when the pass met its limit: the next one goes on. */
  readonly isDone: boolean;
}

/** How one pass is to go. */
export interface MaintenanceOptions {
  /** Count only. */
  readonly isDryRun: boolean;
  /** About so many rows of a table are removed at most. */
  readonly maxRows: number;
}

/** An hour of deleting, as a rule much less. */
export const usualMaxRows = 20_000_000;

const dayMs = 86_400_000;

/**
 * Thins old scores and forgets what is older than the company keeps it, in small transactions beside everything else that runs. An
 * account's newest score always stays: bands and stages rest on what it remembers.
 */
export async function maintain(
  db: Db,
  retention: DataRetention,
  options: MaintenanceOptions,
  now: Date,
): Promise<readonly TableMaintenance[]> {
  const before = (days: number) => new Date(now.getTime() - days * dayMs);
  const dayBefore = (days: number) => before(days).toISOString().slice(0, 10);
  const thinned = await readThinned(db);
  const rules: readonly Rule[] = [
    scoresRule(dayBefore(retention.scoresDaily), retention.scores === null ? null : dayBefore(retention.scores)),
    {
      table: "usage_events",
      isOld: sql`t.recorded_at < ${before(retention.usageEvents)} and not t.backfilled`,
      dropBefore: null,
    },
    {
      table: "inbox",
      isOld: sql`t.state <> 'pending' and t.settled_at < ${before(retention.inbox)}`,
      dropBefore: null,
    },
    {
      table: "inbox_refusals",
      isOld: sql`t.hour < ${before(retention.inbox)}`,
      dropBefore: null,
    },
    {
      table: "held_inputs",
      isOld: sql`t.recorded_at < ${before(retention.held)} and not t.backfilled`,
      dropBefore: null,
    },
    {
      table: "changes",
      isOld: sql`t.at < ${before(retention.changes)}`,
      dropBefore: dayBefore(retention.changes),
    },
    {
      table: "usage_users",
      isOld: sql`t.day < ${dayBefore(retention.usageUsers)}`,
      dropBefore: dayBefore(retention.usageUsers),
    },
  ];
  const tables: TableMaintenance[] = [];
  for (const rule of rules) tables.push(await maintainTable(db, rule, options, thinned));
  if (!options.isDryRun) await writeFact(db, "maintenance", { at: now.toISOString(), thinned });
  return tables;
}

/** How long the live company document keeps what grows; the defaults where it does not say. */
export async function readRetention(db: Db): Promise<DataRetention> {
  const row = await db
    .selectFrom("liveDocuments as l")
    .innerJoin("documents as d", (join) =>
      join.onRef("d.kind", "=", "l.kind").onRef("d.id", "=", "l.id").onRef("d.revision", "=", "l.revision"),
    )
    .select("d.body")
    .where("l.kind", "=", "company")
    .executeTakeFirst();
  const company = companySchema.safeParse(row?.body);
  return company.data?.retention ?? dataRetentionSchema.parse({});
}

/** When maintenance was last done; null when never. */
export async function readLastMaintenance(db: Db): Promise<Date | null> {
  const fact = await readFact(db, "maintenance");
  return isObject(fact) && typeof fact["at"] === "string" ? new Date(fact["at"]) : null;
}

/** Tables without partitions. */
const wholeTables = ["usage_events", "inbox", "inbox_refusals", "held_inputs"] as const;
type WholeTable = (typeof wholeTables)[number];

function isPartitioned(table: PartitionedTable | WholeTable): table is PartitionedTable {
  return !wholeTables.some((each) => each === table);
}

/** Which rows of a table are to go. `t` is the row. */
interface Rule {
  readonly table: PartitionedTable | WholeTable;
  readonly isOld: RawBuilder<unknown>;
  /** A partition of months before this day is dropped; those of scores only once they are empty. Null: never. */
  readonly dropBefore: string | null;
  /** Partitions between these days hold nothing to remove once they were thinned, until something is written to them. */
  readonly thinnedBetween?: readonly [from: string, to: string];
}

function scoresRule(dailyFrom: string, keptFrom: string | null): Rule {
  const laterWithin = (days: RawBuilder<unknown>) => sql`exists (
    select from scores n where n.account_id = t.account_id and n.day > t.day and n.day <= ${days})`;
  const isThinned = sql`(t.day < ${dailyFrom}::date and ${laterWithin(sql`t.day + 7 - extract(isodow from t.day)::integer`)})`;
  const isOld =
    keptFrom === null
      ? isThinned
      : sql`(${isThinned} or (t.day < ${keptFrom}::date and ${laterWithin(sql`date 'infinity'`)}))`;
  return { table: "scores", isOld, dropBefore: keptFrom, thinnedBetween: [keptFrom ?? "0000-01-01", dailyFrom] };
}

type Thinned = Record<string, number>;

async function maintainTable(
  db: Db,
  rule: Rule,
  options: MaintenanceOptions,
  thinned: Thinned,
): Promise<TableMaintenance> {
  let removed = 0;
  const dropped: string[] = [];
  for (const leaf of await leavesOf(db, rule.table)) {
    if (removed >= options.maxRows) return { table: rule.table, removed, dropped, isDone: false };
    const done = await maintainLeaf(db, rule, leaf, { ...options, maxRows: options.maxRows - removed }, thinned);
    removed += done.removed;
    if (done.isDropped) dropped.push(leaf);
  }
  return { table: rule.table, removed, dropped, isDone: removed < options.maxRows };
}

async function maintainLeaf(
  db: Db,
  rule: Rule,
  leaf: string,
  options: MaintenanceOptions,
  thinned: Thinned,
): Promise<{ readonly removed: number; readonly isDropped: boolean }> {
  const month = monthOfPartition(rule.table, leaf);
  const isPast = month !== null && rule.dropBefore !== null && month.end <= rule.dropBefore;
  if (isPast && rule.table !== "scores") return dropWhole(db, rule.table, leaf, options.isDryRun);
  // Read before the rows: what is written meanwhile makes another number.
  const inserted = await readInserted(db, leaf);
  const [from, to] = rule.thinnedBetween ?? ["", ""];
  const staysThin = month !== null && month.start >= from && month.end <= to;
  if (staysThin && thinned[leaf] === inserted) return { removed: 0, isDropped: false };
  const removed = await removeOld(db, leaf, rule.isOld, options);
  if (options.isDryRun) return { removed, isDropped: false };
  if (staysThin && removed < options.maxRows) thinned[leaf] = inserted;
  if (!isPast) return { removed, isDropped: false };
  const outcome = await dropPartition(db, "scores", leaf, "if empty");
  if (outcome === "dropped") delete thinned[leaf];
  return { removed, isDropped: outcome === "dropped" };
}

/** Nothing of it stays: dropping it costs less than deleting its rows, and gives its room back at once. */
async function dropWhole(
  db: Db,
  table: PartitionedTable | WholeTable,
  leaf: string,
  isDryRun: boolean,
): Promise<{ readonly removed: number; readonly isDropped: boolean }> {
  const { rows } = await sql<{ rows: number }>`select count(*) as rows from ${sql.table(leaf)}`.execute(db);
  const removed = rows[0]?.rows ?? 0;
  if (isDryRun) return { removed, isDropped: true };
  if (!isPartitioned(table)) throw new Error(`The table ${table} has no partitions.`);
  const outcome = await dropPartition(db, table, leaf, "with its rows");
  return outcome === "dropped" ? { removed, isDropped: true } : { removed: 0, isDropped: false };
}

async function removeOld(
  db: Db,
  leaf: string,
  isOld: RawBuilder<unknown>,
  { isDryRun, maxRows }: MaintenanceOptions,
): Promise<number> {
  let removed = 0;
  for (const stretch of await stretchesOf(db, leaf, "t")) {
    if (removed >= maxRows) break;
    if (isDryRun) {
      const { rows } = await sql<{ rows: number }>`
        select count(*) as rows from ${sql.table(leaf)} as t where ${stretch} and ${isOld}`.execute(db);
      removed += rows[0]?.rows ?? 0;
    } else {
      const result = await sql`delete from ${sql.table(leaf)} as t where ${stretch} and ${isOld}`.execute(db);
      removed += Number(result.numAffectedRows ?? 0);
    }
  }
  return removed;
}

/** How many rows were ever inserted, as the server's statistics have it: it starts anew after a crash, and then the partition is looked at again. */
async function readInserted(db: Db, leaf: string): Promise<number> {
  const { rows } = await sql<{ inserted: number }>`
    select pg_stat_get_tuples_inserted(${leaf}::regclass) as inserted`.execute(db);
  return rows[0]?.inserted ?? 0;
}

async function readThinned(db: Db): Promise<Thinned> {
  const fact = await readFact(db, "maintenance");
  const thinned = isObject(fact) ? fact["thinned"] : undefined;
  if (!isObject(thinned)) return {};
  return Object.fromEntries(
    Object.entries(thinned).flatMap(([leaf, inserted]) => (typeof inserted === "number" ? [[leaf, inserted]] : [])),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
