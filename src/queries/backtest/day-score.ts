import type { KnownAccount } from "../../playbooks/known-facts.ts";
import type { AccountScore } from "../../scoring/account-score.ts";
import { formatDay } from "../../scoring/days.ts";

/** What playbooks go by of the score of one day. */
export interface DayScore {
  readonly metrics: KnownAccount["metrics"];
  readonly score: NonNullable<KnownAccount["score"]> & { readonly modelId: string };
}

/** Of a score that was just computed. */
export function dayScoreOf({ metrics, health, lifecycle, modelId, localDay }: AccountScore): DayScore {
  const { score, band, coverage, computed, confidence } = health;
  return {
    metrics,
    score: { score, band, coverage, computed, confidence, modelId, lifecycle, day: formatDay(localDay) },
  };
}
