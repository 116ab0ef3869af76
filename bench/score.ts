import { type Database, openDatabase } from "../src/store/db.ts";
import { ensureBenchDatabase } from "./cluster.ts";
import { type BenchResult, seconds } from "./result.ts";
import { forgetToday, growAccounts } from "./score-data.ts";
import { runStages, type Stage } from "./workers.ts";

const mostFloors = 8;
const mostGrowth = 2.2;
const mostBytes = 400_000_000;

/**
 * The score stage in a process of its own over `accounts` accounts, and over half of them before; the floor is one hand-written
 * statement that only sums the same windows, on the same data in the same run, with whatever parallel workers the server gives it.
 */
export async function benchScore(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<readonly BenchResult[]> {
  const url = await ensureBenchDatabase(serverUrl, "bench_score");
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  try {
    const half = Math.floor(accounts / 2);
    tell(`making ${half} accounts …`);
    await growAccounts(database, half);
    const halfStage = await measureStage(database, url, half, tell);
    tell(`making ${accounts} accounts …`);
    await growAccounts(database, accounts);
    const stage = await measureStage(database, url, accounts, tell);
    const floor = await measureFloor(database);
    tell(`the floor: ${seconds(floor)}`);
    return [ratioResult(accounts, stage, floor), memoryResult(stage), growthResult(accounts, stage, halfStage)];
  } finally {
    await database.close();
  }
}

/** Scores every account, each with a score of yesterday and none of today. */
async function measureStage(
  database: Database,
  url: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<Stage> {
  await forgetToday(database);
  const [stage] = await runStages(url, 1);
  if (stage?.scored !== accounts || stage.failed > 0) {
    throw new Error(`expected ${accounts} scores: ${JSON.stringify(stage)}`);
  }
  tell(`${accounts} accounts: ${seconds(stage.milliseconds)}, ${seconds(stage.cpuMilliseconds)} of processor in Node`);
  return stage;
}

/** The least of three, so that no cold page counts for us. */
async function measureFloor({ pool }: Database): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round += 1) {
    const startedAt = performance.now();
    await pool.query(floorStatement);
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

const floorStatement = `
  select count(*), sum(w7), sum(active14), sum(w28), sum(base91), sum(w90)
  from (
    select account_id, name_id,
      sum(value) filter (where day > date '2026-03-09' - 7) as w7,
      count(*) filter (where day > date '2026-03-09' - 14 and value > 0) as active14,
      sum(value) filter (where day > date '2026-03-09' - 28) as w28,
      sum(value) filter (where day <= date '2026-03-09' - 28) as base91,
      sum(value) as w90
    from usage_daily
    where day > date '2026-03-09' - 119 and day <= date '2026-03-09'
    group by account_id, name_id
  ) windows`;

function ratioResult(accounts: number, stage: Stage, floor: number): BenchResult {
  const ratio = stage.milliseconds / floor;
  return {
    name: `score: ${accounts} accounts × 90 days × 3 usage names, 12 measures, written`,
    ours: seconds(stage.milliseconds),
    against: `${seconds(floor)} (one SQL statement)`,
    ratio: `${ratio.toFixed(1)}×`,
    target: `≤ ${mostFloors}×`,
    isMet: ratio <= mostFloors,
    note: `${Math.round((accounts / stage.milliseconds) * 1000)} accounts/s`,
  };
}

function memoryResult({ peakBytes }: Stage): BenchResult {
  return {
    name: "score: peak memory of its process",
    ours: `${Math.round(peakBytes / 1e6)} MB`,
    against: "",
    ratio: "",
    target: `< ${mostBytes / 1e6} MB`,
    isMet: peakBytes < mostBytes,
    note: "resident set, Node and tsx included",
  };
}

function growthResult(accounts: number, stage: Stage, half: Stage): BenchResult {
  const ratio = stage.milliseconds / half.milliseconds;
  return {
    name: "score: twice the accounts",
    ours: seconds(stage.milliseconds),
    against: `${seconds(half.milliseconds)} (${Math.floor(accounts / 2)} accounts)`,
    ratio: `${ratio.toFixed(2)}×`,
    target: `≤ ${mostGrowth}×`,
    isMet: ratio <= mostGrowth,
    note: "",
  };
}
