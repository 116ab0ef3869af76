import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { openDatabase } from "../src/store/db.ts";
import { type BenchResult, seconds } from "./result.ts";
import { forgetToday, readyDatabase } from "./score-data.ts";

const run = promisify(execFile);

const stageSchema = z.object({
  scored: z.number(),
  failed: z.number(),
  milliseconds: z.number(),
  cpuMilliseconds: z.number(),
  peakBytes: z.number(),
});
export type Stage = z.infer<typeof stageSchema>;

/** Two worker processes beside one database against one, on the same accounts; all of them on this machine's cores. */
export async function benchWorkers(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<BenchResult> {
  const url = await readyDatabase(serverUrl, accounts, tell);
  const one = await measure(url, 1, accounts);
  tell(`one process: ${seconds(one)}`);
  const two = await measure(url, 2, accounts);
  tell(`two processes: ${seconds(two)}`);
  return {
    name: `workers: two score processes against one, ${accounts} accounts`,
    ours: seconds(two),
    against: `${seconds(one)} (one process)`,
    ratio: `${(one / two).toFixed(2)}× faster`,
    target: "",
    isMet: true,
    note: "the database works on the same cores",
  };
}

async function measure(url: string, processes: number, accounts: number): Promise<number> {
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  await forgetToday(database);
  await database.close();
  const stages = await runStages(url, processes);
  const scored = stages.reduce((sum, stage) => sum + stage.scored, 0);
  if (scored !== accounts) throw new Error(`expected ${accounts} scores, each once: ${JSON.stringify(stages)}`);
  return Math.max(...stages.map(({ milliseconds }) => milliseconds));
}

/** The score stage in so many processes of their own at once. */
export async function runStages(url: string, processes: number): Promise<readonly Stage[]> {
  const child = fileURLToPath(new URL("score-child.ts", import.meta.url));
  return Promise.all(
    Array.from({ length: processes }, async () => {
      const { stdout } = await run(process.execPath, ["--import", "tsx", child, url]);
      return stageSchema.parse(JSON.parse(stdout));
    }),
  );
}
