import pg from "pg";
import Cursor from "pg-cursor";

/** One connection to somebody's database, in one transaction that only reads. */
export interface Reader {
  /** Begins a query; its rows come in pieces, and the next query waits for the end of this one. */
  open(text: string, values: readonly string[]): Rows;
  /** All rows of a small answer. */
  all(text: string, values: readonly string[]): Promise<Row[]>;
  /** The names of the columns of an answer. */
  columns(text: string, values: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Rows {
  /** At most so many more; fewer only at the end. */
  read(count: number): Promise<Row[]>;
  close(): Promise<void>;
}

export interface ReaderOptions {
  readonly url: string;
  readonly zone: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Columns that queries get from us. */
export const ownPrefix = "keepwell:";

const bool = 16;
const json = 114;
const jsonb = 3802;

/** Values as the server writes them, exact to the last digit and microsecond; only what JSON has, too, is that. */
const types = {
  getTypeParser(oid: number) {
    if (oid === bool) return (text: string) => text === "t";
    if (oid === json || oid === jsonb) return (text: string): unknown => JSON.parse(text);
    return (text: string) => text;
  },
};

/**
 * Connects and begins a read-only transaction: the server refuses whatever writes. Everything is set for the transaction alone, as behind a
 * pooler the connection belongs to others, too. An abort of the signal ends the connection, and the query with it.
 */
export async function openReader({ url, zone, timeoutMs, signal }: ReaderOptions): Promise<Reader> {
  signal.throwIfAborted();
  const client = new pg.Client({
    connectionString: url,
    application_name: "keepwell",
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    types,
  });
  // Without a listener a connection that breaks between two queries would end the process.
  client.on("error", () => undefined);
  const end = () => void client.end().catch(() => undefined);
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect();
    await client.query(`begin isolation level repeatable read, read only;
      set local statement_timeout = ${Math.round(timeoutMs)}; set local lock_timeout = 5000;
      set local idle_in_transaction_session_timeout = 60000; set local standard_conforming_strings = on;
      set local datestyle = 'ISO, YMD'; set local bytea_output = hex; set local extra_float_digits = 1;
      set local timezone = ${client.escapeLiteral(zone)}`);
  } catch (error) {
    end();
    throw error;
  }
  return {
    open: (text, values) => rowsOf(client.query(new Cursor<Row>(text, [...values], { types }))),
    all: async (text, values) => (await client.query<Row>({ text, values: [...values], types })).rows,
    async columns(text, values) {
      const { fields } = await client.query({ text, values: [...values], types });
      return fields.map(({ name }) => name).filter((name) => !name.startsWith(ownPrefix));
    },
    async close() {
      signal.removeEventListener("abort", end);
      await client.end().catch(() => undefined);
    },
  };
}

function rowsOf(cursor: Cursor<Row>): Rows {
  return { read: (count) => cursor.read(count), close: () => cursor.close() };
}
