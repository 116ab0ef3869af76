import { setImmediate } from "node:timers/promises";
import type { Configuration } from "../playbooks/configuration.ts";
import type { AccountScore } from "../scoring/account-score.ts";
import type { DayNumber, Instant } from "../scoring/history.ts";
import type { Unit } from "../scoring/replay/families.ts";
import { replayUnit } from "../scoring/replay/unit-days.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Database } from "../store/db.ts";
import { readReplayStarts } from "../store/replay-starts.ts";
import { type DayTally, TallyByDay } from "./replay/day-tally.ts";
import { ScoreSink } from "./replay/score-sink.ts";
import { storedScore } from "./score.ts";

/** Which days of which accounts are replayed, and what becomes of their scores. */
export interface ReplayOptions {
  /** Accounts that ever were each other's parents stand in one unit. */
  readonly units: readonly Unit[];
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  /** Store the scores as `replayed`; otherwise they are only summed up. */
  readonly isRecording: boolean;
  /** None of these days has a stored score yet: they can be copied in. */
  readonly isEmpty: boolean;
  /** No moment beyond this one is replayed. */
  readonly now: Date;
  /** Told after every batch of accounts. */
  readonly onAccounts?: (accounts: number) => void;
}

export interface ReplaySummary {
  readonly accounts: number;
  readonly scores: number;
  readonly stored: number;
  readonly days: readonly DayTally[];
}

/**
 * Computes the scores of past days from what was known then, each as a live pass in the last moment of that local day would have.
 * An account's records are loaded once and all its days computed in memory. Never responds or delivers.
 */
export async function replayScores(
  database: Pick<Database, "db" | "pool">,
  configuration: Configuration,
  options: ReplayOptions,
): Promise<ReplaySummary> {
  const { db } = database;
  const { scorer } = configuration;
  const ground = { scorer, coverage: await readCoverage(db), ...options, now: options.now.getTime() };
  const sink = options.isRecording ? new ScoreSink(database, options.isEmpty) : null;
  const tally = new TallyByDay();
  const total = { accounts: 0, scores: 0 };
  const keep = (accountId: number, score: AccountScore, at: Instant): void => {
    total.scores += 1;
    tally.add(score.localDay, score.health.score, score.health.band);
    sink?.add(storedScore({ ...score, accountId }, "replayed", new Date(at)));
  };
  for await (const loaded of readReplayStarts(db, ground, options.units)) {
    for (const unit of loaded) {
      replayUnit(ground, unit, ({ history }, score, at) => keep(history.accountId, score, at));
      await sink?.flush(false);
      // What the server has sent meanwhile is taken in.
      await setImmediate();
    }
    const accounts = loaded.reduce((sum, unit) => sum + unit.length, 0);
    total.accounts += accounts;
    options.onAccounts?.(accounts);
  }
  await sink?.flush(true);
  return { ...total, stored: sink?.stored ?? 0, days: tally.days() };
}
