import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { openDatabase } from "../src/store/db.ts";
import { type BenchResult, seconds } from "./result.ts";
import { readyDatabase } from "./score-data.ts";
import { runStages } from "./workers.ts";

const run = promisify(execFile);

const mostMilliseconds = 30_000;

const planSchema = z.object({
  compared: z.number(),
  moved: z.number(),
  milliseconds: z.number(),
  peakBytes: z.number(),
});
type Plan = z.infer<typeof planSchema>;

/** What an edited health model would do to `accounts` scored accounts, by what their newest scores keep, and by their histories. */
export async function benchPlan(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<readonly BenchResult[]> {
  const url = await readyDatabase(serverUrl, accounts, tell);
  await scoreAll(url, accounts, tell);
  const kept = await runPlan(url, "kept", accounts);
  tell(`an edit of weights and curves: ${seconds(kept.milliseconds)}`);
  const read = await runPlan(url, "read", accounts);
  tell(`an edit that measures something new: ${seconds(read.milliseconds)}`);
  return [
    result(`plan: weights and curves of a model edited, ${accounts} accounts`, kept, "from what scores keep"),
    result(`plan: a new usage metric measured, ${accounts} accounts`, read, "histories read anew"),
  ];
}

async function scoreAll(url: string, accounts: number, tell: (words: string) => void): Promise<void> {
  tell(`scoring ${accounts} accounts …`);
  await runStages(url, 1);
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  await database.pool.query("vacuum analyze scores");
  await database.close();
}

async function runPlan(url: string, edit: "kept" | "read", accounts: number): Promise<Plan> {
  const child = fileURLToPath(new URL("plan-child.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", "tsx", child, url, edit]);
  const plan = planSchema.parse(JSON.parse(stdout));
  if (plan.compared !== accounts || plan.moved === 0) {
    throw new Error(`expected ${accounts} accounts to be compared and some to move: ${JSON.stringify(plan)}`);
  }
  return plan;
}

function result(name: string, { milliseconds, peakBytes }: Plan, note: string): BenchResult {
  return {
    name,
    ours: seconds(milliseconds),
    against: "",
    ratio: "",
    target: `< ${mostMilliseconds / 1000} s`,
    isMet: milliseconds < mostMilliseconds,
    note: `${note}; peak memory ${Math.round(peakBytes / 1e6)} MB`,
  };
}
