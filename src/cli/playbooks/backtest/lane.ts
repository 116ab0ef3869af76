import { workerData } from "node:worker_threads";
import { type CandidateBodies, compileCandidates } from "../../../queries/backtest/candidates.ts";
import { type WalkRange, walkAccounts } from "../../../queries/backtest/walk.ts";
import { openDatabase } from "../../../store/db.ts";
import { serveLane } from "../../lanes/lane-port.ts";

/** What every lane of a backtest is told when it begins. */
export interface LaneTask {
  readonly url: string;
  /** Of the documents that all lanes must find. */
  readonly revisionKey: string;
  readonly tried: CandidateBodies;
  readonly range: WalkRange;
}

// The only writer of what comes in here is lanes.ts.
const task: LaneTask = workerData;
const { db, close } = openDatabase(task.url, { applicationName: "keepwell backtest", max: 4 });
const trial = await compileCandidates(db, task.tried);
if ("faults" in trial || trial.configuration.revisionKey !== task.revisionKey) {
  throw new Error("The live documents changed while the backtest began: run it again.");
}
serveLane((units, onAccounts) => walkAccounts(db, trial, task.range, units, onAccounts), close);
