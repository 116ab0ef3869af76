import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addWorkingDays, type Weekday, weekdays, workCalendar } from "../../src/scoring/calendar.ts";
import { companyFacts, companySchema } from "../../src/scoring/company.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";

const office: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri"];
/** Easter of 2026 in Germany: Friday to Monday. */
const easter = new Set([parseDay("2026-04-03"), parseDay("2026-04-06")]);
const calendar = workCalendar(office, (year) => (year === 2026 ? easter : new Set()));

test.each([
  { day: "2026-04-02", works: true, what: "a Thursday" },
  { day: "2026-04-03", works: false, what: "Good Friday" },
  { day: "2026-04-04", works: false, what: "a Saturday" },
  { day: "2026-04-05", works: false, what: "a Sunday" },
  { day: "2026-04-06", works: false, what: "Easter Monday" },
  { day: "2026-04-07", works: true, what: "a Tuesday" },
  { day: "2027-04-06", works: true, what: "the same date a year later" },
  { day: "1969-12-24", works: true, what: "a Wednesday before 1970" },
  { day: "1969-12-28", works: false, what: "a Sunday before 1970" },
])("$day, $what: people work there: $works", ({ day, works }) => {
  expect(calendar.isWorkingDay(parseDay(day))).toBe(works);
});

test.each([
  { from: "2026-04-02", count: 0, gives: "2026-04-02", what: "a working day is the one to come" },
  { from: "2026-04-03", count: 0, gives: "2026-04-07", what: "a holiday gives way to the next working day" },
  { from: "2026-04-02", count: 1, gives: "2026-04-07", what: "Easter is passed over" },
  { from: "2026-04-04", count: 1, gives: "2026-04-07", what: "a Saturday counts from Monday on" },
  { from: "2026-04-01", count: 2, gives: "2026-04-07", what: "counts over the holidays" },
  { from: "2028-02-28", count: 1, gives: "2028-02-29", what: "a leap day is a day" },
  { from: "2026-12-31", count: 1, gives: "2027-01-01", what: "goes on into the next year" },
  { from: "2026-01-01", count: 261, gives: "2027-01-05", what: "a year of them" },
])("$count working days after $from is $gives: $what", ({ from, count, gives }) => {
  expect(formatDay(addWorkingDays(calendar, parseDay(from), count))).toBe(gives);
});

test("refuses to go back", () => {
  expect(() => addWorkingDays(calendar, 0, -1)).toThrow(RangeError);
  expect(() => addWorkingDays(calendar, 0, 1.5)).toThrow(RangeError);
});

test("so many working days are counted one by one, and end on one", () => {
  const anyWeek = fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 });
  const anyHolidays = fc.array(fc.integer({ min: 20_000, max: 20_200 }), { maxLength: 40 });
  fc.assert(
    fc.property(
      anyWeek,
      anyHolidays,
      fc.integer({ min: 20_000, max: 20_100 }),
      fc.nat(60),
      (week, free, day, count) => {
        const some = workCalendar(week, () => new Set(free));
        const due = addWorkingDays(some, day, count);
        expect(some.isWorkingDay(due)).toBe(true);
        const from = count === 0 ? day : day + 1;
        const passed = Array.from({ length: due - from + 1 }, (_, index) => from + index).filter(some.isWorkingDay);
        expect(passed).toHaveLength(Math.max(1, count));
      },
    ),
  );
});

describe("a company's calendars", () => {
  const book: Readonly<Record<string, string>> = { "DE/BY": "2026-01-06", "DE/": "2026-10-03", "AT/": "2026-10-26" };
  const asked: string[] = [];
  const acme = companyFacts(
    companySchema.parse({
      name: "Acme",
      zone: "Europe/Berlin",
      reportingCurrency: "EUR",
      workingWeek: [...weekdays],
      holidays: { country: "DE", region: "BY" },
    }),
    (country, region) => {
      asked.push(`${country}/${region ?? ""}`);
      const day = book[`${country}/${region ?? ""}`];
      return day === undefined ? null : new Set([parseDay(day)]);
    },
  );
  const works = (country: string | null, region: string | null, day: string) =>
    acme.calendarOf(country, region).isWorkingDay(parseDay(day));

  test("the company's own holidays hold where no country is given, or one that is not known", () => {
    expect(acme.calendar.isWorkingDay(parseDay("2026-01-06"))).toBe(false);
    expect(works(null, null, "2026-01-06")).toBe(false);
    expect(works("Germany", null, "2026-01-06")).toBe(false);
  });

  test("another country has its own", () => {
    expect(works("AT", null, "2026-10-26")).toBe(false);
    expect(works("AT", null, "2026-01-06")).toBe(true);
    expect(works("DE", null, "2026-01-06")).toBe(true);
  });

  test("holidays of a year are asked for once", () => {
    asked.length = 0;
    const austria = acme.calendarOf("AT", null);
    addWorkingDays(austria, parseDay("2026-01-01"), 300);
    expect(asked).toEqual(["AT/"]);
  });
});
