import type { CompanyFacts, DayNumber } from "./history.ts";

/**
 * ISO 4217's currencies whose minor unit is not a hundredth. Not from Intl: that gives the digits people print, none for HUF or
 * COP, while vendors and banks count those in hundredths.
 */
const digitsOf: ReadonlyMap<string, number> = new Map([
  ...digits(0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
  ...digits(3, "BHD IQD JOD KWD LYD OMR TND"),
  ...digits(4, "CLF UYW"),
]);

/** How many digits a currency's minor unit has after the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export function currencyDigits(currency: string): number {
  return digitsOf.get(currency) ?? 2;
}

/** Minor units (cents) as major units (euros). */
export function toMajor(minor: number, currency: string): number {
  return minor / 10 ** currencyDigits(currency);
}

/** Minor units of one currency as minor units of another, not rounded; `rate` is in major units. */
export function convertMinor(minor: number, from: string, to: string, rate: number): number {
  return (minor * rate * 10 ** currencyDigits(to)) / 10 ** currencyDigits(from);
}

/** Units of the reporting currency for one unit of `currency` on a day: the newest rate that had begun by then, null when there is none. */
export function rateOn(company: CompanyFacts, currency: string, day: DayNumber): number | null {
  if (currency === company.reportingCurrency) return 1;
  let newest: { readonly from: DayNumber; readonly rate: number } | null = null;
  for (const dated of company.rates.get(currency) ?? []) {
    if (dated.from <= day && (newest === null || dated.from >= newest.from)) newest = dated;
  }
  return newest === null ? null : newest.rate;
}

function digits(count: number, currencies: string): [string, number][] {
  return currencies.split(" ").map((currency) => [currency, count]);
}
