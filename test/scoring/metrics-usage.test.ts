import { describe, expect, test } from "vitest";
import { parseDay } from "../../src/scoring/days.ts";
import type { AccountHistory, MetricValue, StreamCoverage, UsageSeries, UserDay } from "../../src/scoring/history.ts";
import { compileMetrics, computeMetrics } from "../../src/scoring/metrics.ts";
import { at, change, company, coverage, history, series, statement } from "./build-history.ts";

/** A Saturday noon; the last complete day is Friday the 14th. */
const now = "2025-03-15T12:00:00Z";
const covered = coverage({ usage: { logins: ["2025-03-14"] } });

function metric(name: string, account: AccountHistory, streams: StreamCoverage = covered, moment = now): MetricValue {
  const value = computeMetrics(compileMetrics([name]).plan, account, streams, company(), at(moment)).get(name);
  if (value === undefined) throw new Error(`no answer for ${name}`);
  return value;
}

function using(logins: UsageSeries, beganOn: string | null = "2024-01-01"): AccountHistory {
  return history({ account: { name: "Acme", beganOn }, usage: { logins } });
}

describe("windows", () => {
  // 28 days up to the 14th begin on 15 February; today's 100 are not complete yet.
  const logins = series("2025-02-13", [9, 5, 1, 2, 0, 4, ...Array(24).fill(1), 100]);

  test.each([
    { name: "usage.logins.sum_28d", value: 31, unit: "count" },
    { name: "usage.logins.avg_28d", value: 31 / 28, unit: "per day" },
    { name: "usage.logins.max_28d", value: 4, unit: "per day" },
    { name: "usage.logins.active_days_28d", value: 27, unit: "days" },
    { name: "usage.logins.sum_7d", value: 7, unit: "count" },
    { name: "usage.logins.sum_14d", value: 14, unit: "count" },
    { name: "usage.logins.sum_90d", value: 45, unit: "count" },
    { name: "usage.logins.max_90d", value: 9, unit: "per day" },
  ])("$name ends on the last complete day", ({ name, value, unit }) => {
    expect(metric(name, using(logins))).toEqual({ value, unit, ageDays: 0, state: "value" });
  });

  test("end at the account's own midnight", () => {
    const account = history({
      account: { zone: "Pacific/Kiritimati", beganOn: "2024-01-01" },
      usage: { logins: series("2025-03-14", [1, 10, 100]) },
    });
    const streams = coverage({ usage: { logins: [statement("2025-03-20", "2025-03-01")] } });
    expect(metric("usage.logins.sum_7d", account, streams, "2025-03-15T09:59:59Z").value).toBe(1);
    expect(metric("usage.logins.sum_7d", account, streams, "2025-03-15T10:00:00Z").value).toBe(11);
  });

  test("end at the watermark where the source is behind, and are as old as it", () => {
    const streams = coverage({ usage: { logins: ["2025-03-10"] } });
    const value = metric("usage.logins.sum_7d", using(series("2025-03-01", Array(14).fill(2))), streams);
    expect(value).toEqual({ value: 14, unit: "count", ageDays: 4, state: "value" });
  });

  test("the greatest statement known by then counts, whatever its place", () => {
    const streams = coverage({
      usage: {
        logins: [
          statement("2025-03-12", "2025-03-13"),
          statement("2025-03-01", "2025-03-14"),
          statement("2025-03-14", "2025-03-16"),
        ],
      },
    });
    expect(metric("usage.logins.sum_7d", using(series("2025-03-01", [1])), streams).ageDays).toBe(2);
  });

  test("a statement is forgotten again by whoever asks for an earlier moment", () => {
    const streams = coverage({ usage: { logins: ["2025-03-10", "2025-03-14"] } });
    const account = using(series("2025-03-01", [1]));
    expect(metric("usage.logins.sum_7d", account, streams)).toMatchObject({ ageDays: 0 });
    expect(metric("usage.logins.sum_7d", account, streams, "2025-03-14T12:00:00Z")).toMatchObject({ ageDays: 3 });
  });

  test("imported history counts as delivered day by day, long before it was imported", () => {
    const streams = coverage({ usage: { logins: [statement("2025-12-31", "2026-02-01", true)] } });
    const account = using(series("2025-03-01", Array(200).fill(1)));
    expect(metric("usage.logins.sum_7d", account, streams)).toMatchObject({ value: 7, ageDays: 0 });
    expect(metric("usage.logins.sum_7d", account, streams, "2026-01-10T12:00:00Z")).toMatchObject({ ageDays: 9 });
  });
});

describe("silence", () => {
  test("within what is covered a missing day is zero", () => {
    const account = using(series("2025-01-01", [50]));
    expect(metric("usage.logins.avg_28d", account)).toMatchObject({ value: 0, ageDays: 0, state: "value" });
  });

  test("so it is for an account that never used the name", () => {
    const account = history({ account: { beganOn: "2024-01-01" } });
    for (const form of ["sum_7d", "avg_28d", "max_90d", "active_days_14d", "trend_28d"]) {
      expect(metric(`usage.logins.${form}`, account)).toMatchObject({ value: 0, state: "value" });
    }
  });

  test("where nobody states coverage, the account's last use is the watermark: stale, not zero", () => {
    const account = using(series("2025-02-20", [3, 4, 0, 0]));
    const value = metric("usage.logins.sum_7d", account, coverage({}));
    expect(value).toMatchObject({ value: 7, ageDays: 21, state: "value" });
  });

  test("and use more than 400 days ago is no use at all", () => {
    const since = (day: string) => metric("usage.logins.sum_7d", using(series(day, [3]), "2023-01-01"), coverage({}));
    expect(since("2024-02-08")).toMatchObject({ value: 3, ageDays: 400 });
    expect(since("2024-02-07")).toMatchObject({ state: "no-data" });
  });

  test("and today's use does not count as a complete day", () => {
    const account = using(series("2025-03-12", [3, 0, 0, 8]));
    expect(metric("usage.logins.sum_7d", account, coverage({}))).toMatchObject({ value: 3, ageDays: 2 });
  });

  test.each([
    { streams: coverage({}), reason: "no source delivers usage logins" },
    {
      streams: coverage({ usage: { logins: [statement("2025-03-20", "2025-03-21")] } }),
      reason: "no use of logins has come in, and its source has not said up to which day it is complete",
    },
  ])("without any use or coverage there is no data: $reason", ({ streams, reason }) => {
    const account = history({ account: { beganOn: "2024-01-01" } });
    expect(metric("usage.logins.avg_28d", account, streams)).toEqual({
      value: null,
      unit: "per day",
      ageDays: null,
      state: "no-data",
      reason,
    });
  });
});

describe("a young account", () => {
  test("is averaged over the days since it began, counting only those", () => {
    const account = using(series("2025-03-01", [1000, ...Array(13).fill(6)]), "2025-03-05");
    expect(metric("usage.logins.avg_28d", account).value).toBe(6);
    expect(metric("usage.logins.sum_28d", account).value).toBe(1000 + 13 * 6);
  });

  test("has no usage yet when it began after the last covered day", () => {
    const account = using(series("2025-03-15", [4]), "2025-03-15");
    expect(metric("usage.logins.avg_28d", account)).toMatchObject({
      state: "no-data",
      reason: "the account began on 2025-03-15, after the last covered day, 2025-03-14",
    });
  });

  const since = (day: string) => change("account", 1, day, { name: "Acme" });

  test("began with its record where no first day is known", () => {
    const account = history({ changes: [since("2025-03-11T08:00:00Z")], usage: { logins: series("2025-03-11", [8]) } });
    expect(metric("usage.logins.avg_28d", account).value).toBe(2);
  });

  test("was there all along when it was used before its record came", () => {
    const account = history({
      changes: [since("2025-03-14T08:00:00Z")],
      usage: { logins: series("2025-03-01", [14, 0, 0, 14]) },
    });
    expect(metric("usage.logins.avg_28d", account).value).toBe(1);
  });

  test("other records and other usage names do not move its beginning, for they may not have been loaded", () => {
    const plain = history({ changes: [since("2025-03-11")], usage: { logins: series("2025-03-11", [8]) } });
    const rich = history({
      changes: [since("2025-03-11"), change("ticket", 5, "2025-02-20", { status: "open" })],
      usage: { logins: series("2025-03-11", [8]), exports: series("2025-01-01", [5]) },
    });
    expect(metric("usage.logins.avg_28d", rich)).toEqual(metric("usage.logins.avg_28d", plain));
  });
});

describe("trend", () => {
  const days = (before: number, recent: number) => [...Array(91).fill(before), ...Array(28).fill(recent)];

  test.each([
    { what: "a fall by half", before: 10, recent: 5, value: -0.5 },
    { what: "a rise by a fifth", before: 10, recent: 12, value: 0.2 },
    { what: "a full stop", before: 10, recent: 0, value: -1 },
    { what: "nothing before and nothing now", before: 0, recent: 0, value: 0 },
    { what: "a start from nothing, against one use a week", before: 0, recent: 1, value: 7 },
  ])("is the relative change per day: $what", ({ before, recent, value }) => {
    const result = metric("usage.logins.trend_28d", using(series("2024-11-16", days(before, recent))));
    expect(result.value).toBeCloseTo(value, 12);
    expect(result).toMatchObject({ unit: "ratio", ageDays: 0, state: "value" });
  });

  test("of tiny counts stays small", () => {
    const two = [...Array(50).fill(0), 1, ...Array(39).fill(0), 1, ...Array(28).fill(0)];
    const value = metric("usage.logins.trend_28d", using(series("2024-11-16", two))).value;
    expect(value).toBeCloseTo(-(2 / 91) / (1 / 7), 12);
  });

  test("compares other windows with the 91 days before them", () => {
    const values = [...Array(1).fill(1000), ...Array(91).fill(10), ...Array(7).fill(20)];
    expect(metric("usage.logins.trend_7d", using(series("2024-12-06", values))).value).toBe(1);
  });

  test.each([
    { name: "usage.logins.trend_28d", beganOn: "2025-01-18", state: "value" },
    { name: "usage.logins.trend_28d", beganOn: "2025-01-19", state: "no-data" },
    { name: "usage.logins.trend_7d", beganOn: "2025-01-18", state: "value" },
    { name: "usage.logins.trend_7d", beganOn: "2025-01-19", state: "no-data" },
    { name: "usage.logins.trend_90d", beganOn: "2024-11-17", state: "value" },
    { name: "usage.logins.trend_90d", beganOn: "2024-11-18", state: "no-data" },
  ])("of $name for an account since $beganOn: $state", ({ name, beganOn, state }) => {
    expect(metric(name, using(series("2025-01-01", [1]), beganOn)).state).toBe(state);
  });

  test("says how much history it has and needs", () => {
    const account = using(series("2025-03-01", [1]), "2025-03-01");
    expect(metric("usage.logins.trend_28d", account).reason).toBe(
      "the account has 14 days of history, a trend over 28 days needs 56",
    );
  });

  test("compares a younger account with the days since it began", () => {
    const values = [...Array(30).fill(10), ...Array(28).fill(20)];
    expect(metric("usage.logins.trend_28d", using(series("2025-01-16", values), "2025-01-16")).value).toBe(1);
  });
});

describe("a window of any number of days", () => {
  const logins = series("2024-01-01", Array(439).fill(1));

  test.each([
    { name: "usage.logins.sum_1d", value: 1 },
    { name: "usage.logins.sum_2d", value: 2 },
    { name: "usage.logins.sum_45d", value: 45 },
    { name: "usage.logins.sum_365d", value: 365 },
    { name: "usage.logins.sum_400d", value: 400 },
  ])("$name sums so many days", ({ name, value }) => {
    expect(metric(name, using(logins)).value).toBe(value);
  });
});

describe("the last value", () => {
  test.each([
    { what: "the newest above zero, as old as its day", values: [4, 7, 0, 0, 0], value: 7, ageDays: 3 },
    { what: "today's is none", values: [4, 7, 0, 0, 3, 9], value: 3, ageDays: 0 },
    { what: "one that was taken back is none", values: [4, 7, 0, 0, -3], value: 7, ageDays: 3 },
  ])("is $what", ({ values, value, ageDays }) => {
    const result = metric("usage.logins.last_7d", using(series("2025-03-10", values)));
    expect(result).toEqual({ value, unit: "per day", ageDays, state: "value" });
  });

  test("is not looked for before the window", () => {
    const account = using(series("2025-03-07", [5]));
    expect(metric("usage.logins.last_7d", account)).toMatchObject({
      state: "no-data",
      reason: "no use of logins in the last 7 covered days",
    });
    expect(metric("usage.logins.last_8d", account)).toMatchObject({ value: 5, ageDays: 7 });
  });

  test("behind a source that is late is as old as both together", () => {
    const streams = coverage({ usage: { logins: ["2025-03-10"] } });
    expect(metric("usage.logins.last_7d", using(series("2025-03-08", [5])), streams)).toMatchObject({ ageDays: 6 });
  });
});

describe("against its own baseline", () => {
  /** So many weeks, each day of a week with the week's value, and then days up to 14 March. */
  const weeks = (values: readonly number[], recent: readonly number[]) => {
    const days = [...values.flatMap((value) => Array(7).fill(value)), ...recent];
    return { series: days, first: new Date(Date.parse("2025-03-14") - (days.length - 1) * 86_400_000).toISOString() };
  };
  const compared = (name: string, values: readonly number[], recent: readonly number[], began?: string) => {
    const { series: days, first } = weeks(values, recent);
    const day = first.slice(0, 10);
    return metric(name, using(series(day, days), began ?? day));
  };

  test.each([
    {
      what: "a mean two spreads below",
      weeks: Array(13).fill([8, 12]).flat(),
      recent: 6,
      value: -4 / (2 * Math.sqrt(26 / 25)),
    },
    { what: "no change of a steady use", weeks: Array(26).fill(10), recent: 10, value: 0 },
    { what: "a steady use that stops: a tenth of it counts as one", weeks: Array(26).fill(10), recent: 0, value: -10 },
    { what: "a start from nothing, against one use a week", weeks: Array(26).fill(0), recent: 1, value: 7 },
  ])("is in standard deviations of whole weeks: $what", ({ weeks: values, recent, value }) => {
    const result = compared("usage.logins.vs_own_baseline_28d", values, Array(28).fill(recent));
    expect(result).toMatchObject({ unit: "sd", ageDays: 0, state: "value" });
    expect(result.value).toBeCloseTo(value, 5);
  });

  test("does not take weekends for a change", () => {
    const days = Array(30).fill([10, 10, 10, 10, 10, 0, 0]).flat();
    const account = using(series("2024-08-17", days), "2024-08-17");
    expect(metric("usage.logins.vs_own_baseline_28d", account).value).toBeCloseTo(0, 12);
  });

  test("looks at the 182 days before the window, however long the window is", () => {
    for (const days of [7, 28, 90]) {
      const values = [...Array(days === 90 ? 4 : 2).fill(1000), ...Array(26).fill(10)];
      const result = compared(`usage.logins.vs_own_baseline_${days}d`, values, Array(days).fill(11));
      expect(result.value).toBeCloseTo(1, 12);
    }
  });

  test.each([
    { weeks: 8, value: 1, state: "value" },
    { weeks: 7, value: null, state: "no-data" },
  ])("of $weeks weeks before the window: $state", ({ weeks: count, value, state }) => {
    const result = compared("usage.logins.vs_own_baseline_28d", Array(count).fill(10), Array(28).fill(11));
    expect(result).toMatchObject({ state });
    if (value !== null) expect(result.value).toBeCloseTo(value, 12);
  });

  test("says how much history it has and needs", () => {
    const result = compared("usage.logins.vs_own_baseline_28d", Array(3).fill(10), Array(28).fill(10));
    expect(result.reason).toBe("the account has 21 days of history before the window, its own baseline needs 56");
  });
});

describe("a decaying mean", () => {
  test("weighs a day half as much as one a half-life after it", () => {
    const account = using(series("2025-03-07", [8, 0, 0, 0, 0, 0, 0, 1]), "2025-03-07");
    const keep = 0.5 ** (1 / 7);
    const weights = (1 - keep ** 8) / (1 - keep);
    const result = metric("usage.logins.ewma_7d", account);
    expect(result).toMatchObject({ unit: "per day", ageDays: 0, state: "value" });
    expect(result.value).toBeCloseTo((8 * 0.5 + 1) / weights, 12);
  });

  test.each(["2025-03-13", "2025-02-01", "2023-01-01"])("of a steady use is that use, since %s", (beganOn) => {
    const logins = series(beganOn, Array(900).fill(3));
    for (const days of [1, 14, 28, 400]) {
      expect(metric(`usage.logins.ewma_${days}d`, using(logins, beganOn)).value).toBeCloseTo(3, 9);
    }
  });

  test("looks no further back than ten half-lives", () => {
    const early = series("2024-01-01", [1e12]);
    expect(metric("usage.logins.ewma_7d", using(early, "2024-01-01")).value).toBe(0);
    const last = series("2025-01-03", [1e12]);
    expect(metric("usage.logins.ewma_7d", using(last, "2024-01-01")).value).toBe(0);
    const within = series("2025-01-04", [1e12]);
    expect(metric("usage.logins.ewma_7d", using(within, "2024-01-01")).value).toBeGreaterThan(0);
  });

  test("of an account used before its record came begins with that use", () => {
    const account = history({
      changes: [change("account", 1, "2025-03-14T08:00:00Z", { name: "Acme" })],
      usage: { logins: series("2025-03-11", [2, 2, 2, 2]) },
    });
    expect(metric("usage.logins.ewma_28d", account).value).toBeCloseTo(2, 12);
  });
});

describe("users", () => {
  const on = (day: string, user: number, recorded = `${day}T20:00:00Z`): UserDay => ({
    day: parseDay(day),
    user,
    recordedAt: at(recorded),
  });
  const rows = [
    on("2025-03-08", 1),
    on("2025-03-14", 2),
    on("2025-03-12", 2),
    on("2025-03-10", 3, "2025-03-20"),
    on("2025-03-07", 4),
    on("2025-03-15", 5),
    on("2025-03-12", 2),
  ];
  const logins = series("2025-03-01", Array(20).fill(4));
  const account = history({ account: { beganOn: "2024-01-01" }, usage: { logins }, users: { logins: rows } });
  const ahead = coverage({ usage: { logins: [statement("2025-03-25", "2025-03-01")] } });

  test.each([
    { name: "usage.logins.users_7d", moment: now, value: 2 },
    { name: "usage.logins.users_8d", moment: now, value: 3 },
    { name: "usage.logins.users_1d", moment: now, value: 1 },
    { name: "usage.logins.users_7d", moment: "2025-03-16T12:00:00Z", value: 2 },
    { name: "usage.logins.users_14d", moment: "2025-03-19T12:00:00Z", value: 4 },
    { name: "usage.logins.users_14d", moment: "2025-03-20T12:00:00Z", value: 5 },
  ])("$name at $moment counts each user of complete days once, as known then", ({ name, moment, value }) => {
    expect(metric(name, account, ahead, moment)).toEqual({ value, unit: "users", ageDays: 0, state: "value" });
  });

  test("are none where nobody used the name", () => {
    const silent = history({ account: { beganOn: "2024-01-01" }, users: { logins: [on("2025-01-01", 1)] } });
    expect(metric("usage.logins.users_28d", silent)).toMatchObject({ value: 0, state: "value" });
  });

  test("are not known where use comes without them", () => {
    expect(metric("usage.logins.users_28d", using(logins))).toMatchObject({
      state: "no-data",
      reason: "usage logins comes without users",
    });
  });

  test("of a name nobody delivers are not known", () => {
    expect(metric("usage.other.users_28d", account).reason).toBe("no source delivers usage other");
  });
});

describe("a window ends at the last local midnight", () => {
  // The totals of the days around the change are 1, 10, 100 …, so that the sum tells which days are in.
  const days = (first: string) => series(first, [1, 10, 100, 1000]);
  const streams = coverage({ usage: { logins: [statement("2026-12-31", "2025-01-01")] } });

  test.each([
    // Clocks go forward at 2:00 on 9 March 2025, the day is 23 hours long.
    { zone: "America/New_York", first: "2025-03-08", moment: "2025-03-09T04:59:59.999Z", sum: 0 },
    { zone: "America/New_York", first: "2025-03-08", moment: "2025-03-09T05:00:00Z", sum: 1 },
    { zone: "America/New_York", first: "2025-03-08", moment: "2025-03-10T03:59:59.999Z", sum: 1 },
    { zone: "America/New_York", first: "2025-03-08", moment: "2025-03-10T04:00:00Z", sum: 11 },
    // Back at 2:00 on 2 November, the day is 25 hours long.
    { zone: "America/New_York", first: "2025-11-01", moment: "2025-11-02T03:59:59.999Z", sum: 0 },
    { zone: "America/New_York", first: "2025-11-01", moment: "2025-11-02T04:00:00Z", sum: 1 },
    { zone: "America/New_York", first: "2025-11-01", moment: "2025-11-03T04:59:59.999Z", sum: 1 },
    { zone: "America/New_York", first: "2025-11-01", moment: "2025-11-03T05:00:00Z", sum: 11 },
    // Half an hour: from UTC+11 to UTC+10:30 on 6 April, back on 5 October.
    { zone: "Australia/Lord_Howe", first: "2025-04-05", moment: "2025-04-05T12:59:59.999Z", sum: 0 },
    { zone: "Australia/Lord_Howe", first: "2025-04-05", moment: "2025-04-05T13:00:00Z", sum: 1 },
    { zone: "Australia/Lord_Howe", first: "2025-04-05", moment: "2025-04-06T13:29:59.999Z", sum: 1 },
    { zone: "Australia/Lord_Howe", first: "2025-04-05", moment: "2025-04-06T13:30:00Z", sum: 11 },
    { zone: "Australia/Lord_Howe", first: "2025-10-04", moment: "2025-10-04T13:30:00Z", sum: 1 },
    { zone: "Australia/Lord_Howe", first: "2025-10-04", moment: "2025-10-05T12:59:59.999Z", sum: 1 },
    { zone: "Australia/Lord_Howe", first: "2025-10-04", moment: "2025-10-05T13:00:00Z", sum: 11 },
    // UTC+5:30, always.
    { zone: "Asia/Kolkata", first: "2025-03-14", moment: "2025-03-14T18:29:59.999Z", sum: 0 },
    { zone: "Asia/Kolkata", first: "2025-03-14", moment: "2025-03-14T18:30:00Z", sum: 1 },
    { zone: "Asia/Kolkata", first: "2025-03-14", moment: "2025-03-15T18:30:00Z", sum: 11 },
    // UTC+14: the first to be done with a day, while it begins elsewhere.
    { zone: "Pacific/Kiritimati", first: "2025-03-14", moment: "2025-03-14T09:59:59.999Z", sum: 0 },
    { zone: "Pacific/Kiritimati", first: "2025-03-14", moment: "2025-03-14T10:00:00Z", sum: 1 },
    { zone: "Pacific/Kiritimati", first: "2024-12-31", moment: "2024-12-31T10:00:00Z", sum: 1 },
  ])("in $zone at $moment: $sum", ({ zone, first, moment, sum }) => {
    const usage = { logins: days(first) };
    const users = {
      logins: [0, 1, 2, 3].map((index) => ({ day: parseDay(first) + index, user: index, recordedAt: 0 })),
    };
    const own = history({ account: { zone, beganOn: "2024-01-01" }, usage, users });
    expect(metric("usage.logins.sum_4d", own, streams, moment)).toMatchObject({ value: sum, ageDays: 0 });
    expect(metric("usage.logins.users_4d", own, streams, moment).value).toBe(String(sum).replaceAll("0", "").length);
    const companys = history({ account: { beganOn: "2024-01-01" }, usage, users });
    const { plan } = compileMetrics(["usage.logins.sum_4d"]);
    const values = computeMetrics(plan, companys, streams, company({ zone }), at(moment));
    expect(values.get("usage.logins.sum_4d")?.value).toBe(sum);
  });
});

describe("corrections", () => {
  const corrected = using(
    series(
      "2025-03-10",
      [1, 7, 1, 1, 1],
      [
        { day: "2025-03-11", value: 3, recorded: "2025-03-12" },
        { day: "2025-03-11", value: 7, recorded: "2025-03-16" },
        { day: "2025-03-14", value: 1, recorded: "2025-03-20" },
      ],
    ),
  );

  test.each([
    { moment: "2025-03-15T12:00:00Z", value: 1 + 3 + 1 + 1 },
    { moment: "2025-03-16T12:00:00Z", value: 1 + 7 + 1 + 1 },
    { moment: "2025-03-20T12:00:00Z", value: 7 + 1 + 1 + 1 },
  ])("at $moment a day has the value that was known then", ({ moment, value }) => {
    const streams = coverage({ usage: { logins: [statement("2025-03-25", "2025-03-01")] } });
    const name = moment.startsWith("2025-03-20") ? "usage.logins.sum_14d" : "usage.logins.sum_7d";
    const expected = name.endsWith("14d") ? value + 1 : value;
    expect(metric(name, corrected, streams, moment).value).toBe(expected);
  });

  test("of two versions of one moment the greater counts, whatever their order", () => {
    const versions = [2, 5, 3].map((value) => ({ day: "2025-03-11", value, recorded: "2025-03-12" }));
    for (const revisions of [versions, versions.toReversed()]) {
      expect(metric("usage.logins.sum_7d", using(series("2025-03-11", [3], revisions))).value).toBe(5);
    }
  });

  test("a day known only by its versions counts too", () => {
    const account = using(series("2025-03-13", [5], [{ day: "2025-03-10", value: 2, recorded: "2025-03-11" }]));
    expect(metric("usage.logins.sum_7d", account).value).toBe(7);
  });
});
