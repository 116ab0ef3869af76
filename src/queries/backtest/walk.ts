import { setImmediate } from "node:timers/promises";
import type { Configuration } from "../../playbooks/configuration.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import type { DayNumber, Instant } from "../../scoring/history.ts";
import type { ReplayedAccount, ReplayGround } from "../../scoring/replay/account-days.ts";
import type { Unit } from "../../scoring/replay/families.ts";
import { replayUnit } from "../../scoring/replay/unit-days.ts";
import { readCoverage } from "../../store/coverage.ts";
import type { Db } from "../../store/db.ts";
import { readReplayStarts } from "../../store/replay-starts.ts";
import { AccountWalk } from "./account-walk.ts";
import { type DayScore, dayScoreOf } from "./day-score.ts";
import { type Judges, judgesOf } from "./judges.ts";
import { readStoredWalks } from "./stored-walks.ts";
import { type Walked, WalkTally } from "./walked.ts";

/** Which days are walked through, and how. Plain data: it crosses threads. */
export interface WalkRange {
  /** The first day that is judged. */
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  readonly now: Instant;
  /** Compute all scores anew, also where stored ones would do. */
  readonly isFresh: boolean;
}

/** What is tried: versions of one playbook, among the documents in force. */
export interface Trial {
  readonly configuration: Configuration;
  readonly candidates: readonly CompiledPlaybook[];
}

/** Walks accounts through the days, judging at each moment from what was known then. An account's records are loaded once. Nothing is written. */
export async function walkAccounts(
  db: Db,
  { configuration, candidates }: Trial,
  range: WalkRange,
  units: readonly Unit[],
  onAccounts: (accounts: number) => void = () => undefined,
): Promise<Walked> {
  const judges = judgesOf(configuration, await readCoverage(db), candidates);
  const ground = groundOf(judges, range);
  const tally = new WalkTally(judges, range);
  const left = range.isFresh ? units : await walkStored(db, judges, ground, units, tally, onAccounts);
  const kinds = [...judges.kinds, "subscription"] as const;
  for await (const loaded of readReplayStarts(db, ground, left, kinds)) {
    for (const unit of loaded) {
      walkReplayed(judges, ground, unit, tally);
      // What the server has sent meanwhile is taken in.
      await setImmediate();
    }
    onAccounts(loaded.reduce((sum, unit) => sum + unit.length, 0));
  }
  return tally.walked();
}

/** Rises and falls look back at days before the first. */
function groundOf({ configuration, coverage, wanted }: Judges, { fromDay, toDay, now }: WalkRange): ReplayGround {
  const longest = Math.max(0, ...wanted.map((fact) => (fact.kind === "trend" ? fact.days : 0)));
  return { scorer: configuration.scorer, coverage, fromDay: fromDay - longest, toDay, now, isRecording: false };
}

async function walkStored(
  db: Db,
  judges: Judges,
  ground: ReplayGround,
  units: readonly Unit[],
  tally: WalkTally,
  onAccounts: (accounts: number) => void,
): Promise<readonly Unit[]> {
  const left: Unit[] = [];
  for await (const { unit, accounts } of readStoredWalks(db, judges, ground, units)) {
    if (accounts === null) {
      left.push(unit);
      continue;
    }
    for (const { account, days } of accounts) {
      const walk = new AccountWalk(judges, account.history);
      for (const { day, score, at } of days) step(walk, tally, day, score, at);
      tally.end(walk, account, true);
    }
    onAccounts(accounts.length);
  }
  return left;
}

function walkReplayed(
  judges: Judges,
  ground: ReplayGround,
  unit: Parameters<typeof replayUnit>[1],
  tally: WalkTally,
): void {
  const walks = new Map(unit.map(({ history }) => [history.accountId, new AccountWalk(judges, history)]));
  replayUnit(ground, unit, ({ history }: ReplayedAccount, score, at) => {
    const walk = walks.get(history.accountId);
    if (walk !== undefined) step(walk, tally, score.localDay, dayScoreOf(score, judges.metrics), at);
  });
  for (const account of unit) {
    const walk = walks.get(account.history.accountId);
    if (walk !== undefined) tally.end(walk, account, false);
  }
}

function step(walk: AccountWalk, tally: WalkTally, day: DayNumber, score: DayScore, at: Instant): void {
  if (day < tally.fromDay) {
    walk.passDay(day, score, at);
    return;
  }
  walk.judgeDay(day, score, at);
  tally.countDay(walk, day);
}
