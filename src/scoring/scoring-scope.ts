import type { HealthModel } from "./health-model.ts";
import { outageBegan } from "./held-metrics.ts";
import type { Instant, StreamCoverage } from "./history.ts";
import { type HistoryScope, historyScope } from "./history-scope.ts";
import type { MetricPlan } from "./metrics.ts";

/** What to load of a history, and whether late and corrected values are needed. */
export interface ScoringScope extends HistoryScope {
  readonly forPast: boolean;
}

/**
 * What to load to score accounts as of `now`. While a source fails, what measures are held at was known before: the scope then reaches as
 * far as it would have when the outage began.
 */
export function scoringScope(
  scorer: { readonly models: readonly HealthModel[]; readonly plan: MetricPlan },
  coverage: StreamCoverage,
  now: Instant,
): ScoringScope {
  const scope = historyScope(scorer.plan, coverage, now);
  const beganAt = outageBegan(scorer, coverage, now);
  if (beganAt === null) return { ...scope, forPast: false };
  return { ...widestScope([scope, historyScope(scorer.plan, coverage, beganAt)]), forPast: true };
}

/** The scope that holds all of several of one plan. */
export function widestScope(scopes: readonly [HistoryScope, ...HistoryScope[]]): HistoryScope {
  const [first, ...others] = scopes;
  return others.reduce(
    (one, other) => ({
      kinds: [...new Set([...one.kinds, ...other.kinds])],
      usageNames:
        one.usageNames === "all" || other.usageNames === "all"
          ? "all"
          : [...new Set([...one.usageNames, ...other.usageNames])],
      fromDay: Math.min(one.fromDay, other.fromDay),
      toDay: Math.max(one.toDay, other.toDay),
      users: widestUsers(one.users, other.users),
    }),
    first,
  );
}

type Users = HistoryScope["users"];

function widestUsers(one: Users, other: Users): Users {
  if (one === undefined || other === undefined) return one ?? other;
  return { names: [...new Set([...one.names, ...other.names])], fromDay: Math.min(one.fromDay, other.fromDay) };
}
