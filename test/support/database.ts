import { randomBytes } from "node:crypto";
import pg from "pg";
import { test as base, inject } from "vitest";
import { type Database, type Db, openDatabase } from "../../src/store/db.ts";

/** What a test with a database gets. */
export interface DatabaseFixture {
  /** A migrated database of this test's own, without rows; dropped after it. */
  readonly database: Database & { readonly url: string };
  readonly db: Db;
  readonly pool: pg.Pool;
  /** For a test that opens connections of its own, or starts a process. */
  readonly url: string;
}

/** A test with a database of its own: `test("…", async ({ db, pool, url }) => …)`. */
export const test = base.extend<DatabaseFixture>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  database: async ({}, use) => {
    const url = await createDatabase(inject("postgresTemplate"));
    const database = openDatabase(url, { max: 10 });
    await use({ ...database, url });
    await database.close();
    await dropDatabase(url);
  },
  db: ({ database }, use) => use(database.db),
  pool: ({ database }, use) => use(database.pool),
  url: ({ database }, use) => use(database.url),
});

/** Makes a database on the server of this run, empty unless a template is named; answers its connection string. */
export async function createDatabase(template = "template0"): Promise<string> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onServer(`create database ${name} template ${template} strategy file_copy`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops what `createDatabase` made, whoever is still connected. */
export async function dropDatabase(url: string): Promise<void> {
  await onServer(`drop database ${new URL(url).pathname.slice(1)} with (force)`);
}

async function onServer(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
