import { z } from "zod";
import { type PublicHolidays, weekdays, workCalendar } from "./calendar.ts";
import { dataRetentionSchema } from "./data-retention.ts";
import { parseDay } from "./days.ts";
import type { CompanyFacts, DayNumber } from "./history.ts";
import { currencySchema, daySchema, zoneSchema } from "./records.ts";

const rateSchema = z.strictObject({
  currency: currencySchema,
  /** First day on which the rate holds. */
  from: daySchema,
  /** Units of the reporting currency for one unit of `currency`. */
  rate: z.number().positive(),
});

/** A country by ISO 3166-1, and a region of it as ISO 3166-2 has it after the hyphen. */
const placeSchema = z.strictObject({
  country: z.string().regex(/^[A-Z]{2}$/, "expected the two capital letters of a country, such as DE"),
  region: z.string().min(1).max(20).optional(),
});

/** Every month has a 28th: each quarter begins on the same day of its month. */
const firstDayOfYear = /^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/;

/** `company.json`: the one company this database is about. */
export const companySchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().min(1).max(300),
    /** Used for accounts without a zone of their own. */
    zone: zoneSchema,
    reportingCurrency: currencySchema,
    rates: z.array(rateSchema).default([]),
    workingWeek: z.array(z.enum(weekdays)).min(1).default(["mon", "tue", "wed", "thu", "fri"]),
    /** Whose public holidays are no working days. */
    holidays: placeSchema.optional(),
    /** Month and day on which a fiscal year begins. */
    fiscalYearStart: z.string().regex(firstDayOfYear, "expected month and day, from 01-01 to 12-28").default("01-01"),
    retention: dataRetentionSchema.optional(),
  })
  .superRefine((company, context) => {
    const seen = new Set<string>();
    for (const [index, { currency, from }] of company.rates.entries()) {
      const path = ["rates", index];
      if (currency === company.reportingCurrency) {
        context.addIssue({ code: "custom", path, message: `${currency} is the reporting currency and needs no rate` });
      }
      if (seen.has(`${currency} ${from}`)) {
        context.addIssue({ code: "custom", path, message: `a second rate for ${currency} from ${from}` });
      }
      seen.add(`${currency} ${from}`);
    }
    if (new Set(company.workingWeek).size < company.workingWeek.length) {
      context.addIssue({ code: "custom", path: ["workingWeek"], message: "a weekday is named twice" });
    }
  });

export type Company = z.infer<typeof companySchema>;

/** What the domain needs of the document. Holidays are data that come from outside: they are asked for when a calendar is. */
export function companyFacts(company: Company, holidays: PublicHolidays): CompanyFacts {
  const { zone, reportingCurrency, workingWeek, fiscalYearStart } = company;
  const [month = 1, day = 1] = fiscalYearStart.split("-").map(Number);
  const own = company.holidays;
  const ownHolidays = (year: number) => (own === undefined ? null : holidays(own.country, own.region ?? null, year));
  const calendar = workCalendar(workingWeek, ownHolidays);
  return {
    zone,
    reportingCurrency,
    rates: datedRates(company),
    calendar,
    calendarOf: (country, region) =>
      country === null
        ? calendar
        : workCalendar(workingWeek, (year) => holidays(country, region, year) ?? ownHolidays(year)),
    fiscalYearStart: { month, day },
  };
}

/** By currency, newest last. */
function datedRates(company: Company): CompanyFacts["rates"] {
  const rates = new Map<string, { readonly from: DayNumber; readonly rate: number }[]>();
  for (const { currency, from, rate } of company.rates) {
    const ofCurrency = rates.get(currency) ?? [];
    ofCurrency.push({ from: parseDay(from), rate });
    rates.set(currency, ofCurrency);
  }
  for (const ofCurrency of rates.values()) ofCurrency.sort((a, b) => a.from - b.from);
  return rates;
}
