import type { AccountHistory, DayNumber, MetricValue, UserDay } from "../history.ts";
import type { AccountView } from "./account-view.ts";
import { measured, noData } from "./metric.ts";
import { firstUse } from "./usage-series.ts";
import type { UsageWindow } from "./usage-window.ts";

/** A history is asked for many moments: its rows are brought into order once. */
const sorted = new WeakMap<readonly UserDay[], readonly UserDay[]>();

/** How many different users a usage name had in the window, as known at the view's moment. */
export function countUsers(window: UsageWindow, unit: string, view: AccountView, name: string): MetricValue {
  const { series, from, end, ageDays } = window;
  const days = byDay(view.history, name);
  const users = new Set<number>();
  for (let index = firstFrom(days, from); index < days.length; index += 1) {
    const row = days[index];
    if (row === undefined || row.day > end) break;
    if (row.recordedAt <= view.now) users.add(row.user);
  }
  // Use by nobody: the source counts without saying whom.
  if (users.size === 0 && firstUse(series, from, end) !== null)
    return noData(unit, `usage ${name} comes without users`);
  return measured(unit, users.size, ageDays);
}

function byDay(history: AccountHistory, name: string): readonly UserDay[] {
  const rows = history.users.get(name);
  if (rows === undefined) return [];
  let known = sorted.get(rows);
  if (known === undefined) {
    known = [...rows].sort((one, other) => one.day - other.day);
    sorted.set(rows, known);
  }
  return known;
}

/** The first place whose day is not before `day`. */
function firstFrom(days: readonly UserDay[], day: DayNumber): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((days[middle]?.day ?? day) < day) low = middle + 1;
    else high = middle;
  }
  return low;
}
