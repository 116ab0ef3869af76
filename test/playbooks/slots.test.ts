import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import type { Timetable } from "../../src/playbooks/playbook.ts";
import { everComes, newestSlot, nextSlot } from "../../src/playbooks/trigger/slots.ts";

const dayMs = 86_400_000;
const iso = (instant: number | null) => (instant === null ? null : new Date(instant).toISOString());
const at = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
};

function timetable(time: string, parts: Partial<Timetable> = {}): Timetable {
  return { kind: "schedule", atMinute: at(time), weekdays: null, daysOfMonth: null, months: null, ...parts };
}

describe("the next time of a timetable", () => {
  test.each([
    { what: "today, where it is still to come", now: "2026-05-04T06:00:00Z", expected: "2026-05-04T07:00:00.000Z" },
    { what: "tomorrow, in the moment it has come", now: "2026-05-04T07:00:00Z", expected: "2026-05-05T07:00:00.000Z" },
    {
      what: "the first moment after the hour left out",
      time: "02:30",
      now: "2026-03-28T12:00:00Z",
      expected: "2026-03-29T01:00:00.000Z",
    },
    {
      what: "the day after the hour left out as ever",
      time: "02:30",
      now: "2026-03-29T01:00:00Z",
      expected: "2026-03-30T00:30:00.000Z",
    },
    {
      what: "the first of an hour that comes twice",
      time: "02:30",
      now: "2026-10-24T12:00:00Z",
      expected: "2026-10-25T00:30:00.000Z",
    },
    {
      what: "not the second of an hour that comes twice",
      time: "02:30",
      now: "2026-10-25T00:30:00Z",
      expected: "2026-10-26T01:30:00.000Z",
    },
    {
      what: "a midnight left out",
      zone: "America/Sao_Paulo",
      time: "00:00",
      now: "2018-11-03T12:00:00Z",
      expected: "2018-11-04T03:00:00.000Z",
    },
    {
      what: "half an hour left out",
      zone: "Australia/Lord_Howe",
      time: "02:15",
      now: "2026-10-03T12:00:00Z",
      expected: "2026-10-03T15:30:00.000Z",
    },
    {
      what: "a day that a zone left out, in its first moment after",
      zone: "Pacific/Apia",
      time: "09:00",
      now: "2011-12-29T22:00:00Z",
      expected: "2011-12-30T10:00:00.000Z",
    },
    {
      what: "a day of the week",
      parts: { weekdays: ["wed", "fri"] as const },
      now: "2026-05-04T12:00:00Z",
      expected: "2026-05-06T07:00:00.000Z",
    },
    {
      what: "the last day of the month",
      parts: { daysOfMonth: [-1] },
      now: "2026-02-01T12:00:00Z",
      expected: "2026-02-28T08:00:00.000Z",
    },
    {
      what: "a 31st, which the next month lacks",
      parts: { daysOfMonth: [31] },
      now: "2026-03-31T12:00:00Z",
      expected: "2026-05-31T07:00:00.000Z",
    },
    {
      what: "a 29 February",
      parts: { daysOfMonth: [29], months: [2] },
      now: "2026-03-01T12:00:00Z",
      expected: "2028-02-29T08:00:00.000Z",
    },
    {
      what: "a 29 February that is a Monday, over a year that has none",
      parts: { daysOfMonth: [29], months: [2], weekdays: ["mon"] as const },
      now: "2080-03-01T12:00:00Z",
      expected: "2112-02-29T08:00:00.000Z",
    },
    {
      what: "a month of the next year",
      parts: { months: [1, 3], daysOfMonth: [1] },
      now: "2026-04-01T12:00:00Z",
      expected: "2027-01-01T08:00:00.000Z",
    },
  ])("is $what", ({ zone = "Europe/Vienna", time = "09:00", parts = {}, now, expected }) => {
    expect(iso(nextSlot(timetable(time, parts), zone, Date.parse(now)))).toBe(expected);
  });

  test("is none where no such day comes", () => {
    expect(everComes(timetable("09:00", { daysOfMonth: [30, 31], months: [2] }))).toBe(false);
    expect(everComes(timetable("09:00", { daysOfMonth: [31], months: [2, 4] }))).toBe(false);
    expect(everComes(timetable("09:00", { daysOfMonth: [29], months: [2], weekdays: ["mon"] }))).toBe(true);
  });
});

describe("the newest time of a timetable", () => {
  test.each([
    { what: "of today", now: "2026-05-04T07:00:00Z", expected: "2026-05-04T07:00:00.000Z" },
    { what: "of yesterday", now: "2026-05-04T06:59:00Z", expected: "2026-05-03T07:00:00.000Z" },
    {
      what: "that is a day ago: none",
      parts: { weekdays: ["mon"] as const },
      now: "2026-05-05T07:00:00Z",
      expected: null,
    },
    {
      what: "of a day before that: none",
      parts: { weekdays: ["sat"] as const },
      now: "2026-05-04T12:00:00Z",
      expected: null,
    },
  ])("is that $what", ({ parts = {}, now, expected }) => {
    expect(iso(newestSlot(timetable("09:00", parts), "Europe/Vienna", Date.parse(now)))).toBe(expected);
  });
});

test("every day has its time once, in every zone, and clocks show it, or have just leapt over it", () => {
  const zones = ["Etc/UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"];
  const start = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 1439 }), start, (zone, atMinute, from) => {
      const daily = { ...timetable("00:00"), atMinute };
      let now = from;
      const days: string[] = [];
      for (let count = 0; count < 40; count += 1) {
        const slot = nextSlot(daily, zone, now) ?? 0;
        expect(newestSlot(daily, zone, slot)).toBe(slot);
        expect(slot - now).toBeLessThanOrEqual(dayMs + 3 * 3_600_000);
        const shown = DateTime.fromMillis(slot, { zone });
        const before = DateTime.fromMillis(slot - 1, { zone });
        const minute = shown.hour * 60 + shown.minute;
        const isLeap = shown.offset > before.offset && minute > atMinute;
        expect(isLeap || minute === atMinute).toBe(true);
        days.push(shown.toISODate() ?? "");
        now = slot;
      }
      expect(new Set(days).size).toBe(days.length);
    }),
    { numRuns: 30 },
  );
});
