import { durationWords } from "../duration.ts";
import type { Measure } from "../health-model.ts";
import type { HeldMetrics } from "../held-metrics.ts";
import type { DriverState, Instant, MetricState, MetricValue } from "../history.ts";

/** What a measure found for one account, before weights. */
export interface Reading {
  readonly value: number | string | null;
  readonly unit: string;
  readonly ageDays: number | null;
  readonly state: DriverState;
  /** 0–100, or null when the measure does not count. */
  readonly points: number | null;
  readonly reason: string | undefined;
}

const notComputed: MetricValue = { value: null, unit: "", ageDays: null, state: "no-data", reason: "not computed" };

/** From the best to the worst: a ratio is in the worse state of its two metrics. */
const severity: Readonly<Record<MetricState, number>> = { value: 0, stale: 1, "no-data": 2, "not-applicable": 3 };

/** Reads a measure's metric (or ratio), judges its age and gives its points. */
export function readMeasure(measure: Measure, metrics: ReadonlyMap<string, MetricValue>): Reading {
  const metric = metrics.get(measure.metric) ?? notComputed;
  const found = measure.per === null ? metric : ratio(metric, measure.per, metrics.get(measure.per) ?? notComputed);
  const { value, unit, ageDays, state, reason } = aged(found, measure.maxAgeDays);
  if (state === "not-applicable") return { value: null, unit, ageDays, state, points: null, reason };
  const points = state === "value" && value !== null ? measure.curve.pointsOf(value) : null;
  if (points !== null) return { value, unit, ageDays, state, points, reason };
  const without =
    state === "value"
      ? { state: "no-data" as const, reason: `the curve has no points for "${value}"` }
      : { state, reason };
  return { value, unit, ageDays, ...without, points: measure.missingPoints };
}

/**
 * The reading while sources fail. One that is as fresh as it can be stands. Any other is held at what it was when the outage began, for
 * the measure's `holdFor`; after that it is stale.
 */
export function holdReading(measure: Measure, reading: Reading, held: HeldMetrics, now: Instant): Reading {
  const { state, ageDays, value } = reading;
  const isFresh = state === "value" && (ageDays === null || ageDays === 0);
  const beganAt = isFresh || state === "not-applicable" ? null : held.beganAt(measure.metric, measure.per);
  if (beganAt === null) return reading;
  if (now >= holdEnd(measure, beganAt)) {
    const reason = `its source has failed since ${held.dayOf(beganAt)}, longer than ${durationWords(measure.holdForMs)}`;
    if (value === null) return { ...reading, reason: `${reading.reason ?? "no value"}; ${reason}` };
    return { ...reading, state: "stale", points: measure.missingPoints, reason };
  }
  const last = readMeasure(measure, held.valuesAt(measure.metric, measure.per, beganAt));
  if (last.state !== "value") return reading;
  const age = last.ageDays === null ? null : last.ageDays + held.daysSince(beganAt);
  return { ...last, ageDays: age, state: "held", reason: `held since ${held.dayOf(beganAt)}: its source fails` };
}

/** The moment from which the last good points no longer stand. */
export function holdEnd(measure: Measure, beganAt: Instant): Instant {
  return beganAt + measure.holdForMs;
}

function aged(metric: MetricValue, maxAgeDays: number | null): MetricValue {
  if (metric.state !== "value" || metric.ageDays === null || maxAgeDays === null || metric.ageDays <= maxAgeDays)
    return metric;
  return { ...metric, state: "stale", reason: `as of ${metric.ageDays} days ago, fresh is at most ${maxAgeDays}` };
}

function ratio(metric: MetricValue, perName: string, per: MetricValue): MetricValue {
  // "seats" divide, each of them is a seat.
  const unit = `${metric.unit} per ${per.unit.replace(/s$/, "")}`;
  const worse = severity[per.state] > severity[metric.state] ? per : metric;
  const reason = worse === per && per.reason !== undefined ? `${perName}: ${per.reason}` : worse.reason;
  if (typeof metric.value !== "number" || typeof per.value !== "number") {
    const state = severity[worse.state] < severity["no-data"] ? "no-data" : worse.state;
    return { value: null, unit, ageDays: null, state, reason };
  }
  if (per.value === 0) return { value: null, unit, ageDays: null, state: "no-data", reason: `${perName} is 0` };
  // What is divided by (seats, say) is a standing fact that is true until it changes: only the measured metric can be too old.
  return { value: metric.value / per.value, unit, ageDays: metric.ageDays, state: worse.state, reason };
}
