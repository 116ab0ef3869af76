import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { z } from "zod";
import { quoted, readMigrations, readTables } from "./backup/catalogue.ts";
import { type BackupHeader, backupVersion, headerSchema, tableLineSchema, trailerSchema } from "./backup/format.ts";
import { BackupReader, Truncated } from "./backup/reader.ts";
import type { OnTable } from "./backup.ts";
import type { Database } from "./db.ts";
import { ensurePartitionsOf, partitionedTables } from "./partitions.ts";

/** What became of a restore. Refused: nothing was changed, and the reason says what to do. */
export type Restored =
  | { readonly kind: "restored"; readonly header: BackupHeader }
  | { readonly kind: "refused"; readonly reason: string };

/** Fills an empty database of the same schema from a backup, in one transaction: all of it or nothing. Memory stays small. */
export async function restoreBackup(
  database: Pick<Database, "db" | "pool">,
  path: string,
  now: Date,
  onTable: OnTable = () => undefined,
): Promise<Restored> {
  const file = createReadStream(path);
  const inflated = createGunzip();
  // A fault of the file is met where `inflated` is read, be it now or later.
  file.on("error", (error) => inflated.destroy(error));
  inflated.on("error", () => undefined);
  const reader = new BackupReader(file.pipe(inflated));
  const client = await database.pool.connect();
  try {
    const header = await readHeader(reader);
    await client.query("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0");
    await refuseOtherSchema(client, header);
    await refuseFull(client, header);
    await makePartitions(database, header, now);
    await client.query("begin");
    await fill(client, reader, header, onTable);
    await client.query("commit");
    // Without statistics the first passes would read everything.
    await client.query(`analyze ${header.tables.map(({ name }) => quoted(name)).join(", ")}`);
    return { kind: "restored", header };
  } catch (error) {
    return { kind: "refused", reason: reasonOf(error) };
  } finally {
    // Destroyed, not returned: what was begun and not committed is gone with it.
    client.release(true);
    file.destroy();
    inflated.destroy();
  }
}

/** Ends a restore before anything is changed. */
class Refusal extends Error {}

async function readHeader(reader: BackupReader): Promise<BackupHeader> {
  const header = await jsonLine(reader, true);
  const version = typeof header === "object" && header !== null && "version" in header ? header.version : null;
  if (typeof version === "number" && version > backupVersion) {
    throw new Refusal(`The file is of a newer version of Keepwell (format ${version}): restore it with that.`);
  }
  return known(headerSchema, header);
}

/** A row's columns mean what the schema of its time says. */
async function refuseOtherSchema(client: pg.ClientBase, header: BackupHeader): Promise<void> {
  const here = (await readMigrations(client)).map(({ name, sha256 }) => `${name} ${sha256}`).join();
  const there = header.migrations.map(({ name, sha256 }) => `${name} ${sha256}`).join();
  if (here === there) return;
  const newest = header.migrations.at(-1)?.name ?? "no migration";
  throw new Refusal(
    `The backup is of another schema (${newest}) than this version of Keepwell makes. Restore it with the version that wrote it, ` +
      "then start this one on that database: it brings the schema up to date.",
  );
}

async function refuseFull(client: pg.ClientBase, header: BackupHeader): Promise<void> {
  const tables = (await readTables(client)).map(({ name }) => name);
  const strange = header.tables.find(({ name }) => !tables.includes(name));
  if (strange !== undefined) throw new Refusal(`The backup has a table ${strange.name} that this database has not.`);
  const full: string[] = [];
  for (const name of tables) {
    const { rowCount } = await client.query(`select from ${quoted(name)} limit 1`);
    if (rowCount !== 0) full.push(name);
  }
  if (full.length === 0) return;
  throw new Refusal(
    `The database is not empty: there are rows in ${full.join(", ")}. A backup is restored into a fresh one only: ` +
      "name another DATABASE_URL, or another KEEPWELL_DATA for the embedded PostgreSQL, and stop what works on it.",
  );
}

async function makePartitions({ db }: Pick<Database, "db">, header: BackupHeader, now: Date): Promise<void> {
  for (const table of partitionedTables) {
    const days = header.partitions.filter((each) => each.table === table).map(({ month }) => `${month}-01`);
    await ensurePartitionsOf(db, table, days, now);
  }
}

async function fill(
  client: pg.ClientBase,
  reader: BackupReader,
  header: BackupHeader,
  onTable: OnTable,
): Promise<void> {
  const names = header.tables.map(({ name }) => quoted(name)).join(", ");
  await client.query(`lock table ${names} in share row exclusive mode`);
  // Somebody may have been quicker since it was looked at.
  await refuseFull(client, header);
  for (const table of header.tables) {
    const line = known(tableLineSchema, await jsonLine(reader, true));
    if (line.table !== table.name)
      throw new Refusal(`The file is damaged: ${line.table} stands where ${table.name} should.`);
    const into = client.query(
      copyFrom(`copy ${quoted(table.name)} (${table.columns.map(quoted).join(", ")}) from stdin`),
    );
    await pipeline(reader.rows(), into);
    if (into.rowCount !== table.rows) {
      throw new Refusal(
        `The file is damaged: ${table.name} has ${into.rowCount} rows where ${table.rows} were written.`,
      );
    }
    await onTable(table.name, table.rows);
  }
  const trailer = known(trailerSchema, await jsonLine(reader, false));
  if (trailer.sha256 !== reader.digest()) throw new Refusal("The file is damaged: its hash is not that of its rows.");
  for (const { table, column, value } of header.counters) {
    await client.query("select setval(pg_get_serial_sequence(quote_ident($1), $2), $3)", [table, column, value]);
  }
}

async function jsonLine(reader: BackupReader, isHashed: boolean): Promise<unknown> {
  const line = await reader.line(isHashed);
  if (line === null) throw new Truncated();
  try {
    return JSON.parse(line);
  } catch {
    throw new Refusal("The file is not a backup of Keepwell, or it is damaged.");
  }
}

function known<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new Refusal("The file is not a backup of Keepwell, or it is damaged.");
  return parsed.data;
}

function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (error instanceof Truncated || code === "Z_BUF_ERROR") {
    return "The file ends too early: it was not written or not copied to its end.";
  }
  // A value that is none of its type, or a row that breaks a rule of the schema.
  if (typeof code === "string" && /^2[23]...$/.test(code)) return `The file is damaged: ${messageOf(error)}.`;
  if (code === "Z_DATA_ERROR") return "The file is not a backup of Keepwell, or it is damaged.";
  if (code === "ENOENT" || code === "EISDIR" || code === "EACCES") return "The file cannot be read.";
  throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
