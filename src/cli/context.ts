import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import { type Database, type Db, openDatabase } from "../store/db.ts";
import { startEmbeddedPostgres } from "../store/embedded-postgres.ts";
import { useErasureKey } from "../store/erasure/hasher.ts";
import { migrate } from "../store/migrate.ts";
import type { LiveConfiguration } from "../worker/worker.ts";
import type { Output } from "./output.ts";

/** A database that answers, with the address at which others reach it. */
export interface ReachableDatabase extends Database {
  readonly url: string;
}

/** What only the program's root can make: receivers and sources by the vendors they belong to. */
export interface Composition {
  followConfiguration(db: Db): { live(): Promise<LiveConfiguration>; close(): Promise<void> };
}

/** What every command gets. */
export interface CliContext {
  readonly composition: Composition;
  /** There is nothing of the user's own yet: the database is the sample company's. */
  readonly isSample: boolean;
  readonly settings: Settings;
  readonly out: Output;
  readonly log: Log;
  /** Opens the configured database, or starts the embedded one (or attaches to it where it runs), migrates it, and closes it after use. */
  withDatabase<Result>(use: (database: ReachableDatabase) => Promise<Result>): Promise<Result>;
  /** The same, but never the sample's: what a user brings in gets a database of its own, which every command uses from then on, unless it was only a trial. */
  withOwnDatabase<Result>(use: (database: ReachableDatabase) => Promise<Result>, isTrial?: boolean): Promise<Result>;
}

/** The context of a real command line. */
export function createContext(settings: Settings, out: Output, log: Log, composition: Composition): CliContext {
  useErasureKey(settings.erasureKey);
  const marker = join(settings.dataFolder, "own-company");
  const isSample = settings.databaseUrl === null && !existsSync(settings.configFolder) && !existsSync(marker);
  const open = <Result>(folder: string, use: (database: ReachableDatabase) => Promise<Result>) =>
    withDatabase(settings, join(settings.dataFolder, folder), out, log, use);
  const openOwn = async <Result>(use: (database: ReachableDatabase) => Promise<Result>, isTrial = false) => {
    if (settings.databaseUrl === null && !isTrial) {
      await mkdir(settings.dataFolder, { recursive: true });
      await writeFile(marker, "Commands work on the company in postgres/, no longer on the sample in sample/.\n");
    }
    return open("postgres", use);
  };
  return {
    settings,
    out,
    log,
    composition,
    isSample,
    withDatabase: (use) => (isSample ? open("sample", use) : openOwn(use)),
    withOwnDatabase: openOwn,
  };
}

/** Who does what this command line does, unless `--author` says: KEEPWELL_AUTHOR, else who is at the terminal. */
export function authorOf({ settings }: CliContext): string {
  return settings.author ?? osUser();
}

/** Who is at the terminal, for the audit trail; some containers' users have no name. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

async function withDatabase<Result>(
  settings: Settings,
  dataDir: string,
  out: Output,
  log: Log,
  use: (database: ReachableDatabase) => Promise<Result>,
): Promise<Result> {
  if (settings.databaseUrl !== null) return useDatabase(settings.databaseUrl, log, use);
  const server = await startEmbeddedPostgres({ dataDir });
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
