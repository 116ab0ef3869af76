import type { AccountScore } from "../scoring/account-score.ts";
import type { ReachedMilestone } from "../store/milestones.ts";
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

/** The milestones that the score before did not know as reached; an account may have reached one all the same, before a hand took it back. */
export function milestonesReached(previous: PreviousScore | undefined, result: ComputedScore): ReachedMilestone[] {
  const reached: ReachedMilestone[] = [];
  for (const { id, reachedAt, by } of result.lifecycle.milestones) {
    if (reachedAt === null || by === null) continue;
    const isKnown = previous?.lifecycle?.milestones.some((known) => known.id === id && known.reachedAt !== null);
    if (isKnown !== true) reached.push({ accountId: result.accountId, milestoneId: id, reachedAt, by });
  }
  return reached;
}

/** That a milestone was reached for the first time. */
export function milestoneChange({ accountId, milestoneId, reachedAt, by }: ReachedMilestone, now: Date): AccountChange {
  const data = { milestone: milestoneId, at: new Date(reachedAt).toISOString(), by };
  return { accountId, at: now, kind: "milestone", data };
}
