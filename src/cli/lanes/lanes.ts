import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { batchesOf, type Unit } from "../../scoring/replay/families.ts";
import type { LaneMessage } from "./lane-port.ts";

/** A few seconds of work at most, and several chunks for each lane, so that all lanes end at about the same time. */
const chunkAccounts = 400;
const chunksPerLane = 4;
const mostLanes = 8;

/** What is to be done with accounts in several threads at once. */
export interface LaneWork<Task, Result> {
  /** The file that serves a lane; see `serveLane`. */
  readonly lane: URL;
  /** What every lane is told when it begins: plain data. */
  readonly task: Task;
  readonly units: readonly Unit[];
  /** Told of accounts that are done. */
  readonly onAccounts: (accounts: number) => void;
  /** Told what came of some units. */
  readonly onResult: (result: Result) => void;
}

/** Works through units of accounts in several threads at once, one per processor, each with connections of its own. */
export async function runInLanes<Task, Result>(work: LaneWork<Task, Result>): Promise<void> {
  const { units } = work;
  const lanes = Math.min(availableParallelism(), mostLanes, units.length);
  const accounts = units.reduce((sum, unit) => sum + unit.length, 0);
  const chunks = batchesOf(units, Math.min(chunkAccounts, Math.ceil(accounts / lanes / chunksPerLane)));
  const ends = await Promise.allSettled(Array.from({ length: lanes }, () => runLane(work, chunks)));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Threads do not inherit what reads TypeScript, so each begins as `bin/keepwell` does. */
function laneScript(lane: URL): string {
  const tsx = import.meta.resolve("tsx/esm/api");
  return `import(${JSON.stringify(tsx)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(lane.href)});
  })`;
}

/** One thread, until no chunk is left for it. */
function runLane<Task, Result>(work: LaneWork<Task, Result>, chunks: Unit[][]): Promise<void> {
  const lane = new Worker(laneScript(work.lane), { eval: true, workerData: work.task });
  return new Promise((resolve, reject) => {
    lane.on("message", (message: LaneMessage<Result>) => {
      if (message.kind === "accounts") {
        work.onAccounts(message.accounts);
        return;
      }
      if (message.kind === "result") work.onResult(message.result);
      lane.postMessage(chunks.shift() ?? null);
    });
    lane.on("error", (error) => {
      // The other lanes end with what they are at.
      chunks.length = 0;
      reject(error);
    });
    lane.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`A lane ended with ${code}.`))));
  });
}
