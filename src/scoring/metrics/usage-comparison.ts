import type { MetricValue } from "../history.ts";
import { measured, noData } from "./metric.ts";
import { sumOfDays } from "./usage-series.ts";
import type { UsageWindow } from "./usage-window.ts";

/** Thirteen weeks: the days before the window that a trend compares with. */
export const trendBaseDays = 91;
/** Below four weeks of comparison a trend says more about the calendar than about the customer. */
export const leastBaseDays = 28;
export const leastTrendHistory = 56;
/** Half a year, to the day's end of whole weeks: what an account does as a rule. */
export const baselineDays = 182;
/** With fewer weeks their spread is chance. */
export const leastBaselineWeeks = 8;
const weekDays = 7;
/**
 * Use on one day a week. At that rate 28 days expect four uses, and none at all happens by chance in 2 of 100 windows; below it a
 * change cannot be told from chance, so the change is measured against this rate instead.
 */
const leastRate = 1 / 7;
/** Who uses the same each week has a spread of nothing: a change by a tenth of the mean then counts as one standard deviation. */
const leastSpread = 0.1;

/** The change of the window's days against the 91 days before them, relative to those. */
export function trendOf({ series, days, from, end, ageDays, began }: UsageWindow, unit: string): MetricValue {
  const history = began === null ? 0 : end - began + 1;
  const needed = Math.max(leastTrendHistory, days + leastBaseDays);
  if (began === null || history < needed) {
    return noData(unit, `the account has ${history} days of history, a trend over ${days} days needs ${needed}`);
  }
  const start = Math.max(from - trendBaseDays, began);
  const before = sumOfDays(series, start, from - 1) / (from - start);
  const recent = sumOfDays(series, from, end) / days;
  return measured(unit, (recent - before) / Math.max(before, leastRate), ageDays);
}

/** How far the window's mean lies from that of the weeks before it, in standard deviations of those weeks' means. */
export function baselineOf({ series, days, from, end, ageDays, began }: UsageWindow, unit: string): MetricValue {
  const before = began === null ? 0 : Math.max(0, from - began);
  const weeks = Math.floor(Math.min(before, baselineDays) / weekDays);
  if (weeks < leastBaselineWeeks) {
    return noData(
      unit,
      `the account has ${before} days of history before the window, its own baseline needs ${leastBaselineWeeks * weekDays}`,
    );
  }
  const mean = sumOfDays(series, from - weeks * weekDays, from - 1) / (weeks * weekDays);
  let squares = 0;
  for (let start = from - weeks * weekDays; start < from; start += weekDays) {
    const distance = sumOfDays(series, start, start + weekDays - 1) / weekDays - mean;
    squares += distance * distance;
  }
  const spread = Math.max(Math.sqrt(squares / (weeks - 1)), leastSpread * Math.abs(mean), leastRate);
  return measured(unit, (sumOfDays(series, from, end) / days - mean) / spread, ageDays);
}
