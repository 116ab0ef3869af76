import type { Configuration } from "../../playbooks/configuration.ts";
import { formatDay } from "../../scoring/days.ts";
import type { DayNumber } from "../../scoring/history.ts";
import { unitsOf } from "../../scoring/replay/families.ts";
import { readAllAccounts } from "../../store/account-list.ts";
import { ensurePartitions } from "../../store/partitions.ts";
import { readTies } from "../../store/scores/children.ts";
import { hasScoresWithin } from "../../store/scores.ts";
import { type ReplaySummary, replayScores } from "../../worker/replay.ts";
import type { ReachableDatabase } from "../context.ts";
import { replayInLanes } from "./lanes.ts";

/** Which days to replay, of all accounts. */
export interface ReplayRange {
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  readonly isRecording: boolean;
  readonly now: Date;
  /** Told how many accounts there are, before it begins. */
  readonly onBegin?: (accounts: number) => void;
  /** Told of accounts that are done. */
  readonly onAccounts?: (accounts: number) => void;
}

/** A thread costs about a second of its own: below so many days of accounts one is enough. */
const fewScores = 100_000;

/** Replays a range of days of all accounts: in threads of their own where there is much to do. */
export async function replayRange(
  database: ReachableDatabase,
  configuration: Configuration,
  range: ReplayRange,
): Promise<ReplaySummary> {
  const { db, url } = database;
  const { fromDay, toDay, isRecording, now, onAccounts = () => undefined } = range;
  const accounts = await readAllAccounts(db);
  range.onBegin?.(accounts.length);
  const units = unitsOf(accounts, await readTies(db));
  const [from, to] = [formatDay(fromDay), formatDay(toDay)];
  if (isRecording) await ensurePartitions(db, "scores", from, to, now);
  const isEmpty = isRecording && !(await hasScoresWithin(db, from, to));
  const task = { fromDay, toDay, isRecording, isEmpty, now };
  if (accounts.length * (toDay - fromDay + 1) < fewScores) {
    return replayScores(database, configuration, { ...task, units, onAccounts });
  }
  return replayInLanes({ ...task, url, revisionKey: configuration.revisionKey }, units, onAccounts);
}
