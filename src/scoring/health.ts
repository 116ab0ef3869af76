import { stepBand } from "./bands.ts";
import { allotTenths, toTenths } from "./contributions.ts";
import { type Facts, type FactValue, metricFact } from "./facts.ts";
import { type Reading, readMeasure } from "./health/reading.ts";
import type { Cap, HealthModel } from "./health-model.ts";
import type { BandMemory, ChildScore, Driver, HealthScore, Instant, MetricValue, Override } from "./history.ts";

/** A score, and when its band changes by time alone. */
export type ScoredHealth = HealthScore & { readonly dueAt: Instant | null };

/** What a model scores an account by. */
export interface HealthInput {
  readonly metrics: ReadonlyMap<string, MetricValue>;
  /** The account's own fields and its lifecycle (metrics among them do no harm). */
  readonly accountFacts: Facts;
  /** What the band remembered after the evaluation before this one. */
  readonly memory: BandMemory | null;
  readonly override: Override | null;
  readonly children: readonly ChildScore[];
}

/** A cap that applies, and the facts it was judged by. */
interface MatchedCap {
  readonly cap: Cap;
  readonly facts: Facts;
}

interface Mean {
  /** Share of the whole score of each measure, 0 where it does not count. */
  readonly weights: readonly number[];
  /** The weighted mean, rounded; null when nothing counts. */
  readonly tenths: number | null;
  /** What each measure adds to the mean, in tenths, unrounded. */
  readonly exact: readonly number[];
}

/**
 * Scores one account by a health model: points, weights over what counts, coverage, caps, band.
 */
export function scoreHealth(
  model: HealthModel,
  { metrics, accountFacts, memory }: HealthInput,
  now: Instant,
): ScoredHealth {
  const readings = model.measures.map((measure) => readMeasure(measure, metrics));
  const coverage = coverageOf(model, readings);
  const mean = weigh(model, readings);
  const matched = lowestCap(model, metrics, accountFacts, coverage);
  const isCovered = mean.tenths !== null && coverage >= model.minimumCoverage;
  const tenths = isCovered || matched !== null ? lower(mean.tenths, matched) : null;
  const step = stepBand(model.bands, memory, tenths, matched?.cap.maxTenths ?? null, now);
  const drivers = measureDrivers(model, readings, mean, tenths !== null);
  const isCapped = matched !== null && tenths !== mean.tenths;
  if (isCapped) drivers.push(capDriver(matched, metrics, (tenths ?? 0) - (mean.tenths ?? 0)));
  const words = tenths === null ? withoutScore(model, coverage, drivers) : withScore(model, tenths, coverage, drivers);
  return {
    score: tenths === null ? null : tenths / 10,
    band: step.band,
    computed: tenths === null ? null : tenths / 10,
    suggestedBand: step.band,
    confidence: { value: coverage, coverage, freshness: 1, history: 1 },
    bandMemory: step.memory,
    coverage,
    drivers,
    reason: `${words}; ${step.reason}`,
    dueAt: step.dueAt,
  };
}

/** Weight of the measures with a value ÷ weight of those that apply; to six digits, so that 0.1 + 0.4 reaches 0.5. */
function coverageOf(model: HealthModel, readings: readonly Reading[]): number {
  let applicable = 0;
  let known = 0;
  model.measures.forEach(({ share }, index) => {
    const state = readings[index]?.state;
    if (state !== "not-applicable") applicable += share;
    if (state === "value") known += share;
  });
  return applicable === 0 ? 0 : Math.round((known / applicable) * 1e6) / 1e6;
}

/** The weighted mean over what counts: weights scaled up within the group, then across the groups that have anything. */
function weigh(model: HealthModel, readings: readonly Reading[]): Mean {
  const groupSums = new Map<string, number>();
  let total = 0;
  model.measures.forEach(({ group, groupWeight, weight }, index) => {
    if (weight === 0 || readings[index]?.points === null) return;
    const sum = groupSums.get(group) ?? 0;
    if (sum === 0) total += groupWeight;
    groupSums.set(group, sum + weight);
  });
  const weights = model.measures.map(({ group, groupWeight, weight }, index) => {
    const doesCount = total > 0 && weight > 0 && readings[index]?.points !== null;
    return doesCount ? (groupWeight / total) * (weight / (groupSums.get(group) ?? weight)) : 0;
  });
  const exact = weights.map((weight, index) => weight * (readings[index]?.points ?? 0) * 10);
  const sum = exact.reduce((mean, part) => mean + part, 0);
  return { weights, exact, tenths: total > 0 ? Math.min(1000, toTenths(sum / 10)) : null };
}

function lowestCap(
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

function lower(mean: number | null, matched: MatchedCap | null): number | null {
  if (matched === null) return mean;
  return Math.min(mean ?? matched.cap.maxTenths, matched.cap.maxTenths);
}

/** One driver per measure; without a score nothing contributes to it. */
function measureDrivers(model: HealthModel, readings: readonly Reading[], mean: Mean, hasScore: boolean): Driver[] {
  const parts = hasScore && mean.tenths !== null ? allotTenths(mean.tenths, mean.exact) : [];
  return readings.map((reading, index): Driver => {
    const measure = model.measures[index];
    return {
      group: measure?.group ?? "",
      measure: measure?.id ?? "",
      metric: measure?.metric ?? "",
      value: reading.value,
      unit: reading.unit,
      ageDays: reading.ageDays,
      state: reading.state,
      points: reading.points,
      weight: mean.weights[index] ?? 0,
      contribution: (parts[index] ?? 0) / 10,
      reason: reading.reason,
    };
  });
}

function capDriver({ cap, facts }: MatchedCap, metrics: ReadonlyMap<string, MetricValue>, tenths: number): Driver {
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

function withScore(model: HealthModel, tenths: number, coverage: number, drivers: readonly Driver[]): string {
  const counted = drivers.filter(({ group, weight }) => group !== "cap" && weight > 0).length;
  const cap = drivers.find(({ group }) => group === "cap");
  const capped = cap === undefined ? "" : `, capped at ${cap.points}: ${cap.measure}`;
  const from = `${counted} of ${model.measures.length} measures`;
  return `score ${(tenths / 10).toFixed(1)} from ${from}, coverage ${percent(coverage)}${capped}`;
}

function withoutScore(model: HealthModel, coverage: number, drivers: readonly Driver[]): string {
  const lacking = drivers.filter(({ state }) => state === "no-data" || state === "stale").map(({ metric }) => metric);
  const lacks = lacking.length === 0 ? "" : `, without ${[...new Set(lacking)].join(", ")}`;
  if (coverage >= model.minimumCoverage) return `no score: no measure counts${lacks}`;
  return `no score: coverage ${percent(coverage)} is below ${percent(model.minimumCoverage)}${lacks}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
