import { workerData } from "node:worker_threads";
import { loadConfiguration } from "../../queries/configuration.ts";
import { openDatabase } from "../../store/db.ts";
import { type ReplayOptions, replayScores } from "../../worker/replay.ts";
import { serveLane } from "../lanes/lane-port.ts";

/** What every lane of a replay is told when it begins. */
export interface LaneTask extends Omit<ReplayOptions, "units" | "onAccounts"> {
  readonly url: string;
  /** Of the documents that all lanes must find. */
  readonly revisionKey: string;
}

// The only writer of what comes in here is lanes.ts.
const task: LaneTask = workerData;
const database = openDatabase(task.url, { applicationName: "keepwell replay", max: 4 });
const compiled = await loadConfiguration(database.db);
if ("faults" in compiled || compiled.configuration.revisionKey !== task.revisionKey) {
  throw new Error("The live documents changed while the replay began: run it again.");
}
const { configuration } = compiled;
serveLane(
  (units, onAccounts) => replayScores(database, configuration, { ...task, units, onAccounts }),
  () => database.close(),
);
