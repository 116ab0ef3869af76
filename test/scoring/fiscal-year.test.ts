import { expect, test } from "vitest";
import { companyFacts, companySchema } from "../../src/scoring/company.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import { fiscalQuarter } from "../../src/scoring/fiscal-year.ts";

function acme(fiscalYearStart?: string) {
  const document = { name: "Acme", zone: "UTC", reportingCurrency: "EUR" };
  return companyFacts(
    companySchema.parse(fiscalYearStart === undefined ? document : { ...document, fiscalYearStart }),
    () => null,
  );
}

test.each([
  { start: undefined, day: "2026-01-01", quarter: "FY2026-Q1" },
  { start: undefined, day: "2026-03-31", quarter: "FY2026-Q1" },
  { start: undefined, day: "2026-04-01", quarter: "FY2026-Q2" },
  { start: undefined, day: "2026-12-31", quarter: "FY2026-Q4" },
  { start: undefined, day: "2028-02-29", quarter: "FY2028-Q1" },
  { start: "04-01", day: "2026-03-31", quarter: "FY2026-Q4" },
  { start: "04-01", day: "2026-04-01", quarter: "FY2027-Q1" },
  { start: "04-01", day: "2026-06-30", quarter: "FY2027-Q1" },
  { start: "04-01", day: "2026-07-01", quarter: "FY2027-Q2" },
  { start: "04-01", day: "2027-01-01", quarter: "FY2027-Q4" },
  { start: "04-06", day: "2027-04-05", quarter: "FY2027-Q4" },
  { start: "04-06", day: "2027-04-06", quarter: "FY2028-Q1" },
  { start: "10-01", day: "2026-09-30", quarter: "FY2026-Q4" },
  { start: "10-01", day: "2026-10-01", quarter: "FY2027-Q1" },
  { start: "01-15", day: "2026-01-14", quarter: "FY2026-Q4" },
  { start: "01-15", day: "2026-01-15", quarter: "FY2027-Q1" },
  { start: "12-28", day: "2028-03-27", quarter: "FY2028-Q1" },
  { start: "12-28", day: "2028-03-28", quarter: "FY2028-Q2" },
])("$day lies in $quarter where fiscal years begin on $start", ({ start, day, quarter }) => {
  expect(fiscalQuarter(acme(start), parseDay(day))).toBe(quarter);
});

test.each(["01-01", "02-28", "04-06", "12-01"])(
  "a fiscal year from %s has four quarters, one after another",
  (start) => {
    const quarters: string[] = [];
    for (let day = parseDay("2023-06-01"); day < parseDay("2029-06-01"); day += 1) {
      const quarter = fiscalQuarter(acme(start), day);
      if (quarters.at(-1) === quarter) continue;
      quarters.push(quarter);
      if (quarters.length > 1) expect(Number(formatDay(day).slice(8))).toBe(Number(start.slice(3)));
    }
    expect(new Set(quarters).size).toBe(quarters.length);
    expect(quarters.length).toBeGreaterThanOrEqual(24);
    quarters.slice(1).forEach((quarter, index) => {
      const before = Number(quarters[index]?.slice(-1));
      expect(Number(quarter.slice(-1))).toBe((before % 4) + 1);
    });
  },
);
