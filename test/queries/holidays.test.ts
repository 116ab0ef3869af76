import { describe, expect, test } from "vitest";
import { placeFaults, publicHolidays } from "../../src/queries/configuration/holidays.ts";
import { readCompany } from "../../src/queries/configuration/singles.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";

const daysOf = (country: string, region: string | null, year: number) =>
  [...(publicHolidays(country, region, year) ?? [])].map(formatDay).sort();

describe("published calendars", () => {
  test("Bavaria 2026", () => {
    expect(daysOf("DE", "BY", 2026)).toEqual([
      "2026-01-01",
      "2026-01-06",
      "2026-04-03",
      "2026-04-06",
      "2026-05-01",
      "2026-05-14",
      "2026-05-25",
      "2026-06-04",
      "2026-10-03",
      "2026-11-01",
      "2026-12-25",
      "2026-12-26",
    ]);
  });

  test("the Assumption is one more where most of Bavaria's people are Catholic, Good Friday none in Austria", () => {
    expect(daysOf("DE", "BY-KATH", 2026)).toContain("2026-08-15");
    expect(daysOf("AT", null, 2026)).toContain("2026-08-15");
    expect(daysOf("AT", null, 2026)).not.toContain("2026-04-03");
  });

  test("the federal holidays of the USA in 2026, with the day given for Independence Day", () => {
    expect(daysOf("US", null, 2026)).toEqual([
      "2026-01-01",
      "2026-01-19",
      "2026-02-16",
      "2026-05-25",
      "2026-06-19",
      "2026-07-03",
      "2026-07-04",
      "2026-09-07",
      "2026-10-12",
      "2026-11-11",
      "2026-11-26",
      "2026-12-25",
    ]);
  });

  test("a day given for a holiday of the next year belongs to the year it falls into", () => {
    expect(daysOf("US", null, 2027)).toContain("2027-12-31");
    expect(daysOf("US", null, 2028)).not.toContain("2027-12-31");
  });

  test("England has two days in place of Christmas and Boxing Day in 2027", () => {
    expect(daysOf("GB", "ENG", 2027)).toEqual(expect.arrayContaining(["2027-03-26", "2027-12-27", "2027-12-28"]));
  });

  test("Christmas Eve, off from 14:00 in Germany and no public holiday, is a working day", () => {
    expect(daysOf("DE", null, 2026)).not.toContain("2026-12-24");
  });

  test("a holiday that begins at sunset takes the day after it off, one of several days each of them", () => {
    expect(daysOf("IL", null, 2026)).toContain("2026-09-21");
    expect(daysOf("IL", null, 2026)).not.toContain("2026-09-20");
    const eid = ["2026-03-19", "2026-03-20", "2026-03-21", "2026-03-22"];
    expect(daysOf("SA", null, 2026)).toEqual(expect.arrayContaining(eid));
  });

  test.each([2024, 2025, 2026, 2027, 2030])("no day of %i's holidays is of another year", (year) => {
    for (const country of ["DE", "US", "GB", "JP", "IL", "CN", "EG"]) {
      for (const day of publicHolidays(country, null, year) ?? []) {
        expect(day).toBeGreaterThanOrEqual(parseDay(`${year}-01-01`));
        expect(day).toBeLessThan(parseDay(`${year + 1}-01-01`));
      }
    }
  });

  test("the same year is computed once", () => {
    expect(publicHolidays("DE", "BY", 2026)).toBe(publicHolidays("DE", "BY", 2026));
  });

  test("a place that is not known has no holidays of its own", () => {
    expect(publicHolidays("Germany", null, 2026)).toBeNull();
    expect(publicHolidays("DE", "Bavaria", 2026)).toBeNull();
  });
});

describe("company.json", () => {
  const acme = { name: "Acme", zone: "Europe/Berlin", reportingCurrency: "EUR" };

  test("takes a country, and a region of it", () => {
    expect(readCompany({ ...acme, holidays: { country: "DE" } })).toHaveProperty("part");
    expect(readCompany({ ...acme, holidays: { country: "DE", region: "BY" } })).toHaveProperty("part");
  });

  test.each([
    { holidays: { country: "UK" }, path: "holidays.country", says: 'did you mean "GB"?' },
    { holidays: { country: "XX" }, path: "holidays.country", says: "expected a code of ISO 3166-1" },
    { holidays: { country: "Germany" }, path: "holidays.country", says: "two capital letters of a country" },
    { holidays: { country: "DE", region: "DE-BY" }, path: "holidays.region", says: 'did you mean "BY"?' },
    { holidays: { country: "DE", region: "Bayern" }, path: "holidays.region", says: 'did you mean "BY"?' },
    { holidays: { country: "DE", region: "XX" }, path: "holidays.region", says: "expected one of BB, BE" },
    { holidays: { country: "JP", region: "13" }, path: "holidays.region", says: "expected none" },
    { holidays: { land: "DE" }, path: "holidays.land", says: 'unknown key "land"' },
    { holidays: ["DE"], path: "holidays", says: "expected an object" },
  ])("refuses $holidays", ({ holidays, path, says }) => {
    const read = readCompany({ ...acme, holidays });
    const faults = "faults" in read ? read.faults : [];
    expect(faults.map((fault) => fault.path)).toContain(path);
    expect(faults.map((fault) => fault.message).join("\n")).toContain(says);
  });
});

test("a country in words is told by its code", () => {
  expect(placeFaults({ country: "Austria" }, "owners[0]")).toEqual([
    { path: "owners[0].country", met: "Austria", message: expect.stringContaining('did you mean "AT"?') },
  ]);
});
