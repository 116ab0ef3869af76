import type { MetricValue } from "../history.ts";
import type { RecordKind, StreamKind } from "../records.ts";
import type { AccountView } from "./account-view.ts";
import type { MetricSettings } from "./settings.ts";

/** What a metric is, in words; `name` is one metric's, or a form such as `usage.<name>.avg_28d`. */
export interface MetricDefinition {
  readonly name: string;
  readonly unit: string;
  /** `any`: the account's value decides. */
  readonly type: "number" | "text" | "any";
  /** The kind of record it rests on; `metrics` where it is made of others. */
  readonly source: StreamKind | RecordKind | "metrics";
  readonly formula: string;
  /** When there is no value. */
  readonly missing: string;
}

/** A usage name, and how many days of it are looked at, back from the end of its windows. */
export interface UsageNeed {
  readonly name: string;
  readonly days: number;
}

/** What of a history a metric looks at, beside the account's own record. */
export interface MetricNeeds {
  readonly kinds?: readonly RecordKind[] | undefined;
  readonly usage?: readonly UsageNeed[] | undefined;
  /** Who used what. */
  readonly users?: readonly UsageNeed[] | undefined;
  /** So many days of every usage name the account has. */
  readonly everyUsageDays?: number | undefined;
}

/** A metric that can be computed. */
export interface Metric extends MetricDefinition {
  /** Left out where the records of its source are all it looks at. */
  readonly needs?: (settings: MetricSettings) => MetricNeeds;
  readonly compute: (view: AccountView) => MetricValue;
}

/** A value that rests on data up to `ageDays` before the last complete local day. */
export function measured(unit: string, value: number | string, ageDays: number): MetricValue {
  return { value, unit, ageDays, state: "value" };
}

/** Nothing is known, for a reason in words. */
export function noData(unit: string, reason: string): MetricValue {
  return { value: null, unit, ageDays: null, state: "no-data", reason };
}

/** The question does not arise for this account, for a reason in words. */
export function notApplicable(unit: string, reason: string): MetricValue {
  return { value: null, unit, ageDays: null, state: "not-applicable", reason };
}

/** What a metric looks at; of a kind of record, all that is known. */
export function needsOf(metric: Metric, settings: MetricSettings): MetricNeeds {
  if (metric.needs !== undefined) return metric.needs(settings);
  const { source } = metric;
  return source === "usage" || source === "metrics" ? {} : { kinds: [source] };
}

/** The metric's answer in this view, worked out once. */
export function valueIn(view: AccountView, metric: Metric): MetricValue {
  const known = view.memo.values.get(metric.name);
  if (known !== undefined) return known;
  const value = metric.compute(view);
  view.memo.values.set(metric.name, value);
  return value;
}
