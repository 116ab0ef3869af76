import { userInfo } from "node:os";
import { join } from "node:path";
import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import { type Database, openDatabase } from "../store/db.ts";
import { startEmbeddedPostgres } from "../store/embedded-postgres.ts";
import { migrate } from "../store/migrate.ts";
import type { Output } from "./output.ts";

/** A database that answers, with the address at which others reach it. */
export interface ReachableDatabase extends Database {
  readonly url: string;
}

/** What every command gets. */
export interface CliContext {
  readonly settings: Settings;
  readonly out: Output;
  readonly log: Log;
  /** Opens the configured database, or starts the embedded one (or attaches to it where it runs), migrates it, and closes it after use. */
  withDatabase<Result>(use: (database: ReachableDatabase) => Promise<Result>): Promise<Result>;
}

/** The context of a real command line. */
export function createContext(settings: Settings, out: Output, log: Log): CliContext {
  return { settings, out, log, withDatabase: (use) => withDatabase(settings, out, log, use) };
}

/** Who is at the terminal, for the audit trail; some containers' users have no name. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

async function withDatabase<Result>(
  settings: Settings,
  out: Output,
  log: Log,
  use: (database: ReachableDatabase) => Promise<Result>,
): Promise<Result> {
  if (settings.databaseUrl !== null) return useDatabase(settings.databaseUrl, log, use);
  const server = await startEmbeddedPostgres({ dataDir: join(settings.dataFolder, "postgres") });
  try {
    if (server.notice !== null) out.note(server.notice);
    return await useDatabase(server.url, log, use);
  } finally {
    await server.stop();
  }
}

async function useDatabase<Result>(
  url: string,
  log: Log,
  use: (database: ReachableDatabase) => Promise<Result>,
): Promise<Result> {
  const database = openDatabase(url, {
    onError: (error) => log.warn({ err: error }, "a connection to the database broke; it is replaced"),
  });
  try {
    await migrate(database.pool);
    return await use({ ...database, url });
  } finally {
    await database.close();
  }
}
