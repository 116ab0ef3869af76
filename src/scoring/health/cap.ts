import { type Facts, type FactValue, metricFact } from "../facts.ts";
import type { Cap, HealthModel } from "../health-model.ts";
import type { Driver, MetricValue } from "../history.ts";

/** A cap that applies, and the facts it was judged by. */
export interface MatchedCap {
  readonly cap: Cap;
  readonly facts: Facts;
}

/** Of the caps whose condition holds the one with the lowest limit; null when none does. */
export function lowestCap(
  model: HealthModel,
  metrics: ReadonlyMap<string, MetricValue>,
  accountFacts: Facts,
  coverage: number,
): MatchedCap | null {
  if (model.caps.length === 0) return null;
  const facts = new Map<string, FactValue>([["coverage", coverage]]);
  for (const name of model.capFacts) {
    const metric = metrics.get(name);
    const value = metric === undefined ? accountFacts.get(name) : metricFact(metric);
    if (value !== null && value !== undefined) facts.set(name, value);
  }
  let lowest: Cap | null = null;
  for (const cap of model.caps) {
    const isLower = lowest === null || cap.maxTenths < lowest.maxTenths;
    if (isLower && cap.when.truth(facts) === true) lowest = cap;
  }
  return lowest === null ? null : { cap: lowest, facts };
}

/** The score under a cap; where nothing counts the cap's limit is all there is. */
export function underCap(mean: number | null, matched: MatchedCap | null): number | null {
  if (matched === null) return mean;
  return Math.min(mean ?? matched.cap.maxTenths, matched.cap.maxTenths);
}

/** A cap as a driver of its own, that takes away `tenths`. */
export function capDriver(
  { cap, facts }: MatchedCap,
  metrics: ReadonlyMap<string, MetricValue>,
  tenths: number,
): Driver {
  const [fact = ""] = cap.when.facts;
  const value = facts.get(fact) ?? null;
  return {
    group: "cap",
    measure: cap.reason,
    metric: fact,
    value: typeof value === "boolean" ? String(value) : value,
    unit: metrics.get(fact)?.unit ?? "",
    ageDays: metrics.get(fact)?.ageDays ?? null,
    state: value === null ? "no-data" : "value",
    points: cap.maxTenths / 10,
    weight: 0,
    contribution: tenths / 10,
    reason: cap.when.why(facts),
  };
}
