import { expect, test } from "vitest";
import { companyFacts, companySchema } from "../../src/scoring/company.ts";
import { parseDay } from "../../src/scoring/days.ts";

const acme = { name: "Acme", zone: "Europe/Vienna", reportingCurrency: "EUR" };

test("a company needs a name, a zone and a currency, and works from Monday to Friday", () => {
  expect(companySchema.parse(acme)).toEqual({
    ...acme,
    rates: [],
    workingWeek: ["mon", "tue", "wed", "thu", "fri"],
    fiscalYearStart: "01-01",
  });
});

test("rates come out by currency, newest last", () => {
  const document = {
    ...acme,
    rates: [
      { currency: "USD", from: "2025-02-01", rate: 0.95 },
      { currency: "GBP", from: "2025-01-01", rate: 1.2 },
      { currency: "USD", from: "2025-01-01", rate: 0.9 },
    ],
  };
  expect(companyFacts(companySchema.parse(document), () => null)).toMatchObject({
    zone: "Europe/Vienna",
    reportingCurrency: "EUR",
    rates: new Map([
      [
        "USD",
        [
          { from: parseDay("2025-01-01"), rate: 0.9 },
          { from: parseDay("2025-02-01"), rate: 0.95 },
        ],
      ],
      ["GBP", [{ from: parseDay("2025-01-01"), rate: 1.2 }]],
    ]),
  });
});

const january = { currency: "USD", from: "2025-01-01", rate: 0.9 };

test.each([
  { what: "an unknown key", document: { ...acme, color: "red" }, message: 'Unrecognized key: "color"' },
  {
    what: "a fiscal year from a day that not every month has",
    document: { ...acme, fiscalYearStart: "02-29" },
    message: "expected month and day, from 01-01 to 12-28",
  },
  {
    what: "a country in words",
    document: { ...acme, holidays: { country: "Austria" } },
    message: "expected the two capital letters of a country, such as DE",
  },
  { what: "an unknown zone", document: { ...acme, zone: "Vienna" }, message: "not a time zone of the IANA database" },
  {
    what: "a currency in words",
    document: { ...acme, reportingCurrency: "euro" },
    message: "a currency is three capital letters, such as EUR",
  },
  {
    what: "two rates for one day",
    document: { ...acme, rates: [january, { ...january, rate: 1 }] },
    message: "a second rate for USD from 2025-01-01",
  },
  {
    what: "a rate of the reporting currency",
    document: { ...acme, rates: [{ ...january, currency: "EUR" }] },
    message: "EUR is the reporting currency and needs no rate",
  },
  {
    what: "a day that is none",
    document: { ...acme, rates: [{ ...january, from: "2025-02-30" }] },
    message: "Invalid ISO date",
  },
  { what: "a weekday twice", document: { ...acme, workingWeek: ["mon", "mon"] }, message: "a weekday is named twice" },
])("refuses $what", ({ document, message }) => {
  const parsed = companySchema.safeParse(document);
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([message]);
});
