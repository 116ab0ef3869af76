import { startOfDay } from "../days.ts";
import type { DayNumber, Instant } from "../history.ts";
import type { AccountView } from "./account-view.ts";

/** A stretch of whole local days. */
export interface LocalWindow {
  readonly from: Instant;
  /** The first moment after it. */
  readonly until: Instant;
}

/** The so many local days up to and including `end`. */
export function windowEnding(view: AccountView, end: DayNumber, days: number): LocalWindow {
  return { from: startOfDay(view.zone, end - days + 1), until: startOfDay(view.zone, end + 1) };
}

export function isWithin({ from, until }: LocalWindow, moment: Instant): boolean {
  return moment >= from && moment < until;
}
