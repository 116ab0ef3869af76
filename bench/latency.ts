import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Input } from "../src/scoring/records.ts";
import { type Database, openDatabase, readNow } from "../src/store/db.ts";
import { applyDocuments } from "../src/store/documents.ts";
import { applyInputs, stateCoverage } from "../src/store/intake.ts";
import { createToken } from "../src/store/tokens.ts";
import { createBenchDatabase } from "./cluster.ts";
import { latencyDocuments } from "./latency-configuration.ts";
import { type BenchResult, quantile } from "./result.ts";

const samples = 30;
const mostMilliseconds = 2000;
const dayMs = 86_400_000;
const source = "bench";

/**
 * From the moment a record is posted to the HTTP server to the moment Slack is called, through all four stages: server, worker and Slack
 * are processes and sockets of their own. Each sample takes an account of its own over the edge, on a system that is quiet otherwise.
 */
export async function benchLatency(serverUrl: string, tell: (words: string) => void): Promise<BenchResult> {
  const url = await createBenchDatabase(serverUrl, "bench_latency");
  const database = openDatabase(url);
  const slack = await listenAsSlack();
  const children: ChildProcess[] = [];
  try {
    const token = await prepare(database);
    const server = await launch(children, "latency-server.ts", [url]);
    await launch(children, "latency-worker.ts", [url, slack.url]);
    await untilSettled(database);
    tell(`${samples} samples …`);
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      // Slack takes one message a second; and no two samples meet the polls at the same beat.
      await pause(1100 + ((sample * 137) % 500));
      times.push(await measure(server, token, slack, `account-${sample}`));
    }
    return result(times);
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, "exit")));
    await slack.stop();
    await database.close();
  }
}

function result(times: readonly number[]): BenchResult {
  const [half, most] = [quantile(times, 0.5), quantile(times, 0.95)];
  return {
    name: "latency: a posted record to the Slack request",
    ours: `p95 ${most.toFixed(0)} ms`,
    against: "",
    ratio: "",
    target: `p95 < ${mostMilliseconds} ms`,
    isMet: most < mostMilliseconds,
    note: `p50 ${half.toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms, of ${times.length}`,
  };
}

/** Healthy accounts, the documents in force, and a token. */
async function prepare({ db }: Database): Promise<string> {
  const now = await readNow(db);
  const accounts = Array.from({ length: samples }, (_, index) => `account-${index}`);
  await db.transaction().execute(async (tx) => {
    await applyDocuments(tx, latencyDocuments, { author: "bench", note: null, now });
    await stateCoverage(tx, {
      source,
      kind: "usage",
      throughDay: dayBefore(now, 1),
      recordedAt: now,
      backfilled: false,
    });
    const inputs = accounts.flatMap((key): Input[] => [
      { kind: "account", id: key, at: "2025-01-01T00:00:00Z", set: { name: key, beganOn: "2025-01-01" } },
      ...logins(key, 10, now),
    ]);
    await applyInputs(tx, { source, inputs, now, recordedAt: "now", unknownAccounts: "reject" });
  });
  const created = await createToken(db, { name: "bench", scopes: ["records:write"] }, now);
  if (created.kind !== "created") throw new Error("the token could not be made");
  return created.token;
}

/** The last week's logins of an account, the same every day. */
function logins(account: string, value: number, now: Date): Input[] {
  return Array.from({ length: 7 }, (_, index) => ({
    kind: "usage" as const,
    mode: "daily" as const,
    account,
    name: "logins",
    day: dayBefore(now, index + 1),
    value,
  }));
}

function dayBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * dayMs).toISOString().slice(0, 10);
}

async function launch(children: ChildProcess[], file: string, args: readonly string[]): Promise<string> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: ["--import", "tsx"] });
  children.push(child);
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`))),
  ]);
  return z.object({ url: z.string().default("") }).parse(message).url;
}

/** Until every account has been scored and looked at by the playbook. */
async function untilSettled({ pool }: Database): Promise<void> {
  const left = "select count(*)::integer as left from account_work where facts_seq = 0 or facts_seq > responded_seq";
  for (let round = 0; round < 300; round += 1) {
    const { rows } = await pool.query<{ left: number }>(left);
    if (rows[0]?.left === 0) return;
    await pause(100);
  }
  throw new Error("the accounts were not scored within 30 s");
}

interface Slack {
  readonly url: string;
  /** When a message that names the account came in. */
  arrivalOf(account: string): Promise<number>;
  stop(): Promise<void>;
}

async function listenAsSlack(): Promise<Slack> {
  let tell: (text: string, at: number) => void = () => {};
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let text = "";
    for await (const part of request) text += part;
    response.end("ok");
    tell(text, at);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    arrivalOf: (account) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no message about ${account} within 30 s`)), 30_000);
        tell = (text, at) => {
          if (!text.includes(`${account} is at`)) return;
          clearTimeout(timer);
          resolve(at);
        };
      }),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Milliseconds from just before the request to the first byte of the message. */
async function measure(server: string, token: string, slack: Slack, account: string): Promise<number> {
  const body = JSON.stringify({ source, records: logins(account, 0, new Date()) });
  const arrival = slack.arrivalOf(account);
  const startedAt = performance.now();
  const [response, arrivedAt] = await Promise.all([
    fetch(`${server}/api/v1/records`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    }),
    arrival,
  ]);
  if (!response.ok) throw new Error(`the records were answered with ${response.status}: ${await response.text()}`);
  return arrivedAt - startedAt;
}
