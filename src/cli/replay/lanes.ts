import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { batchesOf, type Unit } from "../../scoring/replay/families.ts";
import { TallyByDay } from "../../worker/replay/day-tally.ts";
import type { ReplaySummary } from "../../worker/replay.ts";
import type { LaneMessage, LaneTask } from "./lane.ts";

/** A few seconds of work at most, and several chunks for each lane, so that all lanes end at about the same time. */
const chunkAccounts = 400;
const chunksPerLane = 4;
const mostLanes = 8;

/** Replays in several threads at once, one per processor, each with connections of its own. */
export async function replayInLanes(
  task: LaneTask,
  units: readonly Unit[],
  onAccounts: (accounts: number) => void,
): Promise<ReplaySummary> {
  const lanes = Math.min(availableParallelism(), mostLanes, units.length);
  const accounts = units.reduce((sum, unit) => sum + unit.length, 0);
  const chunks = batchesOf(units, Math.min(chunkAccounts, Math.ceil(accounts / lanes / chunksPerLane)));
  const tally = new TallyByDay();
  const total = { accounts: 0, scores: 0, stored: 0 };
  const keep = (summary: ReplaySummary): void => {
    total.accounts += summary.accounts;
    total.scores += summary.scores;
    total.stored += summary.stored;
    tally.addAll(summary.days);
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, () => runLane(task, chunks, keep, onAccounts)));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return { ...total, days: tally.days() };
}

/** Threads do not inherit what reads TypeScript, so each begins as `bin/keepwell` does. */
function laneScript(): string {
  const tsx = import.meta.resolve("tsx/esm/api");
  const lane = new URL("lane.ts", import.meta.url).href;
  return `import(${JSON.stringify(tsx)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(lane)});
  })`;
}

/** One thread, until no chunk is left for it. */
function runLane(
  task: LaneTask,
  chunks: Unit[][],
  keep: (summary: ReplaySummary) => void,
  onAccounts: (accounts: number) => void,
): Promise<void> {
  const lane = new Worker(laneScript(), { eval: true, workerData: task });
  return new Promise((resolve, reject) => {
    lane.on("message", (message: LaneMessage) => {
      if (message.kind === "accounts" && message.accounts > 0) {
        onAccounts(message.accounts);
        return;
      }
      if (message.kind === "chunk") keep(message.summary);
      lane.postMessage(chunks.shift() ?? null);
    });
    lane.on("error", (error) => {
      // The other lanes end with what they are at.
      chunks.length = 0;
      reject(error);
    });
    lane.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`A lane of the replay ended with ${code}.`))));
  });
}
