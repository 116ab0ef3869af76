import type { Unit } from "../../scoring/replay/families.ts";
import { TallyByDay } from "../../worker/replay/day-tally.ts";
import type { ReplaySummary } from "../../worker/replay.ts";
import { runInLanes } from "../lanes/lanes.ts";
import type { LaneTask } from "./lane.ts";

/** Replays in several threads at once. */
export async function replayInLanes(
  task: LaneTask,
  units: readonly Unit[],
  onAccounts: (accounts: number) => void,
): Promise<ReplaySummary> {
  const tally = new TallyByDay();
  const total = { accounts: 0, scores: 0, stored: 0 };
  const onResult = (summary: ReplaySummary): void => {
    total.accounts += summary.accounts;
    total.scores += summary.scores;
    total.stored += summary.stored;
    tally.addAll(summary.days);
  };
  await runInLanes({ lane: new URL("lane.ts", import.meta.url), task, units, onAccounts, onResult });
  return { ...total, days: tally.days() };
}
