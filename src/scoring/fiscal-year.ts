import { formatDay } from "./days.ts";
import type { CompanyFacts, DayNumber } from "./history.ts";

/**
 * The fiscal quarter a day lies in, as `FY2027-Q1`. A fiscal year is named after the calendar year in which it ends: one that begins on
 * 1 April 2026 is FY2027, one that begins on 1 January 2026 is FY2026.
 */
export function fiscalQuarter(company: CompanyFacts, day: DayNumber): string {
  const { month, day: firstDay } = company.fiscalYearStart;
  const [year = 0, calendarMonth = 0, dayOfMonth = 0] = formatDay(day).split("-").map(Number);
  // Whole months since the fiscal year's start, counted over calendar years.
  const months = year * 12 + calendarMonth - month - (dayOfMonth < firstDay ? 1 : 0);
  const begins = Math.floor(months / 12);
  const quarter = Math.floor((months - begins * 12) / 3) + 1;
  const endsInItsFirstYear = month === 1 && firstDay === 1;
  return `FY${endsInItsFirstYear ? begins : begins + 1}-Q${quarter}`;
}
