import { describe, expect, test } from "vitest";
import { formatDay, parseDay } from "../../../src/scoring/days.ts";
import type { DayVolume } from "../../../src/store/stream-volumes.ts";
import { judgeLateness, judgeSweep, judgeVolume, type VolumeQuestion } from "../../../src/worker/collect/health.ts";

/** A Tuesday. */
const now = new Date("2026-03-10T12:00:00Z");
const minutes = (count: number) => new Date(now.getTime() - count * 60_000);
const hourMs = 3_600_000;

describe("a stream is late", () => {
  const pace = { everyMs: hourMs, isPaused: false, lastOkAt: null, lastDoneAt: minutes(211) };

  test("when it came to no end for three times its pace and half an hour; it began when the next pull was expected", () => {
    expect(judgeLateness(pace, now)).toMatchObject({ kind: "late", beganAt: minutes(151) });
    expect(judgeLateness({ ...pace, lastDoneAt: minutes(210) }, now)).toBeNull();
  });

  test.each([
    ["a page of it came a moment ago", { lastOkAt: minutes(10) }],
    ["an operator paused it", { isPaused: true }],
    ["it never came to an end yet", { lastDoneAt: null }],
  ])("but not when %s", (_, changes) => {
    expect(judgeLateness({ ...pace, ...changes }, now)).toBeNull();
  });
});

/** Volumes of the days before `last`, by how many days back; other days have nothing. */
function volumes(last: string, of: (daysBack: number, day: string) => Partial<DayVolume> | null) {
  const days = Array.from({ length: 30 }, (_, back) => formatDay(parseDay(last) - back));
  return new Map(
    days.flatMap((day, back) => {
      const volume = of(back, day);
      return volume === null
        ? []
        : [[day, { day, pages: 0, inputs: 0, usageInputs: 0, usageNonzero: 0, ...volume }] as const];
    }),
  );
}

const isWeekend = (day: string) => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
const some = { usageInputs: 5, usageNonzero: 4 };
const zeros = { usageInputs: 5, usageNonzero: 0 };
const usage: VolumeQuestion = {
  feedsUsage: true,
  through: "2026-03-09",
  isKnown: false,
  lastDoneAt: minutes(60),
  now,
};
const kindOf = (given: ReadonlyMap<string, DayVolume>, question = usage) => judgeVolume(given, question)?.kind ?? null;

describe("usage", () => {
  test("is empty when a day has none, where each of the 14 days before had some; it was whole at the pull before", () => {
    const given = volumes("2026-03-09", (back) => (back === 0 ? null : some));
    expect(judgeVolume(given, usage)).toMatchObject({ kind: "empty", beganAt: minutes(60) });
  });

  test("is zero when a day has nothing but zeros, where each of the 14 days before had more", () => {
    expect(kindOf(volumes("2026-03-09", (back) => (back === 0 ? zeros : some)))).toBe("zero");
  });

  test("is judged by weekdays where weekends are quiet: a Monday without is strange, a Sunday is not", () => {
    const quietWeekends = (last: string) => volumes(last, (back, day) => (back === 0 || isWeekend(day) ? null : some));
    expect(kindOf(quietWeekends("2026-03-09"))).toBe("empty");
    expect(kindOf(quietWeekends("2026-03-08"), { ...usage, through: "2026-03-08" })).toBeNull();
  });

  test.each([
    ["only 13 days are known", (back: number) => (back === 0 || back > 13 ? null : some)],
    ["a day of the last two weeks had none before", (back: number) => (back === 0 || back === 6 ? null : some)],
    ["there never was any", () => null],
    ["there always were only zeros", () => zeros],
    ["there is some", () => some],
  ])("is as it always is when %s", (_, of) => {
    expect(kindOf(volumes("2026-03-09", of))).toBeNull();
  });

  test("stays in trouble until there is some again, however long it lasts", () => {
    const known = { ...usage, isKnown: true };
    expect(
      kindOf(
        volumes("2026-03-09", (back) => (back < 20 ? null : some)),
        known,
      ),
    ).toBe("empty");
    expect(
      kindOf(
        volumes("2026-03-09", (back) => (back < 20 ? zeros : some)),
        known,
      ),
    ).toBe("zero");
    expect(
      kindOf(
        volumes("2026-03-09", (back) => (back === 0 ? some : null)),
        known,
      ),
    ).toBeNull();
  });

  test("is not judged by a pull that says of no day that it is complete", () => {
    expect(
      kindOf(
        volumes("2026-03-09", (back) => (back === 0 ? null : some)),
        { ...usage, through: null },
      ),
    ).toBeNull();
  });
});

describe("records", () => {
  const records = { ...usage, feedsUsage: false, through: null };
  const daily = (today: number, yesterday: Partial<DayVolume>) =>
    volumes("2026-03-10", (back) => {
      if (back === 0) return { pages: 1, inputs: today };
      return back === 1 ? yesterday : { pages: 24, inputs: 3 };
    });

  test("are missed on a day that brought none, though it was asked, where each of the 14 before did", () => {
    const found = judgeVolume(daily(0, { pages: 24, inputs: 0 }), records);
    expect(found).toMatchObject({ kind: "empty", beganAt: new Date("2026-03-09T00:00:00Z") });
  });

  test("are not missed once something comes, nor for a day on which nobody asked", () => {
    expect(kindOf(daily(1, { pages: 24, inputs: 0 }), records)).toBeNull();
    expect(kindOf(daily(0, { pages: 0, inputs: 0 }), records)).toBeNull();
  });
});

describe("a sweep", () => {
  test("that brings less than half of the last one is no picture of what there is", () => {
    expect(judgeSweep({ seen: 49, seenBefore: 100 }, minutes(60), now)).toMatchObject({ kind: "empty" });
    expect(judgeSweep({ seen: 0, seenBefore: 1 }, null, now)).toMatchObject({ kind: "empty", beganAt: now });
    expect(judgeSweep({ seen: 50, seenBefore: 100 }, minutes(60), now)).toBeNull();
    expect(judgeSweep({ seen: 0, seenBefore: null }, null, now)).toBeNull();
    expect(judgeSweep({ seen: 0, seenBefore: 0 }, null, now)).toBeNull();
  });
});
