import type { KnownAccount } from "../../playbooks/known-facts.ts";
import type { AccountScore } from "../../scoring/account-score.ts";
import { formatDay } from "../../scoring/days.ts";
import type { MetricValue } from "../../scoring/history.ts";

/** What playbooks go by of the score of one day. */
export interface DayScore {
  readonly metrics: KnownAccount["metrics"];
  readonly score: NonNullable<KnownAccount["score"]> & { readonly modelId: string };
}

/** Of a score that was just computed, with those metrics that are named. */
export function dayScoreOf(
  { metrics, health, lifecycle, modelId, localDay }: AccountScore,
  names: readonly string[],
): DayScore {
  const { score, band, coverage, computed, confidence } = health;
  return {
    metrics: metricsNamed(metrics, names),
    score: { score, band, coverage, computed, confidence, modelId, lifecycle, day: formatDay(localDay) },
  };
}

const noMetrics: DayScore["metrics"] = new Map();

/** The facts of each day are made of them: a score has many more than playbooks look at. */
function metricsNamed(metrics: DayScore["metrics"], names: readonly string[]): DayScore["metrics"] {
  if (names.length === 0) return noMetrics;
  const named = new Map<string, MetricValue>();
  for (const name of names) {
    const metric = metrics.get(name);
    if (metric !== undefined) named.set(name, metric);
  }
  return named;
}
