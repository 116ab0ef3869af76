import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { type AccountScore, scoreAccount } from "../scoring/account-score.ts";
import { formatDay } from "../scoring/days.ts";
import type { AccountHistory, StreamCoverage } from "../scoring/history.ts";
import { historyScope } from "../scoring/history-scope.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db, Tx } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { notify } from "../store/notify.ts";
import {
  type AccountChange,
  type PreviousScore,
  readPreviousScores,
  type StoredScore,
  writeChanges,
  writeScores,
} from "../store/scores.ts";
import { claimDueScores, markFailed, markScored, type ScoreClaim } from "../store/work.ts";

export interface ScoreDeps {
  readonly db: Db;
  readonly configuration: Configuration;
  readonly log: Log;
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

/** Scores every account that is due: metrics → health model → score, band, drivers, coverage. */
export async function scoreDue(deps: ScoreDeps, now: Date): Promise<ScoreSummary> {
  const coverage = await readCoverage(deps.db);
  const cursor = { afterId: 0, isExhausted: false };
  const lanes = Array.from({ length: deps.lanes ?? defaultLanes }, () => runLane(deps, coverage, cursor, now));
  const summaries = await Promise.all(lanes);
  const total = { scored: 0, failed: 0 };
  for (const summary of summaries) {
    total.scored += summary.scored;
    total.failed += summary.failed;
  }
  if (total.scored > 0) await notify(deps.db, "respond");
  return total;
}

/** Lanes share the cursor, so that none walks again over what another has claimed. */
interface Cursor {
  afterId: number;
  isExhausted: boolean;
}

async function runLane(deps: ScoreDeps, coverage: StreamCoverage, cursor: Cursor, now: Date): Promise<ScoreSummary> {
  let scored = 0;
  let failed = 0;
  while (!cursor.isExhausted) {
    const batch = await deps.db.transaction().execute((tx) => scoreBatch(tx, deps, coverage, cursor, now));
    for (const { claim, error } of batch.failures) {
      deps.log.error({ account: claim.key, err: error }, "an account could not be scored; it is put aside for a while");
      await markFailed(deps.db, claim.accountId, error instanceof Error ? error.message : String(error), now);
    }
    scored += batch.scored;
    failed += batch.failures.length;
  }
  return { scored, failed };
}

interface BatchResult {
  readonly scored: number;
  readonly failures: readonly { readonly claim: ScoreClaim; readonly error: unknown }[];
}

async function scoreBatch(
  tx: Tx,
  deps: ScoreDeps,
  coverage: StreamCoverage,
  cursor: Cursor,
  now: Date,
): Promise<BatchResult> {
  const limit = deps.batchSize ?? defaultBatchSize;
  const claims = await claimDueScores(tx, cursor.afterId, limit, now);
  cursor.afterId = Math.max(cursor.afterId, claims.at(-1)?.accountId ?? 0);
  if (claims.length < limit) cursor.isExhausted = true;
  if (claims.length === 0) return { scored: 0, failures: [] };
  const scope = historyScope(deps.configuration.scorer.plan, coverage, now.getTime());
  const histories = await loadHistories(tx, { ...scope, accounts: claims, forPast: false });
  const previous = await readPreviousScores(
    tx,
    claims.map((claim) => claim.accountId),
    // A local day is never further on than that.
    Math.floor(now.getTime() / dayMs) + 1,
  );
  const { results, failures } = computeBatch(deps, claims, histories, previous, coverage, now);
  await writeScores(
    tx,
    results.map((result) => storedScore(result, "live", now)),
    true,
  );
  await writeChanges(
    tx,
    results.flatMap((result) => changesBetween(previous.get(result.accountId), result, now)),
  );
  await markScored(tx, results.map(dueAgain(claims)));
  return { scored: results.length, failures };
}

interface Computed extends AccountScore {
  readonly accountId: number;
}

function computeBatch(
  deps: ScoreDeps,
  claims: readonly ScoreClaim[],
  histories: readonly AccountHistory[],
  previous: ReadonlyMap<number, PreviousScore>,
  coverage: StreamCoverage,
  now: Date,
): { results: Computed[]; failures: { claim: ScoreClaim; error: unknown }[] } {
  const results: Computed[] = [];
  const failures: { claim: ScoreClaim; error: unknown }[] = [];
  for (const [index, claim] of claims.entries()) {
    const history = histories[index];
    if (history === undefined) continue;
    try {
      const before = previous.get(claim.accountId);
      const memory = before === undefined ? null : { band: before.bandMemory, lifecycle: before.lifecycle };
      const known = { history, coverage, memory, children: [] };
      const score = scoreAccount(deps.configuration.scorer, known, now.getTime());
      results.push({ ...score, accountId: claim.accountId });
    } catch (error) {
      failures.push({ claim, error });
    }
  }
  return { results, failures };
}

/** The row that keeps a computed score. */
export function storedScore(result: Computed, origin: "live" | "replayed", now: Date): StoredScore {
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

function changesBetween(previous: PreviousScore | undefined, result: Computed, now: Date): AccountChange[] {
  const changes: AccountChange[] = [];
  const { score, band } = result.health;
  const from = { score: previous?.score ?? null, band: previous?.band ?? null };
  if (from.score !== score) {
    changes.push({ accountId: result.accountId, at: now, kind: "score", data: { from: from.score, to: score } });
  }
  if (from.band !== band) {
    changes.push({ accountId: result.accountId, at: now, kind: "band", data: { from: from.band, to: band } });
  }
  return changes;
}

function dueAgain(claims: readonly ScoreClaim[]) {
  const seqs = new Map(claims.map((claim) => [claim.accountId, claim.dirtySeq]));
  return (result: Computed) => ({
    accountId: result.accountId,
    dirtySeq: seqs.get(result.accountId) ?? 0,
    nextScoreAt: result.dueAt,
  });
}
