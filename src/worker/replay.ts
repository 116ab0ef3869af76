import type { Configuration } from "../playbooks/configuration.ts";
import { type AccountScore, scoreAccount } from "../scoring/account-score.ts";
import { startOfDay } from "../scoring/days.ts";
import type { AccountHistory, AccountMemory, DayNumber, StreamCoverage } from "../scoring/history.ts";
import { historyScope } from "../scoring/history-scope.ts";
import { accountAsOf } from "../scoring/record-state.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { readPreviousScores, type StoredScore, writeScores } from "../store/scores.ts";
import { storedScore } from "./score.ts";

export interface ReplayOptions {
  readonly accounts: readonly { readonly accountId: number; readonly key: string }[];
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  /** Store the scores as `replayed`; otherwise they are only handed to `onScores`. */
  readonly isRecording: boolean;
  /** No day beyond this moment is replayed. */
  readonly now: Date;
  /** Told after every batch of accounts. */
  readonly onScores?: (scores: readonly StoredScore[], accounts: number) => void;
}

export interface ReplaySummary {
  readonly accounts: number;
  readonly scores: number;
  readonly stored: number;
}

const batchSize = 200;

/**
 * Computes the scores of past days from what was known then, each as a live pass in the last moment of that local day would have.
 * An account's records are loaded once and all its days computed in memory. Never responds or delivers.
 */
export async function replayScores(
  db: Db,
  configuration: Configuration,
  options: ReplayOptions,
): Promise<ReplaySummary> {
  const coverage = await readCoverage(db);
  let scores = 0;
  let stored = 0;
  for (let start = 0; start < options.accounts.length; start += batchSize) {
    const batch = options.accounts.slice(start, start + batchSize);
    const rows = await replayBatch(db, configuration, coverage, { ...options, accounts: batch });
    scores += rows.length;
    if (options.isRecording) stored += await writeScores(db, rows, false);
    options.onScores?.(rows, batch.length);
  }
  return { accounts: options.accounts.length, scores, stored };
}

async function replayBatch(
  db: Db,
  configuration: Configuration,
  coverage: StreamCoverage,
  options: ReplayOptions,
): Promise<StoredScore[]> {
  const { scorer } = configuration;
  const earliest = startOfDay(scorer.company.zone, options.fromDay);
  const scope = historyScope(scorer.plan, coverage, earliest);
  const histories = await loadHistories(db, {
    ...scope,
    accounts: options.accounts,
    toDay: options.toDay,
    forPast: { dayEndsAnd: [] },
  });
  const memories = await readPreviousScores(
    db,
    options.accounts.map((account) => account.accountId),
    options.fromDay - 1,
  );
  return histories.flatMap((history) => {
    const before = memories.get(history.accountId);
    const memory = before === undefined ? null : { band: before.bandMemory, lifecycle: before.lifecycle };
    return replayAccount(configuration, history, coverage, memory, options);
  });
}

/** All days of one account, each with the memory the day before has left. */
function replayAccount(
  configuration: Configuration,
  history: AccountHistory,
  coverage: StreamCoverage,
  memory: AccountMemory | null,
  options: ReplayOptions,
): StoredScore[] {
  const { scorer } = configuration;
  const rows: StoredScore[] = [];
  let last = memory;
  for (let day = options.fromDay; day <= options.toDay; day += 1) {
    const at = lastMomentOf(day, history, scorer.company.zone);
    if (at > options.now.getTime()) break;
    if (accountAsOf(history, at).name === undefined) continue;
    const score: AccountScore = scoreAccount(scorer, { history, coverage, memory: last, children: [] }, at);
    // The zone changed within the day: that moment belongs to another local day, which has its own turn.
    if (score.localDay !== day) continue;
    last = { band: score.health.bandMemory, lifecycle: score.lifecycle };
    rows.push(storedScore({ ...score, accountId: history.accountId }, "replayed", new Date(at)));
  }
  return rows;
}

/** The zone may itself have changed over time: the day's end is taken in the zone in force about then. */
function lastMomentOf(day: DayNumber, history: AccountHistory, companyZone: string): number {
  const zone = accountAsOf(history, startOfDay(companyZone, day + 1)).zone ?? companyZone;
  return startOfDay(zone, day + 1) - 1;
}
