import { parentPort, workerData } from "node:worker_threads";
import { loadConfiguration } from "../../queries/configuration.ts";
import type { Unit } from "../../scoring/replay/families.ts";
import { openDatabase } from "../../store/db.ts";
import { type ReplayOptions, type ReplaySummary, replayScores } from "../../worker/replay.ts";

/** What every lane is told when it begins. */
export interface LaneTask extends Omit<ReplayOptions, "units" | "onAccounts"> {
  readonly url: string;
  /** Of the documents that all lanes must find. */
  readonly revisionKey: string;
}

/** What a lane tells: accounts that are done, or a whole chunk. */
export type LaneMessage =
  | { readonly kind: "accounts"; readonly accounts: number }
  | { readonly kind: "chunk"; readonly summary: ReplaySummary };

// The only writer of what comes in here is lanes.ts.
const task: LaneTask = workerData;
const port = parentPort;
if (port === null) throw new Error("A lane of a replay runs in a thread of its own.");
const tell = (message: LaneMessage) => port.postMessage(message);

const database = openDatabase(task.url, { applicationName: "keepwell replay", max: 4 });
const compiled = await loadConfiguration(database.db);
if ("faults" in compiled || compiled.configuration.revisionKey !== task.revisionKey) {
  throw new Error("The live documents changed while the replay began: run it again.");
}
const { configuration } = compiled;
port.on("message", async (units: readonly Unit[] | null) => {
  if (units === null) {
    await database.close();
    port.close();
    return;
  }
  const onAccounts = (accounts: number) => tell({ kind: "accounts", accounts });
  tell({ kind: "chunk", summary: await replayScores(database, configuration, { ...task, units, onAccounts }) });
});
tell({ kind: "accounts", accounts: 0 });
