import type { CandidateBodies, Candidates } from "../../../queries/backtest/candidates.ts";
import { type WalkRange, walkAccounts } from "../../../queries/backtest/walk.ts";
import type { Walked } from "../../../queries/backtest/walked.ts";
import { unitsOf } from "../../../scoring/replay/families.ts";
import { readAllAccounts } from "../../../store/account-list.ts";
import { readTies } from "../../../store/scores/children.ts";
import type { ReachableDatabase } from "../../context.ts";
import { walkInLanes } from "./lanes.ts";

/** Told how it goes on. */
export interface WalkListener {
  readonly onBegin: (accounts: number) => void;
  readonly onAccounts: (accounts: number) => void;
}

/** A thread costs about a second of its own: below so many days of accounts one is enough. */
const fewDays = 100_000;

/** Walks all accounts through the days: in threads of their own where there is much to do. */
export async function walkAll(
  { db, url }: ReachableDatabase,
  trial: Candidates & { readonly tried: CandidateBodies },
  range: WalkRange,
  { onBegin, onAccounts }: WalkListener,
): Promise<Walked> {
  const accounts = await readAllAccounts(db);
  onBegin(accounts.length);
  const units = unitsOf(accounts, await readTies(db));
  if (accounts.length * (range.toDay - range.fromDay + 1) < fewDays) {
    return walkAccounts(db, trial, range, units, onAccounts);
  }
  const task = { url, revisionKey: trial.configuration.revisionKey, tried: trial.tried, range };
  return walkInLanes(task, units, onAccounts);
}
