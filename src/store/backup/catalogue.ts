import type pg from "pg";
import { monthOfPartition, partitionedTables } from "../partitions.ts";
import type { BackupHeader } from "./format.ts";

/** A name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The migrations that have landed, oldest first. */
export async function readMigrations(client: pg.ClientBase): Promise<BackupHeader["migrations"]> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    "select name, sha256 from keepwell_migrations order by name",
  );
  return rows;
}

/** Our tables with their columns, each after those it refers to. Partitions are reached through their parent. */
export async function readTables(client: pg.ClientBase): Promise<{ name: string; columns: string[] }[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; needs: string[] }>(`
    select c.relname as name,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      array(select distinct f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid) as needs
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'keepwell_migrations'
    order by c.relname`);
  return inOrder(rows).map(({ name, columns }) => ({ name, columns }));
}

function inOrder<Table extends { readonly name: string; readonly needs: readonly string[] }>(
  tables: readonly Table[],
): Table[] {
  const ordered: Table[] = [];
  const placed = new Set<string>();
  while (ordered.length < tables.length) {
    const next = tables.filter(({ name, needs }) => !placed.has(name) && needs.every((need) => placed.has(need)));
    if (next.length === 0)
      throw new Error("Some tables refer to each other in a circle: none of them can be filled first.");
    for (const table of next) placed.add(table.name);
    ordered.push(...next);
  }
  return ordered;
}

/** The counters of ids that have given out a number. */
export async function readCounters(client: pg.ClientBase): Promise<BackupHeader["counters"]> {
  const { rows } = await client.query<{ table: string; column: string; value: string | null }>(`
    select c.relname as table, a.attname as column,
      pg_sequence_last_value(pg_get_serial_sequence(quote_ident(c.relname), a.attname)::regclass)::text as value
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by 1, 2`);
  return rows.flatMap(({ table, column, value }) => (value === null ? [] : [{ table, column, value: Number(value) }]));
}

/** The months that have a partition of their own. */
export async function readMonths(client: pg.ClientBase): Promise<BackupHeader["partitions"]> {
  const { rows } = await client.query<{ table: string; leaf: string }>(
    `select inhparent::regclass::text as table, inhrelid::regclass::text as leaf from pg_inherits
     where inhparent::regclass::text = any($1) order by 1, 2`,
    [partitionedTables],
  );
  return rows.flatMap(({ table, leaf }) => {
    const start = monthOfPartition(table, leaf)?.start;
    return start === undefined ? [] : [{ table, month: start.slice(0, "YYYY-MM".length) }];
  });
}
