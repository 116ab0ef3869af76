import { addWalked, type Walked } from "../../../queries/backtest/walked.ts";
import type { Unit } from "../../../scoring/replay/families.ts";
import { runInLanes } from "../../lanes/lanes.ts";
import type { LaneTask } from "./lane.ts";

/** Walks accounts through past days in several threads at once. */
export async function walkInLanes(
  task: LaneTask,
  units: readonly Unit[],
  onAccounts: (accounts: number) => void,
): Promise<Walked> {
  const parts: Walked[] = [];
  const onResult = (part: Walked) => parts.push(part);
  await runInLanes({ lane: new URL("lane.ts", import.meta.url), task, units, onAccounts, onResult });
  return parts.reduce(addWalked);
}
