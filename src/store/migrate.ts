import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";

/** What a run of the migrations did and met, as names such as `0001-ground`. */
export interface Migrated {
  readonly applied: readonly string[];
  /** Landed from a newer version of the code, unknown here: no fault, as each migration is safe beside the version before it. */
  readonly ahead: readonly string[];
}

/** What a caller may settle about the migrations. */
export interface MigrateOptions {
  /** The folder of the `NNNN-name.sql` files; the project's own unless told. */
  readonly folder?: string;
  /** How long one attempt may wait for a lock on a table; 5 s unless told. Queries queue behind such a wait. */
  readonly lockTimeoutMs?: number;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

// Any number that no other program picks; all processes that migrate one database wait on it.
const advisoryLock = 7_310_579_460_021;
const attempts = 10;

/**
 * Brings the schema up to date: each missing file in a transaction of its own, in order, once however many processes start together.
 * Throws when a file that has landed was edited, when a new file is numbered before one that has landed, or when a lock cannot be had.
 */
export async function migrate(pool: pg.Pool, options: MigrateOptions = {}): Promise<Migrated> {
  const migrations = await readMigrations(
    options.folder ?? fileURLToPath(new URL("../../migrations", import.meta.url)),
  );
  const client = await pool.connect();
  try {
    // The wait for the other starters, and a migration, may take longer than any query.
    await client.query("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0");
    await client.query("select pg_advisory_lock($1)", [advisoryLock]);
    await client.query(`set lock_timeout = ${options.lockTimeoutMs ?? 5000}`);
    return await applyMissing(client, migrations);
  } finally {
    // Destroyed, not returned: the lock and the settings end with the connection.
    client.release(true);
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  const migrations = await Promise.all(files.map((file) => readMigration(folder, file)));
  const repeated = migrations.find(({ name }, index) => numberOf(name) === numberOf(migrations[index - 1]?.name ?? ""));
  if (repeated !== undefined) throw new Error(`Two migrations are numbered ${numberOf(repeated.name)}: rename one.`);
  return migrations;
}

async function readMigration(folder: string, file: string): Promise<Migration> {
  if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(file)) {
    throw new Error(`The migration ${file} has an unexpected name: expected NNNN-what-it-does.sql.`);
  }
  // A checkout on Windows may have turned the line ends; that is no edit.
  const sql = (await readFile(`${folder}/${file}`, "utf8")).replaceAll("\r\n", "\n");
  return { name: file.slice(0, -".sql".length), sql, sha256: createHash("sha256").update(sql).digest("hex") };
}

function numberOf(name: string): string {
  return name.slice(0, 4);
}

async function applyMissing(client: pg.PoolClient, migrations: readonly Migration[]): Promise<Migrated> {
  await client.query(
    `create table if not exists keepwell_migrations (
       name text primary key,
       sha256 text not null,
       applied_at timestamptz not null default now()
     )`,
  );
  const { rows } = await client.query<{ name: string; sha256: string }>("select name, sha256 from keepwell_migrations");
  const landed = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
  const missing = migrations.filter(({ name }) => !landed.has(name));
  assertUnedited(migrations, landed);
  assertInOrder(missing, [...landed.keys()].sort().at(-1));
  for (const migration of missing) await applyWithRetry(client, migration);
  const known = new Set(migrations.map(({ name }) => name));
  return {
    applied: missing.map(({ name }) => name),
    ahead: [...landed.keys()].filter((name) => !known.has(name)).sort(),
  };
}

function assertUnedited(migrations: readonly Migration[], landed: ReadonlyMap<string, string>): void {
  const edited = migrations.filter(({ name, sha256 }) => landed.has(name) && landed.get(name) !== sha256);
  if (edited.length === 0) return;
  const names = edited.map(({ name }) => name).join(", ");
  throw new Error(
    `Edited after it landed in this database: ${names}. Restore the file and write the change as a new migration.`,
  );
}

function assertInOrder(missing: readonly Migration[], newestLanded: string | undefined): void {
  const late = missing.find(({ name }) => newestLanded !== undefined && name < newestLanded);
  if (late === undefined) return;
  throw new Error(
    `The migration ${late.name} comes before ${newestLanded}, which has landed: give it the next number.`,
  );
}

/** Gives way to whoever holds a table: a waiting migration would hold up every query behind it. */
async function applyWithRetry(client: pg.PoolClient, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await apply(client, migration);
    } catch (cause) {
      const isLockedOut = cause instanceof pg.DatabaseError && cause.code === "55P03";
      if (!isLockedOut || attempt === attempts) {
        throw new Error(`The migration ${migration.name} failed: ${describe(cause)}`, { cause });
      }
      await pause(attempt * 100);
    }
  }
}

async function apply(client: pg.PoolClient, { name, sql, sha256 }: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(sql);
    await client.query("insert into keepwell_migrations (name, sha256) values ($1, $2)", [name, sha256]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
