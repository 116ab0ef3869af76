import { formatDay } from "../days.ts";
import { convertMinor, rateOn, toMajor } from "../money.ts";
import type { AccountView } from "./account-view.ts";

/** Amounts as they came, by currency, in minor units. */
export type MinorByCurrency = ReadonlyMap<string, number>;

/** The sum in minor units of the reporting currency at today's rates, not rounded; in words which rate is missing. */
export function sumInReportingCurrency({ company, today }: AccountView, amounts: MinorByCurrency): number | string {
  let sum = 0;
  for (const [currency, minor] of amounts) {
    const rate = rateOn(company, currency, today);
    if (rate === null) return `no rate for ${currency} on ${formatDay(today)}`;
    sum += convertMinor(minor, currency, company.reportingCurrency, rate);
  }
  return sum;
}

/** Whole minor units of the reporting currency as major ones. */
export function inMajor({ company }: AccountView, minor: number): number {
  return toMajor(Math.round(minor), company.reportingCurrency);
}
