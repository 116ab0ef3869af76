import { execFile } from "node:child_process";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { openDatabase } from "../src/store/db.ts";
import { applyDocuments } from "../src/store/documents.ts";
import { createBenchDatabase } from "./cluster.ts";
import { type BenchResult, seconds } from "./result.ts";
import { scoreDocuments } from "./score-configuration.ts";
import { growYears, scoreNow } from "./score-data.ts";

const run = promisify(execFile);

const mostMilliseconds = 60_000;
/** Written scores are large: days that are stored are fewer. */
const recordedDays = 7;

const replaySchema = z.object({
  accounts: z.number(),
  scores: z.number(),
  stored: z.number(),
  milliseconds: z.number(),
  peakBytes: z.number(),
});
type Replay = z.infer<typeof replaySchema>;

/** A year of scores of `accounts` accounts, computed and summed up in a process of its own; and some days of them stored. */
export async function benchReplay(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<readonly BenchResult[]> {
  const url = await createBenchDatabase(serverUrl, "bench_replay");
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  try {
    tell(`making a year of ${accounts} accounts …`);
    await growYears(database, accounts);
    const options = { author: "bench", note: null, now: scoreNow };
    await database.db.transaction().execute((tx) => applyDocuments(tx, scoreDocuments(), options));
  } finally {
    await database.close();
  }
  const load = loadavg()[0] ?? 0;
  const year = await replay(url, 365, "sum");
  tell(`a year: ${seconds(year.milliseconds)}`);
  const stored = await replay(url, recordedDays, "record");
  tell(`${recordedDays} days, stored: ${seconds(stored.milliseconds)}`);
  return [yearResult(accounts, year, load), recordResult(stored)];
}

async function replay(url: string, days: number, how: "sum" | "record"): Promise<Replay> {
  const child = fileURLToPath(new URL("replay-child.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", "tsx", child, url, String(days), how]);
  const found = replaySchema.parse(JSON.parse(stdout));
  if (found.scores !== found.accounts * days) throw new Error(`expected a score a day: ${JSON.stringify(found)}`);
  return found;
}

function yearResult(accounts: number, { milliseconds, scores, peakBytes }: Replay, load: number): BenchResult {
  return {
    name: `replay: ${accounts} accounts × 365 days × 3 usage names, 12 measures`,
    ours: seconds(milliseconds),
    against: "",
    ratio: `${((milliseconds * 1000) / scores).toFixed(1)} µs a score`,
    target: `< ${mostMilliseconds / 1000} s`,
    isMet: milliseconds < mostMilliseconds,
    note: `peak memory ${Math.round(peakBytes / 1e6)} MB; load before ${load.toFixed(1)}`,
  };
}

function recordResult({ milliseconds, stored }: Replay): BenchResult {
  return {
    name: `replay --record: ${recordedDays} days of the same accounts`,
    ours: seconds(milliseconds),
    against: "",
    ratio: `${Math.round((stored / milliseconds) * 1000)} scores/s`,
    target: "",
    isMet: true,
    note: "copied in, as nothing was stored of these days",
  };
}
