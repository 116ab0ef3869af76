const dayMs = 86_400_000;

/** Days since 1970-01-01. The sample's days are UTC days: one calendar for all accounts, so that a pull delivers whole days. */
export type Day = number;

/** The UTC day a moment falls on. */
export function dayOf(moment: Date): Day {
  return Math.floor(moment.getTime() / dayMs);
}

/** `YYYY-MM-DD`. */
export function dayText(day: Day): string {
  const known = dayTexts.get(day);
  if (known !== undefined) return known;
  const made = new Date(day * dayMs).toISOString().slice(0, 10);
  dayTexts.set(day, made);
  return made;
}
const dayTexts = new Map<Day, string>();

/** The day of a `YYYY-MM-DD` text. */
export function dayFromText(text: string): Day {
  return Date.parse(`${text}T00:00:00Z`) / dayMs;
}

/** A moment, given as days since 1970-01-01 with a fraction, as ISO text in whole minutes: never rounded up into the next day. */
export function momentText(moment: number): string {
  // A thousandth of a minute makes up for fractions such as 2/24 that fall a hair short of the minute.
  return new Date(Math.floor(moment * 1440 + 0.001) * 60_000).toISOString();
}

/** The day `months` later, or the last day of that month where it is shorter. */
export function addMonths(day: Day, months: number): Day {
  const from = new Date(day * dayMs);
  const year = from.getUTCFullYear();
  const month = from.getUTCMonth() + months;
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(from.getUTCDate(), lastOfMonth)) / dayMs;
}

/** Saturday or Sunday. */
export function isWeekend(day: Day): boolean {
  return weekdayOf(day) >= 5;
}

/** The share of a usual working day's usage that a day in this country sees: weekends and holidays are quiet. */
export function workShare(day: Day, country: string): number {
  const text = dayText(day).slice(5);
  if (isHoliday(day, text, country)) return 0.15;
  const byWeekday = weekdayShares[weekdayOf(day)] ?? 1;
  return text >= "12-24" || text <= "01-01" ? byWeekday * 0.88 : byWeekday;
}

const weekdayShares = [0.97, 1.03, 1.04, 1, 0.9, 0.13, 0.1];

/** Fixed public holidays, as month and day. */
const holidays: Readonly<Record<string, readonly string[]>> = {
  US: ["01-01", "07-04", "11-11", "12-25"],
  GB: ["01-01", "12-25", "12-26"],
  DE: ["01-01", "05-01", "10-03", "12-25", "12-26"],
  FR: ["01-01", "05-01", "05-08", "07-14", "11-11", "12-25"],
  ES: ["01-01", "01-06", "05-01", "10-12", "12-06", "12-08", "12-25"],
  SG: ["01-01", "05-01", "08-09", "12-25"],
  AU: ["01-01", "01-26", "04-25", "12-25", "12-26"],
  JP: ["01-01", "01-02", "01-03", "05-03", "05-04", "05-05", "11-03", "11-23"],
};

function isHoliday(day: Day, text: string, country: string): boolean {
  if (holidays[country]?.includes(text)) return true;
  // Thanksgiving: the fourth Thursday of November.
  return country === "US" && weekdayOf(day) === 3 && text >= "11-22" && text <= "11-28";
}

/** 0 is Monday; 1970-01-01 was a Thursday. */
function weekdayOf(day: Day): number {
  return (day + 3) % 7;
}
