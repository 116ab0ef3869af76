import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { dayOfInstant, formatDay, nextLocalMidnight, parseDay, startOfDay, timeOfDay } from "../../src/scoring/days.ts";

const iso = (instant: number) => new Date(instant).toISOString();

describe("startOfDay", () => {
  test.each([
    { what: "UTC", zone: "UTC", day: "2025-03-09", start: "2025-03-09T00:00:00.000Z" },
    {
      what: "New York before the clocks go forward",
      zone: "America/New_York",
      day: "2025-03-09",
      start: "2025-03-09T05:00:00.000Z",
    },
    {
      what: "New York after they went forward",
      zone: "America/New_York",
      day: "2025-03-10",
      start: "2025-03-10T04:00:00.000Z",
    },
    {
      what: "New York before the clocks go back",
      zone: "America/New_York",
      day: "2025-11-02",
      start: "2025-11-02T04:00:00.000Z",
    },
    {
      what: "New York after they went back",
      zone: "America/New_York",
      day: "2025-11-03",
      start: "2025-11-03T05:00:00.000Z",
    },
    {
      what: "Lord Howe, half an hour of daylight saving",
      zone: "Australia/Lord_Howe",
      day: "2025-04-07",
      start: "2025-04-06T13:30:00.000Z",
    },
    {
      what: "Lord Howe the day before",
      zone: "Australia/Lord_Howe",
      day: "2025-04-06",
      start: "2025-04-05T13:00:00.000Z",
    },
    {
      what: "São Paulo, where midnight did not exist",
      zone: "America/Sao_Paulo",
      day: "2018-11-04",
      start: "2018-11-04T03:00:00.000Z",
    },
    {
      what: "São Paulo, where clocks went back at midnight",
      zone: "America/Sao_Paulo",
      day: "2018-02-18",
      start: "2018-02-18T03:00:00.000Z",
    },
    {
      what: "Beirut, where midnight did not exist",
      zone: "Asia/Beirut",
      day: "2022-03-27",
      start: "2022-03-26T22:00:00.000Z",
    },
    {
      what: "Havana, where midnight came twice: the first",
      zone: "America/Havana",
      day: "2024-11-03",
      start: "2024-11-03T04:00:00.000Z",
    },
    {
      what: "St. John's, where clocks went back over midnight: when the day came for good",
      zone: "America/St_Johns",
      day: "2010-11-07",
      start: "2010-11-07T03:30:00.000Z",
    },
    { what: "Kolkata", zone: "Asia/Kolkata", day: "2025-01-01", start: "2024-12-31T18:30:00.000Z" },
    {
      what: "Kiritimati, fourteen hours ahead",
      zone: "Pacific/Kiritimati",
      day: "2025-01-01",
      start: "2024-12-31T10:00:00.000Z",
    },
    { what: "Samoa, a day that never was", zone: "Pacific/Apia", day: "2011-12-30", start: "2011-12-30T10:00:00.000Z" },
    { what: "Samoa, the day after it", zone: "Pacific/Apia", day: "2011-12-31", start: "2011-12-30T10:00:00.000Z" },
  ])("knows $what", ({ zone, day, start }) => {
    expect(iso(startOfDay(zone, parseDay(day)))).toBe(start);
  });

  test("refuses a zone nobody knows", () => {
    expect(() => startOfDay("Mars/Olympus", 0)).toThrow('"Mars/Olympus" is not a time zone');
  });
});

describe("dayOfInstant", () => {
  test.each([
    { zone: "America/New_York", instant: "2025-11-02T03:59:59.999Z", day: "2025-11-01" },
    { zone: "America/New_York", instant: "2025-11-02T04:00:00.000Z", day: "2025-11-02" },
    { zone: "America/New_York", instant: "2025-11-03T04:59:59.999Z", day: "2025-11-02" },
    { zone: "Pacific/Kiritimati", instant: "2025-01-01T10:00:00.000Z", day: "2025-01-02" },
    { zone: "Pacific/Apia", instant: "2011-12-30T09:59:59.999Z", day: "2011-12-29" },
    { zone: "Pacific/Apia", instant: "2011-12-30T10:00:00.000Z", day: "2011-12-31" },
    { zone: "America/St_Johns", instant: "2010-11-07T02:30:30.000Z", day: "2010-11-06" },
  ])("is $day at $instant in $zone", ({ zone, instant, day }) => {
    expect(formatDay(dayOfInstant(zone, Date.parse(instant)))).toBe(day);
  });
});

test("the last complete day is the one before today, from the first instant of today on", () => {
  const midnight = Date.parse("2025-06-14T22:00:00Z");
  expect(formatDay(dayOfInstant("Europe/Vienna", midnight - 1) - 1)).toBe("2025-06-13");
  expect(formatDay(dayOfInstant("Europe/Vienna", midnight) - 1)).toBe("2025-06-14");
});

test.each([
  { now: "2025-03-08T12:00:00Z", zone: "America/New_York", next: "2025-03-09T05:00:00.000Z" },
  { now: "2025-03-09T05:00:00Z", zone: "America/New_York", next: "2025-03-10T04:00:00.000Z" },
  { now: "2025-11-02T12:00:00Z", zone: "America/New_York", next: "2025-11-03T05:00:00.000Z" },
  { now: "2018-11-03T20:00:00Z", zone: "America/Sao_Paulo", next: "2018-11-04T03:00:00.000Z" },
  { now: "2011-12-30T09:00:00Z", zone: "Pacific/Apia", next: "2011-12-30T10:00:00.000Z" },
])("the next local midnight after $now in $zone is $next", ({ now, zone, next }) => {
  expect(iso(nextLocalMidnight(zone, Date.parse(now)))).toBe(next);
});

const zones = [
  "UTC",
  "Europe/Vienna",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "America/Havana",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Pacific/Kiritimati",
  "Pacific/Apia",
] as const;
describe("timeOfDay", () => {
  test.each([
    { what: "an ordinary day", zone: "Europe/Vienna", day: "2026-03-28", minute: 150, at: "2026-03-28T01:30:00.000Z" },
    {
      what: "the hour left out",
      zone: "Europe/Vienna",
      day: "2026-03-29",
      minute: 150,
      at: "2026-03-29T01:30:00.000Z",
    },
    {
      what: "the morning after it",
      zone: "Europe/Vienna",
      day: "2026-03-29",
      minute: 540,
      at: "2026-03-29T07:00:00.000Z",
    },
    {
      what: "the hour that comes twice",
      zone: "Europe/Vienna",
      day: "2026-10-25",
      minute: 150,
      at: "2026-10-25T00:30:00.000Z",
    },
    {
      what: "the morning after it",
      zone: "Europe/Vienna",
      day: "2026-10-25",
      minute: 540,
      at: "2026-10-25T08:00:00.000Z",
    },
    {
      what: "a midnight left out",
      zone: "America/Sao_Paulo",
      day: "2018-11-04",
      minute: 0,
      at: "2018-11-04T03:00:00.000Z",
    },
  ])("$what in $zone on $day", ({ zone, day, minute, at }) => {
    expect(iso(timeOfDay(zone, parseDay(day), minute))).toBe(at);
  });

  test("throws for a zone that does not exist", () => {
    expect(() => timeOfDay("Mars/Olympus", 20_000, 0)).toThrow("Mars/Olympus");
  });
});

const zone = fc.constantFrom(...zones);
const instant = fc.integer({ min: Date.parse("2005-01-01"), max: Date.parse("2035-01-01") });

test("an instant lies between the start of its day and the next midnight", () => {
  fc.assert(
    fc.property(zone, instant, (name, moment) => {
      const day = dayOfInstant(name, moment);
      expect(startOfDay(name, day)).toBeLessThanOrEqual(moment);
      expect(nextLocalMidnight(name, moment)).toBeGreaterThan(moment);
      expect(nextLocalMidnight(name, moment)).toBe(startOfDay(name, day + 1));
    }),
  );
});

test("a day is the one the wall calendar shows, but for an hour that repeats over midnight", () => {
  fc.assert(
    fc.property(
      zone.filter((name) => name !== "America/St_Johns"),
      instant,
      (name, moment) => {
        expect(formatDay(dayOfInstant(name, moment))).toBe(DateTime.fromMillis(moment, { zone: name }).toISODate());
      },
    ),
  );
});

test("days and their names go back and forth", () => {
  fc.assert(
    fc.property(fc.integer({ min: parseDay("1900-01-01"), max: parseDay("2199-12-31") }), (day) => {
      expect(parseDay(formatDay(day))).toBe(day);
    }),
  );
});

test.each(["2025-02-30", "2025-13-01", "01-02-2025", "2025-1-1", "", "2025-01-01T00:00:00Z"])(
  '"%s" is no day',
  (text) => {
    expect(() => parseDay(text)).toThrow("expected YYYY-MM-DD");
  },
);
