import type { DayNumber } from "./history.ts";

/** The stored values of one fact within one window: the extremes, and the first day that has one. */
export interface TrendSpan {
  readonly highest: number;
  readonly lowest: number;
  readonly firstDay: DayNumber;
}

/** One account's, by `spanKey`. */
export type TrendSpans = ReadonlyMap<string, TrendSpan>;

/** Names the window of a fact that ends today and began so many days before. */
export function spanKey(fact: string, days: number): string {
  return `${fact} ${days}`;
}

/**
 * By how much a number stands below the highest, or above the lowest, of its stored values; or why that is not known. A history that is
 * shorter than half of the window says nothing of the whole.
 */
export function trendOf(
  { base, direction, days }: { readonly base: string; readonly direction: "fall" | "rise"; readonly days: number },
  present: number,
  span: TrendSpan | undefined,
  today: DayNumber,
): { readonly value: number } | { readonly missing: string } {
  const half = Math.ceil(days / 2);
  if (span === undefined || span.firstDay > today - half) {
    return { missing: `none of the values of ${base} that are kept is ${half === 1 ? "1 day" : `${half} days`} old` };
  }
  const moved = direction === "fall" ? span.highest - present : present - span.lowest;
  // 72.1 - 54.1 is 17.999999999999993 to a computer.
  return { value: Math.max(0, Number(moved.toPrecision(12))) };
}
