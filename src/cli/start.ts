import { type ChildProcess, fork } from "node:child_process";
import type { Command } from "commander";
import { childEnvironment, hasSecret } from "../config.ts";
import { startServer } from "../http/server.ts";
import { createLog, type Log } from "../log.ts";
import { readNow } from "../store/db.ts";
import { hasScores } from "../store/scores.ts";
import { runStage, stages, type WorkerDeps } from "../worker/worker.ts";
import type { CliContext, ReachableDatabase } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { printPortfolio } from "./portfolio.ts";
import { replayDays } from "./replay.ts";
import { untilStopped } from "./signals.ts";
import { workerDeps } from "./worker.ts";

/** `start`: everything at once, on a laptop as on a server. */
export function registerStart(program: Command, context: CliContext): void {
  program
    .command("start")
    .description("migrate, then run the worker and the HTTP server until Ctrl-C")
    .option("--once", "make one pass of all stages, print the portfolio, and end")
    .addHelpText("after", "\nExample:\n  keepwell start --once")
    .action((options: { once?: boolean }) => start(context, options.once === true));
}

/** Eight weeks: what the sample company looks back on. */
const sampleReplayDays = 56;

async function start(context: CliContext, isOnce: boolean): Promise<void> {
  const { settings, out } = context;
  const log = createLog({ level: settings.logLevel ?? "warn", format: settings.logFormat });
  await context.withDatabase(async (database) => {
    await ensureDocuments(context, database.db);
    const follow = context.composition.followConfiguration(database.db);
    try {
      // Secrets that are not set stop the start here, before anything runs.
      await follow.live();
      const deps = workerDeps(context, database, log, follow);
      if (context.isSample || isOnce) await firstPass(context, database, deps);
      if (!isOnce) await runUntilStopped(context, database, log, follow);
    } finally {
      await follow.close();
    }
    if (!isOnce) out.note("Stopped.");
  });
}

async function firstPass(context: CliContext, database: ReachableDatabase, deps: WorkerDeps): Promise<void> {
  const { out } = context;
  const { db } = database;
  const isFirst = context.isSample && !(await hasScores(db));
  if (isFirst) out.note("Making the sample company: 200 invented accounts with a year of history …");
  await runStage(deps, "collect");
  if (isFirst) {
    out.note("Replaying the scores of the last eight weeks …");
    const { configuration } = await deps.live();
    await replayDays(database, configuration, { days: sampleReplayDays, now: await readNow(db) });
  }
  for (const stage of stages.filter((one) => one !== "collect")) await runStage(deps, stage);
  await printPortfolio(context, db);
}

async function runUntilStopped(
  context: CliContext,
  database: ReachableDatabase,
  log: Log,
  follow: ReturnType<CliContext["composition"]["followConfiguration"]>,
): Promise<void> {
  const { settings, out } = context;
  const configuration = async () => (await follow.live()).configuration;
  const sources = async () => (await follow.live()).sources;
  const server = await startServer({ ...settings, db: database.db, log, configuration, sources, hasSecret });
  const worker = keepWorkerRunning(database.url, log);
  out.note(`Keepwell serves on ${server.url} and works in the background. Ctrl-C stops it.`);
  await untilStopped();
  await Promise.all([server.stop(), worker.stop()]);
}

const firstRestartMs = 500;
const longestRestartMs = 30_000;
/** A worker that ran this long was well: the next restart is quick again. */
const settledMs = 60_000;

/** Runs the worker in a process of its own, so that HTTP answers while scores are computed; one that dies is started again. */
function keepWorkerRunning(databaseUrl: string, log: Log): { stop(): Promise<void> } {
  let isStopped = false;
  let restartMs = firstRestartMs;
  let timer: NodeJS.Timeout | null = null;
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();

  const launch = () => {
    const startedAt = performance.now();
    const next = fork(process.argv[1] ?? "", ["worker"], { env: childEnvironment(databaseUrl) });
    child = next;
    ended = new Promise((resolve) => {
      next.once("exit", (code, signal) => {
        resolve();
        if (isStopped) return;
        if (performance.now() - startedAt > settledMs) restartMs = firstRestartMs;
        log.error({ code, signal, restartMs }, "the worker process ended; it is started again");
        timer = setTimeout(launch, restartMs);
        restartMs = Math.min(restartMs * 2, longestRestartMs);
      });
    });
  };

  launch();
  return {
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      // The worker ends by itself when this channel closes, also when this process is killed.
      if (child?.connected === true) child.disconnect();
      await ended;
    },
  };
}
