import { setImmediate } from "node:timers/promises";
import type { Configuration } from "../playbooks/configuration.ts";
import type { AccountScore } from "../scoring/account-score.ts";
import type { AccountHistory, AccountMemory, DayNumber, Instant, StreamCoverage } from "../scoring/history.ts";
import { scoringScope } from "../scoring/scoring-scope.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Database, Db } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { type NewestScore, readNewestScores } from "../store/scores/children.ts";
import { memoryOf, readPreviousScores } from "../store/scores.ts";
import { enterReplay, momentsOf, type ReplayGround, scoreMoment } from "./replay/account-days.ts";
import { type DayTally, TallyByDay } from "./replay/day-tally.ts";
import { batchesOf, type Unit } from "./replay/families.ts";
import { replayFamily } from "./replay/family-days.ts";
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

/** Their usage fits into what a connection holds back, so that the server reads on while scores are computed. */
const batchSize = 100;
const dayMs = 86_400_000;

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
  const batches = batchesOf(options.units, batchSize);
  let next = loadAhead(db, ground, batches[0]);
  for (const [index] of batches.entries()) {
    const loaded = await next;
    next = loadAhead(db, ground, batches[index + 1]);
    for (const unit of loaded) {
      replayUnit(ground, unit, keep);
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

/** What is stored of an account before its first replayed day. */
interface LoadedAccount {
  readonly history: AccountHistory;
  readonly archivedAt: Instant | null;
  readonly memory: AccountMemory | null;
  readonly newest: NewestScore | null;
}

/** Begins to load; a failure is met where the batch is waited for. */
function loadAhead(db: Db, ground: ReplayGround, units: readonly Unit[] | undefined): Promise<LoadedAccount[][]> {
  const loading = loadBatch(db, ground, units ?? []);
  loading.catch(() => undefined);
  return loading;
}

async function loadBatch(db: Db, ground: ReplayGround, units: readonly Unit[]): Promise<LoadedAccount[][]> {
  const accounts = units.flat();
  if (accounts.length === 0) return [];
  const histories = await loadHistories(db, { ...scopeOf(ground), accounts });
  const ids = accounts.map(({ accountId }) => accountId);
  const memories = await readPreviousScores(db, ids, ground.fromDay - 1);
  const related = units.filter((unit) => unit.length > 1).flatMap((unit) => unit.map(({ accountId }) => accountId));
  const newest = related.length === 0 ? null : await readNewestScores(db, related, ground.fromDay - 1);
  const byId = new Map(histories.map((history) => [history.accountId, history]));
  return units.map((unit) =>
    unit.flatMap(({ accountId, archivedAt }) => {
      const history = byId.get(accountId);
      if (history === undefined) return [];
      const memory = memoryOf(memories.get(accountId));
      return [{ history, archivedAt, memory, newest: newest?.get(accountId) ?? null }];
    }),
  );
}

/** All that any of the days looks at, and those moments at which values are held while a source fails. */
function scopeOf({ scorer, coverage, fromDay, toDay }: ReplayGround) {
  // No local day ends sooner.
  const scope = scoringScope(scorer, coverage, (fromDay - 1) * dayMs);
  return { ...scope, toDay, forPast: { dayEndsAnd: outageMoments(coverage) } };
}

function outageMoments({ kindOutages, usageOutages }: StreamCoverage): readonly Instant[] {
  const outages = [...kindOutages.values(), ...usageOutages.values()].flat();
  return [...new Set(outages.map(({ beganAt }) => beganAt))];
}

function replayUnit(
  ground: ReplayGround,
  unit: readonly LoadedAccount[],
  keep: (accountId: number, score: AccountScore, at: Instant) => void,
): void {
  const members = unit.map(({ newest, ...account }) => ({ ...enterReplay(account), newest }));
  const [alone] = members;
  if (members.length > 1) {
    replayFamily(ground, members, ({ history }, score, at) => keep(history.accountId, score, at));
    return;
  }
  if (alone === undefined) return;
  for (const at of momentsOf(ground, alone)) {
    keep(alone.history.accountId, scoreMoment(ground, alone, [], at), at);
  }
}
