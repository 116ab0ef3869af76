import { formatDay } from "../days.ts";
import type { DayNumber, UsageSeries } from "../history.ts";
import { type AccountView, firstDayOf, usageOf } from "./account-view.ts";
import { firstUse, lastUse } from "./usage-series.ts";
import { watermarkAsOf } from "./watermark.ts";

/** A window has at most this many whole days, and at least one. */
export const longestWindowDays = 400;
/** Of the windows there may be, those that are told where nobody asks for particular ones. */
export const usualWindows = [7, 14, 28, 90] as const;
/** The source of a regular expression for the days of a window, 1 to 400. */
export const windowPattern = "[1-9]\\d?|[123]\\d\\d|400";
/** A usage name whose source states no coverage is looked for this far back; whoever loads histories loads at least that much. */
export const longestSilenceDays = 400;
const silent: UsageSeries = { firstDay: 0, values: [] };

/** The days a usage metric looks at, both ends included. */
export interface UsageWindow {
  readonly series: UsageSeries;
  readonly days: number;
  readonly from: DayNumber;
  readonly end: DayNumber;
  /** The first day of the window on which the account was there. */
  readonly since: DayNumber;
  /** Whole days between the last complete day and `end`. */
  readonly ageDays: number;
  /** The first day the account is known to have been there, as far as the lookback shows; null when nothing does. */
  readonly began: DayNumber | null;
}

/** The window of so many days of a usage name, or in words why there is none; `lookbackDays` counts from its end too. */
export function windowOf(
  view: AccountView,
  { name, days, lookbackDays }: { readonly name: string; readonly days: number; readonly lookbackDays: number },
): UsageWindow | string {
  const series = usageOf(view, name) ?? silent;
  const end = endOf(view, name, series);
  if (typeof end === "string") return end;
  const from = end - days + 1;
  const first = firstDayOf(view);
  const used = first.isStated ? null : firstUse(series, end - lookbackDays + 1, end);
  // Use before the account's record: it was there already, nobody knows how long, so every day of the window counts.
  const isOlder = used !== null && (first.day === null || used < first.day);
  const began = isOlder ? used : first.day;
  if (began !== null && began > end) {
    return `the account began on ${formatDay(began)}, after the last covered day, ${formatDay(end)}`;
  }
  const since = isOlder ? from : Math.max(from, began ?? from);
  return { series, days, from, end, since, ageDays: view.lastDay - end, began };
}

function endOf(view: AccountView, name: string, series: UsageSeries): DayNumber | string {
  const statements = view.coverage.usageNames.get(name);
  const mark = statements === undefined ? null : watermarkAsOf(statements, view.lastDay, view.now);
  if (mark !== null) return mark;
  const last = lastUse(series, view.lastDay - longestSilenceDays, view.lastDay);
  if (last !== null) return last;
  if (statements === undefined) return `no source delivers usage ${name}`;
  return `no use of ${name} has come in, and its source has not said up to which day it is complete`;
}
