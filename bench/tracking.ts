import { once } from "node:events";
import { Agent, request } from "node:http";
import { createLog } from "../src/log.ts";
import type { Input } from "../src/scoring/records.ts";
import { type Database, openDatabase, readNow } from "../src/store/db.ts";
import { applyInputs } from "../src/store/intake.ts";
import { applyInbox } from "../src/worker/inbox.ts";
import { createBenchDatabase } from "./cluster.ts";
import type { BenchResult } from "./result.ts";
import { withServer } from "./server-child.ts";
import { benchAccounts, benchKey, benchProduct, eventsPerBody, openBodies } from "./tracking-source.ts";

const senders = 32;
const forMs = 5_000;
const rounds = 3;
const leastShare = 0.6;
const bodiesApplied = 300;

/**
 * Bodies of a hundred events, sent by as many senders as there are at once, each as soon as the last was answered: to a server in a process
 * of its own, and to the floor, a bare Express with one insert for each body. By turns, and the median of each counts.
 */
export async function benchTracking(serverUrl: string, tell: (words: string) => void): Promise<readonly BenchResult[]> {
  const url = await createBenchDatabase(serverUrl, "bench_tracking");
  const database = openDatabase(url);
  try {
    const rates: Record<"bare" | "keepwell", number[]> = { bare: [], keepwell: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of ["bare", "keepwell"] as const) {
        const rate = await withServer(
          { script: "tracking-server.ts", databaseUrl: url, kind, warmUp: (server) => load(server, 500) },
          (server) => load(server, forMs),
        );
        rates[kind].push(rate);
        tell(`${kind}: ${rate.toFixed(0)} bodies/s`);
      }
    }
    await assertKept(database);
    const applied = await measureApplying(database);
    return [keepingResult(median(rates.keepwell), median(rates.bare)), applyingResult(applied)];
  } finally {
    await database.close();
  }
}

function keepingResult(ours: number, floor: number): BenchResult {
  const share = ours / floor;
  return {
    name: `tracking: bodies of ${eventsPerBody} events to /v1/batch, to the 2xx`,
    ours: `${ours.toFixed(0)} bodies/s`,
    against: `${floor.toFixed(0)} bodies/s (bare Express + insert)`,
    ratio: `${(share * 100).toFixed(0)} %`,
    target: `≥ ${leastShare * 100} %`,
    isMet: share >= leastShare,
    note: `${Math.round(ours * eventsPerBody)} events/s, ${senders} senders`,
  };
}

function applyingResult(eventsPerSecond: number): BenchResult {
  return {
    name: "tracking: kept events applied to daily usage",
    ours: `${Math.round(eventsPerSecond)} events/s`,
    against: "",
    ratio: "",
    target: "",
    isMet: true,
    note: `one process, ${benchAccounts} accounts, with the users`,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

let bodies = 0;
let answered = 0;

/** Bodies answered 2xx per second. */
async function load(server: string, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  const bodyOf = openBodies(new Date());
  const startedAt = performance.now();
  let count = 0;
  const send = async (): Promise<void> => {
    while (performance.now() - startedAt < milliseconds) {
      bodies += 1;
      await post(server, agent, bodyOf(`${process.pid}-${bodies}`));
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  agent.destroy();
  answered += count;
  return (count * 1_000) / (performance.now() - startedAt);
}

async function post(server: string, agent: Agent, body: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${benchKey}:`).toString("base64")}`;
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), authorization };
  const sent = request(`${server}/v1/batch`, { method: "POST", agent, headers });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) throw new Error(`a body was answered ${response.statusCode}`);
}

/** Everything that was answered is there. */
async function assertKept({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ kept: number }>("select count(*)::integer as kept from inbox");
  if (rows[0]?.kept !== answered) throw new Error(`${answered} bodies were answered, ${rows[0]?.kept} are kept`);
}

/** Events per second, from the inbox into the tables of usage. */
async function measureApplying({ db, pool }: Database): Promise<number> {
  await pool.query("delete from inbox where source <> $1", [benchProduct.id]);
  await pool.query("delete from inbox where id not in (select id from inbox order by id limit $1)", [bodiesApplied]);
  const now = await readNow(db);
  const inputs = Array.from({ length: benchAccounts }, (_, index): Input => {
    const id = `account-${index}`;
    return { kind: "account", id, at: "2025-01-01T00:00:00Z", set: { name: id } };
  });
  await db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: benchProduct.id, inputs, now, recordedAt: "now", unknownAccounts: "hold" }),
    );
  const deps = {
    ...{ db, sources: [benchProduct], zone: "UTC", owners: { owners: [], onOwnerChange: "move" as const } },
    ...{ log: createLog({ level: "warn", format: "text" }), jitter: () => 0 },
    ...{ sleep: async () => {}, stopping: new AbortController().signal },
  };
  const startedAt = performance.now();
  const { applied } = await applyInbox(deps, now);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (applied !== bodiesApplied) throw new Error(`${bodiesApplied} bodies were to be applied, ${applied} were`);
  return (applied * eventsPerBody) / seconds;
}
