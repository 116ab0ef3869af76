import { dayOfInstant, formatDay, startOfDay } from "../../../scoring/days.ts";
import type { Instant, WorkCalendar } from "../../../scoring/history.ts";

/** A calendar week of an owner. */
export interface AlertWeek {
  /** Its first day. */
  readonly week: string;
  readonly beginsAt: Instant;
  /** How many alerts of the week may have been given by now. */
  readonly released: number;
}

const daysOfWeek = [0, 1, 2, 3, 4, 5, 6] as const;

/**
 * The week that `now` is in, from Monday on, and how much of its allowance is released: the same share with each working day, rounded up, so that the
 * noise of a Monday leaves something for Friday. What is not used stays until the week is over; a week without a working day has none.
 */
export function alertWeek(
  owner: { readonly zone: string; readonly calendar: WorkCalendar },
  perWeek: number,
  now: Instant,
): AlertWeek {
  const today = dayOfInstant(owner.zone, now);
  // 1970-01-01 was a Thursday.
  const monday = today - ((((today + 3) % 7) + 7) % 7);
  const working = daysOfWeek.map((offset) => monday + offset).filter((day) => owner.calendar.isWorkingDay(day));
  const begun = working.filter((day) => day <= today).length;
  const released = working.length === 0 ? 0 : Math.ceil((perWeek * begun) / working.length);
  return { week: formatDay(monday), beginsAt: startOfDay(owner.zone, monday), released };
}
