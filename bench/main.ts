import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { benchBacktest } from "./backtest.ts";
import { serverVersion, startBenchCluster } from "./cluster.ts";
import { benchConditions } from "./conditions.ts";
import { benchDocuments } from "./documents.ts";
import { benchLatency } from "./latency.ts";
import { benchPlan } from "./plan.ts";
import { benchPlaybooks } from "./playbooks.ts";
import { benchReplay } from "./replay.ts";
import type { BenchResult } from "./result.ts";
import { benchScore } from "./score.ts";
import { scoreSeed } from "./score-data.ts";
import { benchTracking } from "./tracking.ts";
import { benchWebhooks } from "./webhooks.ts";
import { benchWorkers } from "./workers.ts";

const parts = [
  "score",
  "workers",
  "plan",
  "replay",
  "backtest",
  "conditions",
  "playbooks",
  "latency",
  "webhooks",
  "tracking",
] as const;
type Part = (typeof parts)[number];

const usage = `npm run bench -- [${parts.join(" | ")} …] [--accounts N]`;

const { values, positionals } = parseArgs({
  options: { accounts: { type: "string", default: "100000" } },
  allowPositionals: true,
});
const chosen = parts.filter((part) => positionals.length === 0 || positionals.includes(part));
const accounts = Number(values.accounts);
if (
  positionals.some((one) => !parts.some((part) => part === one)) ||
  !Number.isSafeInteger(accounts) ||
  accounts < 100
) {
  console.error(`Expected: ${usage}, with at least 100 accounts.`);
  process.exit(2);
}
await bench(chosen, accounts);

/** Measures the parts one after the other and prints one table; it judges, but it never fails: times are no test. */
async function bench(wanted: readonly Part[], accountCount: number): Promise<void> {
  const server = await startBenchCluster();
  try {
    console.log(await describeMachine(server.url));
    const results: BenchResult[] = [];
    for (const part of wanted) results.push(...(await measure(part, server.url, accountCount)));
    console.log(toTable(results));
    console.log(
      `Load average at the end: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(" ")}`,
    );
  } finally {
    await server.stop();
  }
}

async function measure(part: Part, serverUrl: string, accountCount: number): Promise<readonly BenchResult[]> {
  const tell = (words: string) => console.log(`  ${part}: ${words}`);
  switch (part) {
    case "score":
      return benchScore(serverUrl, accountCount, tell);
    case "workers":
      return [await benchWorkers(serverUrl, accountCount, tell)];
    case "plan":
      return benchPlan(serverUrl, accountCount, tell);
    case "replay":
      return benchReplay(serverUrl, Math.ceil(accountCount / 10), tell);
    case "backtest":
      return benchBacktest(serverUrl, Math.ceil(accountCount / 10), tell);
    case "conditions":
      return [await conditionsResult()];
    case "playbooks":
      return [await benchPlaybooks(accountCount), benchDocuments()];
    case "latency":
      return [await benchLatency(serverUrl, tell)];
    case "webhooks":
      return benchWebhooks(serverUrl, accountCount, tell);
    case "tracking":
      return benchTracking(serverUrl, tell);
    default:
      return part satisfies never;
  }
}

async function conditionsResult(): Promise<BenchResult> {
  const { name, unit, ours, peer, ratio, atLeast, note } = await benchConditions();
  return {
    name,
    ours: `${ours.toFixed(1)} ${unit}`,
    against: `${peer.toFixed(0)} ${unit} (json-rules-engine)`,
    ratio: `${ratio.toFixed(0)}× faster`,
    target: `≥ ${atLeast}×`,
    isMet: ratio >= atLeast,
    note,
  };
}

async function describeMachine(url: string): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return [
    `${availableParallelism()} cores (${model}), ${Math.round(totalmem() / 1e9)} GB`,
    `Node ${process.versions.node}, PostgreSQL ${await serverVersion(url)} (fsync and synchronous_commit on)`,
    `seed ${scoreSeed}, load average at the start ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  ].join("\n");
}

function verdictOf(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

function toTable(results: readonly BenchResult[]): string {
  const table = new Table({
    head: ["what", "ours", "against", "ratio", "target", "verdict", "note"],
    style: { head: [], border: [] },
  });
  for (const { name, ours, against, ratio, target, isMet, note } of results) {
    table.push([name, ours, against, ratio, target, target === "" ? "" : verdictOf(isMet), note]);
  }
  return table.toString();
}
