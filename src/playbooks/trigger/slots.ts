import { IANAZone } from "luxon";
import { weekdayOf } from "../../scoring/calendar.ts";
import { dayOfInstant, timeOfDay } from "../../scoring/days.ts";
import { dayMs } from "../../scoring/duration.ts";
import type { DayNumber, Instant } from "../../scoring/history.ts";
import type { Timetable } from "../playbook.ts";

/** 29 February can be a given day of the week once in 40 years. */
const furthestDays = 41 * 366;

/**
 * The newest time of a timetable that has come, in a zone; null when it is a day ago or longer. A time that does not exist on a day is the
 * first moment after it; one that comes twice is taken the first time. Throws when the zone is unknown.
 */
export function newestSlot(timetable: Timetable, zone: string, now: Instant): Instant | null {
  const today = dayOfInstant(zone, now);
  for (const day of [today, today - 1]) {
    const slot = slotOf(timetable, zone, day);
    if (slot !== null && slot <= now) return slot > now - dayMs ? slot : null;
  }
  return null;
}

/** The next time of a timetable; null when it never comes. */
export function nextSlot(timetable: Timetable, zone: string, now: Instant): Instant | null {
  // Yesterday's may be a moment of today.
  const first = dayOfInstant(zone, now) - 1;
  for (let day = first; day < first + furthestDays; ) {
    const month = new Date(day * dayMs).getUTCMonth() + 1;
    if (timetable.months !== null && !timetable.months.includes(month)) {
      day = nextMonth(day);
      continue;
    }
    const slot = slotOf(timetable, zone, day);
    if (slot !== null && slot > now) return slot;
    day += 1;
  }
  return null;
}

/** Whether there is any day of the kind in the calendar. */
export function everComes(timetable: Timetable): boolean {
  return nextSlot(timetable, "Etc/UTC", 0) !== null;
}

function slotOf(timetable: Timetable, zone: string, day: DayNumber): Instant | null {
  return isOn(timetable, day) ? firstMoment(zone, day, timetable.atMinute) : null;
}

function isOn({ weekdays, daysOfMonth, months }: Timetable, day: DayNumber): boolean {
  if (weekdays !== null && !weekdays.includes(weekdayOf(day))) return false;
  const date = new Date(day * dayMs);
  if (months !== null && !months.includes(date.getUTCMonth() + 1)) return false;
  if (daysOfMonth === null) return true;
  const fromEnd = day - nextMonth(day);
  return daysOfMonth.includes(date.getUTCDate()) || daysOfMonth.includes(fromEnd);
}

function nextMonth(day: DayNumber): DayNumber {
  const date = new Date(day * dayMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / dayMs;
}

/** The moment at which clocks show a time of day; where they leap over it, that of the leap. */
function firstMoment(zone: string, day: DayNumber, minute: number): Instant {
  const at = timeOfDay(zone, day, minute);
  const clock = IANAZone.create(zone);
  const offset = clock.offset(at);
  const leapt = at + offset * 60_000 - (day * dayMs + minute * 60_000);
  if (leapt <= 0) return at;
  let [before, after] = [at - leapt, at];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (clock.offset(middle) === offset) after = middle;
    else before = middle;
  }
  return after;
}
