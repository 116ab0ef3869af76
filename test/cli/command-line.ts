import type { CliContext, Composition } from "../../src/cli/context.ts";
import { createOutput } from "../../src/cli/output.ts";
import { runProgram } from "../../src/cli/program.ts";
import { createSilentLog } from "../../src/log.ts";
import type { Database } from "../../src/store/db.ts";

/** What a command line printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const withoutVendors: Composition = {
  followConfiguration: () => ({
    live: () => Promise.reject(new Error("This command has no business with vendors.")),
    close: () => Promise.resolve(),
  }),
};

/** Runs a command in this process, as from a script, against the test's own database. */
export async function keepwell(
  words: readonly string[],
  database?: Database & { readonly url: string },
  composition: Composition = withoutVendors,
): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const stdout = {
    write(text: string) {
      written.stdout += text;
    },
  };
  const stderr = {
    write(text: string) {
      written.stderr += text;
    },
  };
  const open: CliContext["withDatabase"] = (use) => {
    if (database === undefined) throw new Error("This command has no business with a database.");
    return use(database);
  };
  const context: CliContext = {
    settings: {
      databaseUrl: database?.url ?? null,
      configFolder: "/nowhere/config",
      dataFolder: "/nowhere/data",
      host: "127.0.0.1",
      publicUrl: null,
      port: 0,
      logLevel: null,
      logFormat: "json",
      erasureKey: null,
      isColorless: true,
      author: null,
    },
    out: createOutput(stdout, stderr, true),
    log: createSilentLog(),
    isSample: false,
    composition,
    withDatabase: open,
    withOwnDatabase: open,
  };
  const code = await runProgram(["node", "keepwell", ...words], context);
  return { code, ...written };
}
