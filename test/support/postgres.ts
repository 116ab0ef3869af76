import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../../src/store/db.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { migrate } from "../../src/store/migrate.ts";
import { quickFolder } from "./quick-folder.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The server of this run, by its maintenance database. */
    readonly postgresUrl: string;
    /** The migrated database that each test clones. */
    readonly postgresTemplate: string;
  }
}

/** One server and one migrated template for the whole run: TEST_DATABASE_URL if given, else a cluster of our own that is deleted after. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer();
  const template = `keepwell_template_${randomBytes(4).toString("hex")}`;
  try {
    await query(server.url, `create database ${template}`);
    await migrateTemplate(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide("postgresUrl", server.url);
  project.provide("postgresTemplate", template);
  return async () => {
    await query(server.url, `drop database ${template} with (force)`);
    await server.stop();
  };
}

async function findServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = process.env["TEST_DATABASE_URL"];
  if (url !== undefined && url !== "") return { url, stop: async () => undefined };
  const dataDir = await mkdtemp(join(await quickFolder(), "keepwell-test-"));
  return startEmbeddedPostgres({ dataDir, ephemeral: true, settings: { max_wal_size: "256MB" } });
}

async function migrateTemplate(serverUrl: string, template: string): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = `/${template}`;
  const { pool, close } = openDatabase(url.href);
  try {
    await migrate(pool);
  } finally {
    await close();
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
