import type { AccountScore } from "../scoring/account-score.ts";
import type { MetricValue } from "../scoring/history.ts";
import type { AccountChange, PreviousScore } from "../store/scores.ts";

/** A score and whose it is. */
export interface ComputedScore extends AccountScore {
  readonly accountId: number;
}

/** What came to be with a score, against the one before. The first score of an account is a change of its score, band and stage. */
export function changesBetween(previous: PreviousScore | undefined, result: ComputedScore, now: Date): AccountChange[] {
  const before = {
    score: previous?.score ?? null,
    band: previous?.band ?? null,
    stage: previous?.lifecycle?.stage ?? null,
    model: previous?.modelId ?? result.modelId,
  };
  const after = {
    score: result.health.score,
    band: result.health.band,
    stage: result.lifecycle.stage,
    model: result.modelId,
  };
  const changes: AccountChange[] = [];
  for (const kind of ["score", "band", "stage", "model"] as const) {
    if (before[kind] === after[kind]) continue;
    changes.push({ accountId: result.accountId, at: now, kind, data: { from: before[kind], to: after[kind] } });
  }
  return changes;
}

/** `billing.mrr` where it is known, for roll-ups. */
export function mrrOf(metrics: ReadonlyMap<string, MetricValue>): number | null {
  const metric = metrics.get("billing.mrr");
  return metric?.state === "value" && typeof metric.value === "number" ? metric.value : null;
}
