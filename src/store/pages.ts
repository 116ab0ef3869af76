import { type RawBuilder, sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** Some megabytes: a statement over so many pages is over in a moment, and so are its locks. */
const pagesAtOnce = 2048;

/** The tables that hold the rows of one: its partitions, in the order of their names, else itself. */
export async function leavesOf(db: Db | Tx, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_partition_tree(${table}::regclass) join pg_class on oid = relid
    where isleaf order by relname`.execute(db);
  return rows.length === 0 ? [table] : rows.map((row) => row.name);
}

/**
 * Conditions on `ctid` that cut a table, as long as it is now, into stretches of pages: each row is read once whatever index there is,
 * in the order in which it lies on the disk. `name` is what the statement calls the table.
 */
export async function stretchesOf(db: Db | Tx, leaf: string, name: string): Promise<RawBuilder<boolean>[]> {
  const { rows } = await sql<{ pages: number }>`
    select (pg_relation_size(${leaf}::regclass) / current_setting('block_size')::bigint)::integer as pages`.execute(db);
  const pages = rows[0]?.pages ?? 0;
  const ctid = sql.ref(`${name}.ctid`);
  return Array.from({ length: Math.ceil(pages / pagesAtOnce) }, (_, index) => {
    const [from, to] = [index * pagesAtOnce, (index + 1) * pagesAtOnce];
    return sql<boolean>`(${ctid} >= ${`(${from},0)`}::tid and ${ctid} < ${`(${to},0)`}::tid)`;
  });
}
