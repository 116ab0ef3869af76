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

const days = 365;
const mostMilliseconds = { fresh: 60_000, stored: 20_000 } as const;
/** A year of stored scores of all accounts would fill gigabytes: a tenth of them is measured, and may take a tenth of the time. */
const storedShare = 0.1;

const backtestSchema = z.object({
  accounts: z.number(),
  accountDays: z.number(),
  fromStored: z.number(),
  fires: z.number(),
  milliseconds: z.number(),
  peakBytes: z.number(),
});
type Backtest = z.infer<typeof backtestSchema>;

/** A playbook on each day of a year of `accounts` accounts, in a process of its own: by scores computed anew, and of a part of them by stored ones. */
export async function benchBacktest(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<readonly BenchResult[]> {
  const load = loadavg()[0] ?? 0;
  const some = Math.ceil(accounts * storedShare);
  const year = await makeYear(serverUrl, "bench_backtest", accounts, tell);
  const fresh = await backtest(year, "fresh");
  tell(`a year, scores computed anew: ${seconds(fresh.milliseconds)}`);
  const kept = await makeYear(serverUrl, "bench_backtest_stored", some, tell);
  tell("storing its scores …");
  await child(kept, "record");
  const stored = await backtest(kept, "stored");
  tell(`a year, stored scores: ${seconds(stored.milliseconds)}`);
  const quick = result("stored scores", stored, mostMilliseconds.stored * storedShare, load);
  const isUsed = stored.fromStored === some;
  return [
    result("scores computed anew", fresh, mostMilliseconds.fresh, load),
    isUsed ? quick : { ...quick, isMet: false, note: `only ${stored.fromStored} by stored scores; ${quick.note}` },
  ];
}

async function makeYear(
  serverUrl: string,
  name: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<string> {
  const url = await createBenchDatabase(serverUrl, name);
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  try {
    tell(`making a year of ${accounts} accounts …`);
    await growYears(database, accounts);
    // The scores it was grown with know of no stage: they are none to start from.
    await database.db.deleteFrom("scores").execute();
    const options = { author: "bench", note: null, now: scoreNow };
    await database.db.transaction().execute((tx) => applyDocuments(tx, scoreDocuments(), options));
    return url;
  } finally {
    await database.close();
  }
}

async function backtest(url: string, how: "fresh" | "stored"): Promise<Backtest> {
  const found = backtestSchema.parse(JSON.parse(await child(url, how)));
  if (found.accountDays !== found.accounts * days || found.fires === 0) {
    throw new Error(`expected each day to be judged, and some runs: ${JSON.stringify(found)}`);
  }
  return found;
}

async function child(url: string, how: "fresh" | "record" | "stored"): Promise<string> {
  const script = fileURLToPath(new URL("backtest-child.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", "tsx", script, url, String(days), how]);
  return stdout;
}

function result(
  how: string,
  { accounts, accountDays, fires, milliseconds, peakBytes }: Backtest,
  most: number,
  load: number,
): BenchResult {
  return {
    name: `backtest: ${accounts} accounts × ${days} days × 1 playbook, ${how}`,
    ours: seconds(milliseconds),
    against: "",
    ratio: `${((milliseconds * 1000) / accountDays).toFixed(1)} µs a day of an account`,
    target: `< ${most / 1000} s`,
    isMet: milliseconds < most,
    note: `${fires} runs; peak memory ${Math.round(peakBytes / 1e6)} MB; load before ${load.toFixed(1)}`,
  };
}
