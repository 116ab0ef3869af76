import { bandByEdges, stepBand } from "./bands.ts";
import { confidenceOf } from "./confidence.ts";
import { allotTenths } from "./contributions.ts";
import type { Facts } from "./facts.ts";
import { capDriver, lowestCap, type MatchedCap, underCap } from "./health/cap.ts";
import { type Counted, countMeasures } from "./health/counted.ts";
import { applyOverride } from "./health/override.ts";
import { holdEnd, holdReading, type Reading, readMeasure } from "./health/reading.ts";
import { type HealthModel, revenueMetric } from "./health-model.ts";
import type { HeldMetrics } from "./held-metrics.ts";
import type { BandMemory, ChildScore, Driver, HealthScore, Instant, MetricValue, Override } from "./history.ts";
import { rollUp } from "./roll-up.ts";

/** A score, and when it changes by time alone. */
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
  /** What the metrics said before their sources failed; null while none fails. */
  readonly held: HeldMetrics | null;
  /** Days since the account's first day; null when that is not known. */
  readonly historyDays: number | null;
  /** Only the numbers are asked for: no drivers, no reason in words. */
  readonly isBrief?: boolean;
}

/**
 * Scores one account by a health model: points, weights over what counts, coverage, caps, band, and the override above them.
 */
export function scoreHealth(model: HealthModel, input: HealthInput, now: Instant): ScoredHealth {
  const { metrics, memory, override } = input;
  const counted = countParts(model, input, now);
  const { mean, coverage } = counted;
  const matched = lowestCap(model, metrics, input.accountFacts, coverage);
  const isCovered = mean.tenths !== null && coverage >= model.minimumCoverage;
  const tenths = isCovered || matched !== null ? underCap(mean.tenths, matched) : null;
  const step = stepBand(model.bands, memory, tenths, matched?.cap.maxTenths ?? null, now);
  const cap = matched !== null && tenths !== mean.tenths ? matched : null;
  const computed: ScoredHealth = {
    score: tenths === null ? null : tenths / 10,
    band: step.band,
    computed: tenths === null ? null : tenths / 10,
    suggestedBand: step.band ?? bandOfKnown(model, counted),
    confidence: confidenceOf(coverage, counted.freshness, input.historyDays),
    bandMemory: step.memory,
    coverage,
    drivers: input.isBrief === true ? [] : allDrivers(counted, tenths, cap, metrics),
    reason: input.isBrief === true ? "" : `${scoreWords(model, counted, tenths, cap)}; ${step.reason}`,
    dueAt: earlier(step.dueAt, holdsEndAt(model, input.held, counted)),
  };
  return override === null ? computed : overridden(model, computed, tenths, override);
}

/** A hint where there is no score; null where nothing is known. */
function bandOfKnown(model: HealthModel, { mean, coverage }: Counted): string | null {
  return mean.tenths === null || coverage === 0 ? null : bandByEdges(model.bands, mean.tenths);
}

function countParts(model: HealthModel, input: HealthInput, now: Instant): Counted {
  const { children, metrics } = input;
  const plan = model.rollUp;
  if (plan === null || children.length === 0) return countMeasures(model, readAll(model, input, now));
  if (!plan.includeSelf) return rollUp(plan.method, children, null);
  const counted = countMeasures(model, readAll(model, input, now));
  const revenue = metrics.get(revenueMetric);
  const mrr = revenue?.state === "value" && typeof revenue.value === "number" ? revenue.value : null;
  return rollUp(plan.method, children, { counted, minimumCoverage: model.minimumCoverage, mrr });
}

function readAll(model: HealthModel, { metrics, held }: HealthInput, now: Instant): readonly Reading[] {
  const readings: Reading[] = [];
  for (const measure of model.measures) {
    const reading = readMeasure(measure, metrics);
    readings.push(held === null ? reading : holdReading(measure, reading, held, now));
  }
  return readings;
}

/** When the first of the held measures is held no longer. */
function holdsEndAt(model: HealthModel, held: HeldMetrics | null, { readings, noun }: Counted): Instant | null {
  if (held === null || noun !== "measures") return null;
  let first: Instant | null = null;
  model.measures.forEach((measure, index) => {
    const beganAt = readings[index]?.state === "held" ? held.beganAt(measure.metric, measure.per) : null;
    if (beganAt !== null) first = earlier(first, holdEnd(measure, beganAt));
  });
  return first;
}

function earlier(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** The parts and the cap, each as a driver. */
function allDrivers(
  counted: Counted,
  tenths: number | null,
  cap: MatchedCap | null,
  metrics: ReadonlyMap<string, MetricValue>,
): Driver[] {
  const drivers = partDrivers(counted, tenths !== null);
  if (cap !== null) drivers.push(capDriver(cap, metrics, (tenths ?? 0) - (counted.mean.tenths ?? 0)));
  return drivers;
}

/** One driver per part; without a score nothing contributes to it. */
function partDrivers({ parts, readings, mean }: Counted, hasScore: boolean): Driver[] {
  const tenths = hasScore && mean.tenths !== null ? allotTenths(mean.tenths, mean.exact) : null;
  const drivers: Driver[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    const reading = readings[index];
    if (part === undefined || reading === undefined) continue;
    const weight = mean.weights[index] ?? 0;
    const isBeaten = part.isRival && weight === 0 && reading.points !== null;
    drivers.push({
      group: part.group,
      measure: part.id,
      metric: part.metric,
      value: reading.value,
      unit: reading.unit,
      ageDays: reading.ageDays,
      state: reading.state,
      points: reading.points,
      weight,
      contribution: tenths === null ? 0 : (tenths[index] ?? 0) / 10,
      reason: isBeaten ? beatenWords(reading.reason) : reading.reason,
    });
  }
  return drivers;
}

function beatenWords(reason: string | undefined): string {
  const words = "not the worst of its group, which counts alone";
  return reason === undefined ? words : `${reason}; ${words}`;
}

/** What people are shown under an override; the band's memory stays that of the computed score. */
function overridden(
  model: HealthModel,
  computed: ScoredHealth,
  computedTenths: number | null,
  override: Override,
): ScoredHealth {
  const { tenths, band, driver, words } = applyOverride(model, override, {
    tenths: computedTenths,
    band: computed.band,
  });
  return {
    ...computed,
    score: tenths === null ? null : tenths / 10,
    band,
    suggestedBand: band ?? computed.suggestedBand,
    drivers: [...computed.drivers, driver],
    reason: `${words}; computed: ${computed.reason}`,
  };
}

function scoreWords(model: HealthModel, counted: Counted, tenths: number | null, cap: MatchedCap | null): string {
  if (tenths === null) return withoutScore(model, counted);
  const { parts, mean, coverage, noun } = counted;
  let count = 0;
  for (const weight of mean.weights) if (weight > 0) count += 1;
  const capped = cap === null ? "" : `, capped at ${cap.cap.maxTenths / 10}: ${cap.cap.reason}`;
  return `score ${(tenths / 10).toFixed(1)} from ${count} of ${parts.length} ${noun}, coverage ${percent(coverage)}${capped}`;
}

function withoutScore(model: HealthModel, { parts, readings, coverage, noun }: Counted): string {
  const lacking = new Set<string>();
  parts.forEach((part, index) => {
    const state = readings[index]?.state;
    if (state === "no-data" || state === "stale") lacking.add(noun === "measures" ? part.metric : part.id);
  });
  const lacks = lacking.size === 0 ? "" : `, without ${[...lacking].join(", ")}`;
  if (coverage >= model.minimumCoverage) return `no score: no ${noun.slice(0, -1)} counts${lacks}`;
  return `no score: coverage ${percent(coverage)} is below ${percent(model.minimumCoverage)}${lacks}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
