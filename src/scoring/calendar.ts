import type { DayNumber, WorkCalendar } from "./history.ts";

const dayMs = 86_400_000;

/** From the first day of the week on. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/**
 * The public holidays of a country (ISO 3166-1, as in `DE`) or of a region of it (as in `BY`) that fall into a year; null where the place
 * is not known.
 */
export type PublicHolidays = (country: string, region: string | null, year: number) => ReadonlySet<DayNumber> | null;

/** The days of a working week, but for the holidays of each year; `holidaysIn` is asked once for a year, when a day of it is. */
export function workCalendar(
  workingWeek: readonly Weekday[],
  holidaysIn: (year: number) => ReadonlySet<DayNumber> | null,
): WorkCalendar {
  const works = weekdays.map((weekday) => workingWeek.includes(weekday));
  if (!works.includes(true)) throw new RangeError("a working week has at least one day");
  const known = new Map<number, ReadonlySet<DayNumber> | null>();
  const isHoliday = (day: DayNumber) => {
    const year = yearOf(day);
    let holidays = known.get(year);
    if (holidays === undefined) {
      holidays = holidaysIn(year);
      known.set(year, holidays);
    }
    return holidays?.has(day) === true;
  };
  return { isWorkingDay: (day) => works[weekdayIndex(day)] === true && !isHoliday(day) };
}

/**
 * The working day that comes `count` working days after `day`; for a count of 0 `day` itself, or the next working day where it is none.
 * Throws on a count below 0.
 */
export function addWorkingDays(calendar: WorkCalendar, day: DayNumber, count: number): DayNumber {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`${count} is not a number of working days`);
  let next = count === 0 ? day : day + 1;
  for (let left = Math.max(1, count); ; next += 1) {
    if (calendar.isWorkingDay(next)) left -= 1;
    if (left === 0) return next;
  }
}

/** The day of the week. */
export function weekdayOf(day: DayNumber): Weekday {
  return weekdays[weekdayIndex(day)] ?? "mon";
}

/** 0 is Monday; 1970-01-01 was a Thursday. */
function weekdayIndex(day: DayNumber): number {
  return (((day + 3) % 7) + 7) % 7;
}

function yearOf(day: DayNumber): number {
  return new Date(day * dayMs).getUTCFullYear();
}
