import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openDatabase } from "../src/store/db.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/store/embedded-postgres.ts";
import { migrate } from "../src/store/migrate.ts";

/** As safe as a user's server, though the data goes when it stops. */
const asUsersHaveIt = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", autovacuum: "on" } as const;

/** Starts an embedded server of the bench's own on the disk of the temporary folder. */
export async function startBenchCluster(): Promise<EmbeddedPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), "keepwell-bench-"));
  return startEmbeddedPostgres({ dataDir, ephemeral: true, settings: asUsersHaveIt });
}

/** Makes a migrated, empty database on the server and answers how to reach it. */
export async function createBenchDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const { pool, close } = openDatabase(url.href);
  try {
    await migrate(pool);
  } finally {
    await close();
  }
  return url.href;
}

/** The bench's database of this name: the one an earlier part has made, else a new one. */
export async function ensureBenchDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const { rowCount } = await client
    .query("select from pg_database where datname = $1", [name])
    .finally(() => client.end());
  if (rowCount === 0) return createBenchDatabase(serverUrl, name);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** The version of the server, as it says itself. */
export async function serverVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? "unknown";
  } finally {
    await client.end();
  }
}
