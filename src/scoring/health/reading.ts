import type { Measure } from "../health-model.ts";
import type { MetricState, MetricValue } from "../history.ts";

/** What a measure found for one account, before weights. */
export interface Reading {
  readonly value: number | string | null;
  readonly unit: string;
  readonly ageDays: number | null;
  readonly state: MetricState;
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
