import { z } from "zod";
import { parseDay } from "./days.ts";
import type { CompanyFacts, DayNumber } from "./history.ts";
import { currencySchema, daySchema, zoneSchema } from "./records.ts";

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const rateSchema = z.strictObject({
  currency: currencySchema,
  /** First day on which the rate holds. */
  from: daySchema,
  /** Units of the reporting currency for one unit of `currency`. */
  rate: z.number().positive(),
});

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
    holidays: z.never({ error: "holidays are not supported yet" }).optional(),
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

/** What metrics need of the document: rates by currency, newest last. */
export function companyFacts(company: Company): CompanyFacts {
  const rates = new Map<string, { readonly from: DayNumber; readonly rate: number }[]>();
  for (const { currency, from, rate } of company.rates) {
    const ofCurrency = rates.get(currency) ?? [];
    ofCurrency.push({ from: parseDay(from), rate });
    rates.set(currency, ofCurrency);
  }
  for (const ofCurrency of rates.values()) ofCurrency.sort((a, b) => a.from - b.from);
  return { zone: company.zone, reportingCurrency: company.reportingCurrency, rates };
}
