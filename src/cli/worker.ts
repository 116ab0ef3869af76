import { hostname } from "node:os";
import type { Command } from "commander";
import { z } from "zod";
import { hasSecret, type Settings } from "../config.ts";
import { startServer } from "../http/server.ts";
import { createLog, type Log } from "../log.ts";
import type { ServerAddress } from "../playbooks/customer-links.ts";
import { runStage, stages, startWorker, type WorkerDeps } from "../worker/worker.ts";
import type { CliContext, ReachableDatabase } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { offerJson } from "./json-option.ts";
import { untilStopped } from "./signals.ts";

type Follow = ReturnType<CliContext["composition"]["followConfiguration"]>;

/** What `run --json` prints: per stage what its pass counted. */
const runShape = z.record(z.string(), z.record(z.string(), z.union([z.number(), z.array(z.string())])));

/** `worker`, `serve` and `run`: the halves of `start`, and one pass by hand. */
export function registerWorker(program: Command, context: CliContext): void {
  program
    .command("worker")
    .description("run the four stages until stopped; any number of workers may run on one database")
    .option("--once", "make one pass of all stages, and end")
    .addHelpText("after", "\nExample:\n  keepwell worker")
    .action((options: { once?: boolean }) => work(context, options.once === true));

  program
    .command("serve")
    .description("run the HTTP server until stopped")
    .addHelpText("after", "\nExample:\n  PORT=8080 keepwell serve")
    .action(() => serve(context));

  const run = program
    .command("run")
    .argument("[stage]", `one of ${stages.join(", ")}; all four unless given`)
    .description("make one pass now, and tell what it did")
    .addHelpText("after", "\nExample:\n  keepwell run score --json");
  run.registeredArguments[0]?.choices(stages);
  offerJson(run, runShape).action((stage: (typeof stages)[number] | undefined, options: { json?: boolean }) =>
    runOnce(context, stage === undefined ? stages : [stage], options.json === true),
  );
}

/** What the stages of this process need. */
export function workerDeps(
  { settings }: CliContext,
  database: ReachableDatabase,
  log: Log,
  follow: Follow,
): WorkerDeps {
  return {
    server: serverOf(settings),
    db: database.db,
    log,
    author: `worker ${hostname()}:${process.pid}`,
    jitter: Math.random,
    live: follow.live,
  };
}

/** Where customers reach the HTTP server. */
export function serverOf({ publicUrl, host, port }: Settings): ServerAddress {
  return { url: publicUrl ?? `http://${host}:${port}`, isPublic: publicUrl !== null };
}

async function work(context: CliContext, isOnce: boolean): Promise<void> {
  if (isOnce) return runOnce(context, stages, false);
  const log = createLog({ level: context.settings.logLevel ?? "info", format: context.settings.logFormat });
  await withLive(context, async (database, follow) => {
    const worker = startWorker(workerDeps(context, database, log, follow), database.url);
    log.info("the worker runs");
    await untilStopped();
    await worker.stop();
    log.info("the worker has stopped");
  });
}

async function serve(context: CliContext): Promise<void> {
  const { settings, out } = context;
  const log = createLog({ level: settings.logLevel ?? "info", format: settings.logFormat });
  await withLive(context, async (database, follow) => {
    const configuration = async () => (await follow.live()).configuration;
    const sources = async () => (await follow.live()).sources;
    const server = await startServer({ ...settings, db: database.db, log, configuration, sources, hasSecret });
    out.note(`Keepwell serves on ${server.url}. Ctrl-C stops it.`);
    await untilStopped();
    await server.stop();
  });
}

async function runOnce(
  context: CliContext,
  wanted: readonly (typeof stages)[number][],
  isJson: boolean,
): Promise<void> {
  const { out } = context;
  await withLive(context, async (database, follow) => {
    const summaries: z.infer<typeof runShape> = {};
    for (const stage of wanted) {
      const startedAt = performance.now();
      const summary = await runStage(workerDeps(context, database, context.log, follow), stage);
      summaries[stage] = Object.fromEntries(Object.entries(summary));
      const counts = Object.entries(summary).map(
        ([name, count]) => `${name} ${Array.isArray(count) ? count.length : count}`,
      );
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      if (!isJson) out.line(`${stage.padEnd(8)} ${counts.join(" · ")}  (${seconds} s)`);
    }
    if (isJson) out.json(runShape, summaries);
  });
}

/** Opens the database and what the live documents name, and closes both after use. */
async function withLive(
  context: CliContext,
  use: (database: ReachableDatabase, follow: Follow) => Promise<void>,
): Promise<void> {
  await context.withDatabase(async (database) => {
    await ensureDocuments(context, database.db);
    const follow = context.composition.followConfiguration(database.db);
    try {
      await follow.live();
      await use(database, follow);
    } finally {
      await follow.close();
    }
  });
}
