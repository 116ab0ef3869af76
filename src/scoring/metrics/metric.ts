import type { MetricValue } from "../history.ts";
import type { StreamKind } from "../records.ts";
import type { AccountView } from "./account-view.ts";

/** What a metric is, in words; `name` is one metric's, or a form such as `usage.<name>.avg_28d`. */
export interface MetricDefinition {
  readonly name: string;
  readonly unit: string;
  readonly type: "number" | "text";
  /** The kind of record it rests on. */
  readonly source: StreamKind;
  readonly formula: string;
  /** When there is no value. */
  readonly missing: string;
}

/** A metric that can be computed. */
export interface Metric extends MetricDefinition {
  readonly compute: (view: AccountView) => MetricValue;
}

/** A value that rests on data up to `ageDays` before the last complete local day. */
export function measured(unit: string, value: number, ageDays: number): MetricValue {
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
