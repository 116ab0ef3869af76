import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import type { Schema } from "./schema.ts";

/** The handle of a store function; it may also be a transaction. */
export type Db = Kysely<Schema>;

/** The handle of a store function that must be in a transaction. */
export type Tx = Transaction<Schema>;

/** One pool of connections, as Kysely and bare. */
export interface Database {
  readonly db: Db;
  /** For `copy` and statements written by hand: the same connections. */
  readonly pool: pg.Pool;
  /** Waits for the connections in use, then closes all. */
  readonly close: () => Promise<void>;
}

/** What a caller may settle about its connections. */
export interface DatabaseOptions {
  /** Connections at most; 10 unless told. Processes times this must stay below the server's max_connections. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** The longest one statement may run; five minutes unless told, 0 for no limit. */
  readonly statementTimeoutMs?: number;
  /** Told of each connection that breaks. The pool replaces it, and a query that was on it fails by itself. */
  readonly onError?: (error: Error) => void;
}

const int8 = 20;
const date = 1082;
const numeric = 1700;
const int8Array = 1016;
const dateArray = 1182;
const textArray = 1009;

/**
 * Opens a pool; the first query connects. `bigint` reads as a number (throws past 2^53), `numeric` as a number, `date` as `YYYY-MM-DD`,
 * `timestamptz` as a Date. A connection that breaks never ends the process.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "keepwell",
    types: typeParsers(),
    connectionTimeoutMillis: 15_000,
    // A dead peer is noticed in about 20 s instead of two hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 300_000,
    // Rows are held for milliseconds; a wait this long is a fault, and the pass is repeated.
    lock_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  const onError = options.onError ?? ignore;
  // Without a listener on both, an error ends the process: the pool speaks for idle connections only. One that breaks may err twice.
  pool.on("connect", (client) => client.once("error", onError).on("error", ignore));
  pool.on("error", ignore);
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  return { db, pool, close: () => close(db, pool) };
}

function ignore(): void {}

async function close(db: Db, pool: pg.Pool): Promise<void> {
  await db.destroy();
  // Kysely ends the pool only when a query went through Kysely.
  if (!pool.ending) await pool.end();
}

/** The moment by the database's clock, which all processes share; inside a transaction, the moment it began. Cut to milliseconds. */
export async function readNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("The database did not answer with its time.");
  return row.now;
}

function typeParsers(): pg.TypeOverrides {
  const parsers = new pg.TypeOverrides();
  // The declared type of this function is wrong: it answers the parser of the text.
  const parseArray = parsers.getTypeParser(textArray) as unknown as (text: string) => (string | null)[];
  parsers.setTypeParser(int8, parseSafeInteger);
  parsers.setTypeParser(int8Array, (text: string) =>
    parseArray(text).map((item) => (item === null ? null : parseSafeInteger(item))),
  );
  parsers.setTypeParser(numeric, Number);
  // A day has no zone: as a Date it would be the day before for half of the world.
  parsers.setTypeParser(date, (text: string) => text);
  parsers.setTypeParser(dateArray, parseArray);
  return parsers;
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large to be read exactly as a number.`);
  return value;
}
