import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { scoreAccount } from "../scoring/account-score.ts";
import { formatDay } from "../scoring/days.ts";
import type { AccountHistory, ChildScore, DayNumber, StreamCoverage } from "../scoring/history.ts";
import type { NewestScore } from "../scoring/replay/family-days.ts";
import { mrrOf } from "../scoring/roll-up.ts";
import { scoringScope } from "../scoring/scoring-scope.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db, Tx } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { type ReachedMilestone, recordMilestones } from "../store/milestones.ts";
import { notify } from "../store/notify.ts";
import { readChildScores, readNewestScores } from "../store/scores/children.ts";
import {
  type AccountChange,
  memoryOf,
  type PreviousScore,
  readPreviousScores,
  type StoredScore,
  writeChanges,
  writeScores,
} from "../store/scores.ts";
import { claimDueScores, hasFamilies, markFailed, markScored, raiseParents, type ScoreClaim } from "../store/work.ts";
import { type ComputedScore, changesBetween, milestoneChange, milestonesReached } from "./score-changes.ts";

export interface ScoreDeps {
  readonly db: Db;
  readonly configuration: Configuration;
  readonly log: Log;
  /** Whether the configuration is the one in force: a pass that began before documents were applied ends. It is unless given. */
  readonly isInForce?: (tx: Tx) => Promise<boolean>;
  /** Accounts per transaction. */
  readonly batchSize?: number;
  /** Transactions under way at once: while one waits for the database, another computes. */
  readonly lanes?: number;
}

export interface ScoreSummary {
  readonly scored: number;
  readonly failed: number;
}

const defaultBatchSize = 500;
/** On two cores: one computes, two keep the server busy. */
const defaultLanes = 3;
const dayMs = 86_400_000;
/** More levels of parents than a company has. What is left is due in the next pass. */
const mostRounds = 100;

/** Scores every account that is due: metrics → health model → score, band, drivers, coverage. Parents come after their children. */
export async function scoreDue(deps: ScoreDeps, now: Date): Promise<ScoreSummary> {
  const coverage = await readCoverage(deps.db);
  const families = await hasFamilies(deps.db);
  let total = await runRound({ deps, coverage, hasFamilies: families, parentsOnly: false }, now);
  let last = total;
  for (let round = 1; families && round < mostRounds; round += 1) {
    const raised = await raiseParents(deps.db);
    if (raised + last.scored + last.failed === 0) break;
    last = await runRound({ deps, coverage, hasFamilies: true, parentsOnly: true }, now);
    total = sum(total, last);
  }
  if (total.scored > 0) await notify(deps.db, "respond");
  return total;
}

/** One walk over the accounts, by several lanes. */
interface Round {
  readonly deps: ScoreDeps;
  readonly coverage: StreamCoverage;
  readonly hasFamilies: boolean;
  /** In the rounds after the first only parents can have become due. */
  readonly parentsOnly: boolean;
}

/** Lanes share the cursor, so that none walks again over what another has claimed. */
interface Cursor {
  afterId: number;
  isExhausted: boolean;
}

async function runRound(round: Round, now: Date): Promise<ScoreSummary> {
  const cursor = { afterId: 0, isExhausted: false };
  const lanes = Array.from({ length: round.deps.lanes ?? defaultLanes }, () => runLane(round, cursor, now));
  return (await Promise.all(lanes)).reduce(sum);
}

function sum(one: ScoreSummary, other: ScoreSummary): ScoreSummary {
  return { scored: one.scored + other.scored, failed: one.failed + other.failed };
}

async function runLane(round: Round, cursor: Cursor, now: Date): Promise<ScoreSummary> {
  const { db, log } = round.deps;
  let scored = 0;
  let failed = 0;
  while (!cursor.isExhausted) {
    const batch = await db.transaction().execute((tx) => scoreBatch(tx, round, cursor, now));
    for (const { claim, error } of batch.failures) {
      log.error({ account: claim.key, err: error }, "an account could not be scored; it is put aside for a while");
      await markFailed(db, claim.accountId, error instanceof Error ? error.message : String(error), now);
    }
    scored += batch.scored;
    failed += batch.failures.length;
  }
  return { scored, failed };
}

interface BatchResult {
  readonly scored: number;
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly claim: ScoreClaim;
  readonly error: unknown;
}

async function scoreBatch(tx: Tx, round: Round, cursor: Cursor, now: Date): Promise<BatchResult> {
  const { deps, coverage } = round;
  const limit = deps.batchSize ?? defaultBatchSize;
  const claims = await claimDueScores(tx, { ...round, afterId: cursor.afterId, limit }, now);
  cursor.afterId = Math.max(cursor.afterId, claims.at(-1)?.accountId ?? 0);
  if (claims.length < limit) cursor.isExhausted = true;
  if (claims.length === 0) return { scored: 0, failures: [] };
  // Asked while the rows are locked: whoever applies documents after this makes them due once more.
  if (deps.isInForce !== undefined && !(await deps.isInForce(tx))) {
    cursor.isExhausted = true;
    return { scored: 0, failures: [] };
  }
  const scope = scoringScope(deps.configuration.scorer, coverage, now.getTime());
  const histories = await loadHistories(tx, { ...scope, accounts: claims });
  const before = await readBefore(tx, claims, round, now);
  const { results, failures } = computeBatch(round, claims, histories, before, now);
  const rows = results.map((result) => storedScore(result, "live", now));
  await writeScores(tx, rows, true);
  await noteChanges(tx, results, before, now);
  await markScored(tx, results.map(settledBy(claims, before)));
  return { scored: results.length, failures };
}

async function noteChanges(tx: Tx, results: readonly ComputedScore[], { previous }: Before, now: Date): Promise<void> {
  const changes: AccountChange[] = [];
  const milestones: ReachedMilestone[] = [];
  for (const result of results) {
    const last = previous.get(result.accountId);
    changes.push(...changesBetween(last, result, now));
    milestones.push(...milestonesReached(last, result));
  }
  const fresh = await recordMilestones(tx, milestones, now);
  await writeChanges(tx, [...changes, ...fresh.map((milestone) => milestoneChange(milestone, now))]);
}

/** What is stored of the accounts and of those next to them. */
interface Before {
  readonly previous: ReadonlyMap<number, PreviousScore>;
  readonly children: ReadonlyMap<number, readonly ChildScore[]>;
  /** What its parent has seen, of accounts that have one. */
  readonly seen: ReadonlyMap<number, NewestScore>;
}

async function readBefore(tx: Tx, claims: readonly ScoreClaim[], round: Round, now: Date): Promise<Before> {
  // A local day is never further on than that.
  const throughDay: DayNumber = Math.floor(now.getTime() / dayMs) + 1;
  const ids = claims.map((claim) => claim.accountId);
  const previous = await readPreviousScores(tx, ids, throughDay);
  if (!round.hasFamilies) return { previous, children: new Map(), seen: new Map() };
  const children = await readChildScores(tx, ids, throughDay);
  const belonging = claims.filter((claim) => claim.parentId !== null).map((claim) => claim.accountId);
  const seen = belonging.length === 0 ? new Map() : await readNewestScores(tx, belonging, throughDay);
  return { previous, children, seen };
}

function computeBatch(
  { deps, coverage }: Round,
  claims: readonly ScoreClaim[],
  histories: readonly AccountHistory[],
  { previous, children }: Before,
  now: Date,
): { results: ComputedScore[]; failures: Failure[] } {
  const results: ComputedScore[] = [];
  const failures: Failure[] = [];
  for (const [index, claim] of claims.entries()) {
    const history = histories[index];
    if (history === undefined) continue;
    try {
      const known = {
        history,
        coverage,
        memory: memoryOf(previous.get(claim.accountId)),
        children: children.get(claim.accountId) ?? [],
      };
      const score = scoreAccount(deps.configuration.scorer, known, now.getTime());
      results.push({ ...score, accountId: claim.accountId });
    } catch (error) {
      failures.push({ claim, error });
    }
  }
  return { results, failures };
}

/** The row that keeps a computed score. */
export function storedScore(result: ComputedScore, origin: "live" | "replayed", now: Date): StoredScore {
  const { health } = result;
  return {
    accountId: result.accountId,
    day: formatDay(result.localDay),
    at: now,
    origin,
    modelId: result.modelId,
    modelRevision: result.modelRevision,
    modelReason: result.modelReason,
    computed: health.computed,
    suggestedBand: health.suggestedBand,
    confidence: health.confidence,
    lifecycle: result.lifecycle,
    score: health.score,
    band: health.band,
    coverage: health.coverage,
    reason: health.reason,
    bandMemory: health.bandMemory,
    drivers: health.drivers,
    metrics: Object.fromEntries(result.metrics),
  };
}

function settledBy(claims: readonly ScoreClaim[], { seen }: Before) {
  const byId = new Map(claims.map((claim) => [claim.accountId, claim]));
  return (result: ComputedScore) => {
    const claim = byId.get(result.accountId);
    const last = seen.get(result.accountId);
    const { score, band } = result.health;
    const isNews = last?.score !== score || last.band !== band || last.mrr !== mrrOf(result.metrics);
    return {
      accountId: result.accountId,
      dirtySeq: claim?.dirtySeq ?? 0,
      nextScoreAt: result.dueAt,
      rollsUp: claim?.parentId != null && isNews,
    };
  };
}
