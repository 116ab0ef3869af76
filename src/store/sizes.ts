import { sql } from "kysely";
import type { Db } from "./db.ts";

/** What the data takes up. */
export interface Sizes {
  readonly accounts: number;
  /** All tables with their indexes, in bytes. */
  readonly bytes: number;
  readonly tables: readonly { readonly table: string; readonly bytes: number }[];
  /** The accounts with the most rows in the big tables; estimates where these are large. */
  readonly biggest: readonly { readonly account: string; readonly rows: number }[];
}

/** Those that hold rows without end for each account. */
const bigTables = ["usage_daily", "usage_events", "usage_users", "record_changes", "scores", "changes"] as const;
/** More than this much of a table is not read: of a larger one a share of the pages stands for all. */
const mostBytesRead = 32_000_000;
const fewest = 5;

/** Measures the tables, largest first, and the largest accounts. Takes a second or two however much there is. */
export async function readSizes(db: Db): Promise<Sizes> {
  const { rows: tables } = await sql<{ table: string; bytes: number }>`
    select c.relname as table, (select sum(pg_total_relation_size(relid)) from (
        select relid from pg_partition_tree(c.oid) union select c.oid) parts)::bigint as bytes
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by 2 desc, 1`.execute(db);
  const { rows } = await sql<{ accounts: number }>`select count(*)::integer as accounts from accounts`.execute(db);
  return {
    accounts: rows[0]?.accounts ?? 0,
    bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    tables,
    biggest: await readBiggest(db, tables),
  };
}

async function readBiggest(db: Db, sizes: Sizes["tables"]): Promise<Sizes["biggest"]> {
  const counts = bigTables.map((table) => {
    const bytes = sizes.find((each) => each.table === table)?.bytes ?? 0;
    const percent = Math.min(100, (100 * mostBytesRead) / Math.max(1, bytes));
    return sql`
      select account_id, count(*) * ${100 / percent}::float8 as rows
      from ${sql.table(table)} tablesample system (${percent}::float4) repeatable (1) group by account_id`;
  });
  const { rows } = await sql<{ account: string; rows: number }>`
    select a.key as account, round(sum(c.rows))::bigint as rows
    from (${sql.join(counts, sql` union all `)}) c join accounts a on a.id = c.account_id
    group by a.key order by 2 desc, 1 limit ${fewest}`.execute(db);
  return rows;
}
