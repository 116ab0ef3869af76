import fc from "fast-check";
import { expect, test } from "vitest";
import type { AccountHistory, RecordChange, UsageSeries } from "../../src/scoring/history.ts";
import { followSeries, seriesAsOf } from "../../src/scoring/metrics/usage-series.ts";
import { accountRecordAsOf, recordsAsOf, rememberFolds } from "../../src/scoring/record-state.ts";

const moment = fc.nat(40);

const change: fc.Arbitrary<RecordChange> = fc.oneof(
  fc.record({
    kind: fc.constant("ticket" as const),
    recordId: fc.integer({ min: 1, max: 3 }),
    occurredAt: moment,
    recordedAt: moment,
    set: fc.record({ status: fc.constantFrom("open" as const, "solved" as const) }),
  }),
  fc.record({
    kind: fc.constant("account" as const),
    recordId: fc.integer({ min: 10, max: 11 }),
    occurredAt: moment,
    recordedAt: moment,
    set: fc.record({ owner: fc.constantFrom("anna", "ben") }),
  }),
);

function historyOf(changes: readonly RecordChange[]): AccountHistory {
  return { accountId: 1, key: "acme", changes, usage: new Map(), users: new Map() };
}

test("records that are remembered between moments are those of a fold at each moment, in any order of moments", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 15 }), fc.array(moment, { maxLength: 25 }), (changes, moments) => {
      const followed = historyOf(changes);
      rememberFolds(followed);
      for (const now of moments) {
        const plain = historyOf(changes);
        expect(recordsAsOf(followed, "ticket", now)).toEqual(recordsAsOf(plain, "ticket", now));
        expect(accountRecordAsOf(followed, now)).toEqual(accountRecordAsOf(plain, now));
      }
    }),
  );
});

test("records are folded once while nothing becomes known", () => {
  const set = { status: "open" as const };
  const history = historyOf([{ kind: "ticket", recordId: 1, occurredAt: 5, recordedAt: 9, set }]);
  rememberFolds(history);
  expect(recordsAsOf(history, "ticket", 9)).toBe(recordsAsOf(history, "ticket", 30));
  expect(recordsAsOf(history, "ticket", 8)).toEqual([]);
});

test("a series that is followed has the values of each moment, in any order of moments", () => {
  const revision = fc.record({ day: fc.integer({ min: 95, max: 112 }), value: fc.nat(9), recordedAt: moment });
  const known = fc.record({
    values: fc.array(fc.nat(9), { maxLength: 15 }),
    revisions: fc.array(revision, { minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(known, fc.array(moment, { maxLength: 25 }), ({ values, revisions }, moments) => {
      const followed: UsageSeries = { firstDay: 100, values, revisions };
      followSeries(followed);
      for (const now of moments) {
        expect(seriesAsOf(followed, now)).toEqual(seriesAsOf({ firstDay: 100, values, revisions }, now));
        expect([...Object.values(seriesAsOf(followed, now).values)]).toEqual(newestBy(values, revisions, now));
      }
    }),
  );
});

/** Day by day, the plain way. */
function newestBy(
  values: readonly number[],
  revisions: readonly { readonly day: number; readonly value: number; readonly recordedAt: number }[],
  now: number,
): number[] {
  const days = revisions.map(({ day }) => day);
  const first = Math.min(100, ...days);
  const last = Math.max(99 + values.length, ...days);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const versions = revisions.filter(({ day }) => day === first + index);
    if (versions.length === 0) return values[first + index - 100] ?? 0;
    const come = versions.filter(({ recordedAt }) => recordedAt <= now);
    const newest = Math.max(...come.map(({ recordedAt }) => recordedAt));
    return Math.max(0, ...come.filter(({ recordedAt }) => recordedAt === newest).map(({ value }) => value));
  });
}
