import { setTimeout as pause } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { openDatabase } from "../src/store/db.ts";
import { type BenchResult, quantile } from "./result.ts";
import { forgetToday, readyDatabase } from "./score-data.ts";
import { withServer } from "./server-child.ts";
import { benchHook } from "./webhooks-hook.ts";
import { runStages } from "./workers.ts";

const perSecond = 200;
const forSeconds = 20;
const mostQuiet = 50;
const mostBeside = 250;
/** As large as Standard Webhooks advises at most. */
const padding = "x".repeat(20_000);

/**
 * Signed deliveries of 20 kB, so many a second whatever the answers take, from this process to a server in its own: on a quiet system,
 * beside a score stage that runs all the time, and to the floor, a bare Express with one insert for each body.
 */
export async function benchWebhooks(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<readonly BenchResult[]> {
  const url = await readyDatabase(serverUrl, accounts, tell);
  const floor = await withServer(serverOf(url, "bare"), load);
  tell(`the floor: ${inWords(floor)}`);
  const quiet = await withServer(serverOf(url, "keepwell"), load);
  tell(`quiet: ${inWords(quiet)}`);
  const beside = await withServer(serverOf(url, "keepwell"), (server) => besideScoring(url, () => load(server)));
  tell(`beside scoring: ${inWords(beside)}`);
  await assertKept(url, quiet.length + beside.length);
  return [
    resultOf(
      "on a quiet system",
      quiet,
      mostQuiet,
      `p99 ${quantile(floor, 0.99).toFixed(0)} ms (bare Express + insert)`,
    ),
    resultOf("beside a running score stage", beside, mostBeside, ""),
  ];
}

function inWords(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms of ${times.length}`;
}

function resultOf(where: string, times: readonly number[], most: number, against: string): BenchResult {
  const p99 = quantile(times, 0.99);
  return {
    name: `webhooks: ${perSecond} deliveries/s of 20 kB ${where}`,
    ours: `p99 ${p99.toFixed(0)} ms`,
    against,
    ratio: "",
    target: `p99 < ${most} ms`,
    isMet: p99 < most,
    note: `p50 ${quantile(times, 0.5).toFixed(1)} ms, longest ${Math.max(...times).toFixed(0)} ms, of ${times.length}`,
  };
}

const serverOf = (databaseUrl: string, kind: "bare" | "keepwell") => ({
  ...{ script: "webhooks-server.ts", databaseUrl, kind },
  warmUp: (server: string) => load(server, 1),
});

let deliveries = 0;

/** Milliseconds from the moment a delivery was to leave to its answer: one that has to wait for its turn waits in the number, too. */
async function load(server: string, seconds = forSeconds): Promise<readonly number[]> {
  const wire = new Webhook(benchHook.secret);
  const startedAt = performance.now();
  const times = Array.from({ length: perSecond * seconds }, async (_, index) => {
    const dueAt = startedAt + (index * 1000) / perSecond;
    await pause(dueAt - performance.now());
    deliveries += 1;
    const id = `bench_${process.pid}_${deliveries}`;
    const now = new Date();
    const body = JSON.stringify({
      type: "bench",
      timestamp: now.toISOString(),
      data: { account: "none", id, padding },
    });
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": wire.sign(id, now, body),
    };
    const post = () => fetch(`${server}/webhooks/${benchHook.source}`, { method: "POST", body, headers });
    // A connection that was closed meanwhile is made anew, as every sender does.
    const response = await post().catch(post);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`a delivery was answered with ${response.status}`);
    return performance.now() - dueAt;
  });
  return Promise.all(times);
}

/** Scores all accounts again and again until the work is done. */
async function besideScoring<T>(url: string, work: () => Promise<T>): Promise<T> {
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  let isOver = false;
  const scoring = (async () => {
    while (!isOver) {
      await forgetToday(database);
      await runStages(url, 1);
    }
  })();
  try {
    // Until the first one has started.
    await pause(3_000);
    return await work();
  } finally {
    isOver = true;
    await scoring;
    await database.close();
  }
}

async function assertKept(url: string, least: number): Promise<void> {
  const { db, close } = openDatabase(url);
  const rows = await db
    .selectFrom("inbox")
    .select(db.fn.countAll().as("kept"))
    .where("source", "=", benchHook.source)
    .execute();
  await close();
  if (Number(rows[0]?.kept ?? 0) < least) throw new Error(`of ${least} answered deliveries ${rows[0]?.kept} were kept`);
}
