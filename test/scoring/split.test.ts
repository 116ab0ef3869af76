import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HealthInput, type ScoredHealth, scoreHealth } from "../../src/scoring/health.ts";
import type { HealthModel } from "../../src/scoring/health-model.ts";
import type { ChildScore, MetricValue, Override } from "../../src/scoring/history.ts";
import { type ScoreSide, type ScoreSplit, splitScores } from "../../src/scoring/split.ts";
import { packDrivers, packMetrics, unpackDrivers, unpackMetrics } from "../../src/store/scores/packing.ts";
import {
  type Draft,
  heldAt,
  input,
  type Letter,
  metrics,
  model,
  noData,
  notApplicable,
  now,
  score,
  value,
} from "./build-health.ts";

const two = model({ groups: [[1, ["a", 1], ["b", 1]]] }, 1);
const overdue = (max: number) => ({
  when: { fact: "billing.overdue_days", atLeast: 30 },
  max,
  reason: "Invoice 30+ days overdue",
});
const override: Override = { score: 90, band: null, until: null, reason: "Renewed by phone", by: "anna" };

type Values = Parameters<typeof metrics>[0];

/** A score as it comes back from where scores are kept. */
function sideOf(of: HealthModel, values: HealthInput["metrics"], health: ScoredHealth): ScoreSide {
  const plain = Object.fromEntries(values);
  const packed = JSON.parse(packMetrics(plain));
  return {
    model: of,
    metrics: new Map(Object.entries(unpackMetrics(packed))),
    drivers: unpackDrivers(JSON.parse(packDrivers(health.drivers, plain)), packed),
    score: health.score,
    computed: health.computed,
  };
}

function side(of: HealthModel, values: Values, more: Partial<HealthInput> = {}): ScoreSide {
  return sideOf(of, metrics(values), score(of, values, more));
}

/** Points by cause, those that are not zero. */
function parts(split: ScoreSplit): Record<string, number> {
  if (split.kind === "unknown") throw new Error(split.reason);
  return Object.fromEntries(
    split.parts.filter(({ points }) => points !== 0).map(({ cause, points }) => [cause, points]),
  );
}

function shares(split: ScoreSplit, cause: string): readonly (readonly [string, number, string])[] {
  if (split.kind === "unknown") throw new Error(split.reason);
  const part = split.parts.find((one) => one.cause === cause);
  return (part?.shares ?? []).map(({ group, measure, points, words }) => [`${group}/${measure}`, points, words]);
}

describe("the difference of two scores", () => {
  test("is data where values moved, each measure by its own weight", () => {
    const split = splitScores(side(two, { a: value(80), b: value(60) }), side(two, { a: value(20), b: value(70) }));
    expect(parts(split)).toEqual({ data: -25 });
    expect(shares(split, "data")).toEqual([
      ["g0/a", -30, "80 → 20 x, 80 → 20 points"],
      ["g0/b", 5, "60 → 70 x, 60 → 70 points"],
    ]);
  });

  test("is missing where a value went, stands for another or came", () => {
    const whole = side(two, { a: value(80), b: value(20) });
    const half = side(two, { a: value(80), b: noData });
    const went = splitScores(whole, half);
    expect(parts(went)).toEqual({ missing: 30 });
    expect(shares(went, "missing")).toEqual([["g0/b", 30, "a value → no data (no answer yet)"]]);
    expect(shares(splitScores(half, whole), "missing")).toEqual([["g0/b", -30, "no data → a value"]]);
    const worst = model({ groups: [[1, ["a", 1], ["b", 1, { missing: "worst" }]]] });
    expect(
      parts(splitScores(side(worst, { a: value(80), b: value(20) }), side(worst, { a: value(80), b: noData }))),
    ).toEqual({ missing: -10 });
  });

  test("tells what moved apart from what went at the same time", () => {
    const split = splitScores(side(two, { a: value(80), b: value(20) }), side(two, { a: value(60), b: noData }));
    expect(parts(split)).toEqual({ data: -10, missing: 20 });
  });

  test("is missing while a measure is held, data once it is back", () => {
    const fresh = side(two, { a: value(80), b: value(60) });
    const failing = { held: heldAt({ a: value(70) }, now - 1) };
    const held = side(two, { a: value(75, 2), b: value(60) }, failing);
    expect(held.drivers[0]?.state).toBe("held");
    expect(shares(splitScores(fresh, held), "missing")).toEqual([
      ["g0/a", -5, expect.stringMatching(/^a value → held \(held since /)],
    ]);
    expect(parts(splitScores(held, fresh))).toEqual({ missing: 5 });
    expect(parts(splitScores(held, held))).toEqual({});
  });

  test("is configuration where only the model changed: weights, curves, measures, or another model altogether", () => {
    const values = { a: value(80), b: value(20), c: value(50) };
    const heavier = model({ groups: [[1, ["a", 3], ["b", 1]]] }, 2);
    const weights = splitScores(side(two, values), side(heavier, values));
    expect(parts(weights)).toEqual({ configuration: 15 });
    // Each by its distance from the mean of 50: a quarter of the weight went from 30 below it to 30 above it.
    expect(shares(weights, "configuration")).toEqual([
      ["g0/a", 7.5, "weight 50 % → 75 %"],
      ["g0/b", 7.5, "weight 50 % → 25 %"],
    ]);
    const flat = [
      [0, 0],
      [160, 100],
    ];
    const curve = model({ groups: [[1, ["a", 1, { curve: flat }], ["b", 1]]] }, 2);
    expect(shares(splitScores(side(two, values), side(curve, values)), "configuration")).toEqual([
      ["g0/a", -15, "80 → 50 points"],
    ]);
    const other = model({
      id: "smb",
      groups: [
        [1, ["b", 1]],
        [1, ["c", 1]],
      ],
    });
    expect(parts(splitScores(side(two, values), side(other, values)))).toEqual({ configuration: -15 });
    expect(shares(splitScores(side(two, values), side(other, values)), "configuration")).toEqual([
      ["g0/a", -15, "no longer in the model"],
    ]);
  });

  test("a measure that the newer model no longer computes went by configuration, not as missing", () => {
    const less = model({ groups: [[1, ["b", 1]]] }, 2);
    const after = sideOf(less, metrics({ b: value(20) }), score(less, { b: value(20) }));
    expect(parts(splitScores(side(two, { a: value(80), b: value(20) }), after))).toEqual({ configuration: -30 });
  });

  test("is data first where model and values changed", () => {
    const heavier = model({ groups: [[1, ["a", 3], ["b", 1]]] }, 2);
    const split = splitScores(side(two, { a: value(80), b: value(20) }), side(heavier, { a: value(60), b: value(20) }));
    expect(parts(split)).toEqual({ data: -10, configuration: 10 });
  });

  test("has overrides and caps as parts of their own, and what they hide all the same", () => {
    const capped = model({ groups: [[1, ["a", 1], ["b", 1]]], caps: [overdue(39)] });
    const before = side(capped, { a: value(80), b: value(80), overdue: value(0) });
    const late = side(capped, { a: value(60), b: value(80), overdue: value(45) });
    const split = splitScores(before, late);
    expect(parts(split)).toEqual({ data: -10, cap: -31 });
    expect(shares(split, "cap")).toEqual([
      ["cap/Invoice 30+ days overdue", -31, "began: billing.overdue_days 45 is at least 30"],
    ]);
    const spoken = side(capped, { a: value(60), b: value(80), overdue: value(45) }, { override });
    expect(spoken.score).toBe(90);
    expect(parts(splitScores(late, spoken))).toEqual({ override: 51 });
    expect(parts(splitScores(before, spoken))).toEqual({ data: -10, override: 51, cap: -31 });
  });

  test("counts children of a parent as data, each with its share", () => {
    const group = model({ rollUp: { method: "mean" }, groups: [[1, ["a", 1]]] });
    const child = (key: string, points: number | null): ChildScore => ({
      key,
      name: key,
      score: points,
      band: null,
      mrr: null,
    });
    const before = side(group, {}, { children: [child("one", 80), child("two", 40)] });
    const after = side(group, {}, { children: [child("one", 50), child("two", 40)] });
    const split = splitScores(before, after);
    expect(parts(split)).toEqual({ data: -15 });
    expect(shares(split, "data")).toEqual([["children/one", -15, "80 → 50"]]);
    const worst = model({ rollUp: { method: "worst" }, groups: [[1, ["a", 1]]] }, 2);
    const strict = side(worst, {}, { children: [child("one", 80), child("two", 40)] });
    expect(parts(splitScores(before, strict))).toEqual({ configuration: -20 });
  });

  test("is not taken apart where a score is unknown", () => {
    const strict = model({ minimumCoverage: 0.9, groups: [[1, ["a", 1], ["b", 1]]] });
    const known = side(strict, { a: value(80), b: value(60) });
    const unknown = side(strict, { a: value(80), b: noData });
    expect(splitScores(known, unknown)).toEqual({ kind: "unknown", reason: "there is no score now" });
    expect(splitScores(unknown, known)).toEqual({ kind: "unknown", reason: "there was no score before" });
  });

  test("an override where nothing else counted gives its whole score", () => {
    const strict = model({ minimumCoverage: 0.9, groups: [[1, ["a", 1], ["b", 1]]] });
    const known = side(strict, { a: value(80), b: value(60) });
    const spoken = side(strict, { a: value(80), b: noData }, { override });
    const split = splitScores(known, spoken);
    expect(parts(split)).toEqual({ missing: -70, override: 90 });
    expect(shares(split, "missing").map(([, points]) => points)).toEqual([-40, -30]);
  });
});

// The time only guards against a hang.
describe("laws", { timeout: 120_000 }, () => {
  const letters = ["a", "b", "c", "d"] as const;
  const someMetric: fc.Arbitrary<MetricValue> = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -20, max: 120, noNaN: true }).map((number) => value(number)) },
    fc.integer({ min: 0, max: 20 }).map((age) => value(50.4, age)),
    fc.constantFrom(noData, notApplicable),
  );
  const someValues = fc.record({
    a: someMetric,
    b: someMetric,
    c: someMetric,
    d: someMetric,
    overdue: fc.integer({ min: 0, max: 60 }).map((days) => value(days)),
  });
  const someMeasure = fc.record({
    weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
    missing: fc.oneof(fc.constantFrom("exclude", "worst"), fc.integer({ min: 0, max: 100 })),
    maxAge: fc.constantFrom("7d", "12d"),
    curve: fc.integer({ min: 1, max: 100 }).map((end) => [
      [0, 100 - end],
      [100, end],
    ]),
  });
  const someModel = fc
    .record({
      measures: fc.array(someMeasure, { minLength: 4, maxLength: 4 }),
      count: fc.integer({ min: 1, max: 4 }),
      weights: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      combine: fc.array(fc.constantFrom("mean", "worst"), { minLength: 2, maxLength: 2 }),
      caps: fc.constantFrom([], [overdue(39)], [overdue(60)]),
      minimumCoverage: fc.constantFrom(0, 0.5),
      rollUp: fc.constantFrom(undefined, { method: "mean" }, { method: "revenue", includeSelf: true }),
      revision: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ measures, count, weights, combine, revision, rollUp, ...rest }) => {
      const built = letters
        .slice(0, count)
        .map((letter, index) => [letter, measures[index]?.weight ?? 1, measures[index] ?? {}] as const);
      const groups: Draft["groups"] = [
        [weights[0], ...built.slice(0, 2)],
        ...(count > 2 ? [[weights[1], ...built.slice(2)] as const] : []),
      ];
      return model({ groups, combine, ...(rollUp !== undefined && { rollUp }), ...rest }, revision);
    });
  const someOverride = fc.constantFrom(null, null, override, { ...override, score: null, band: "red" });
  const someChildren = fc.array(
    fc.record({
      key: fc.constantFrom("one", "two", "three"),
      score: fc.option(fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10)),
      mrr: fc.option(fc.integer({ min: 0, max: 900 })),
    }),
    { maxLength: 3 },
  );
  const someHeld = fc.option(fc.record({ a: someMetric, b: someMetric }));
  const someSide = fc.record({
    values: someValues,
    override: someOverride,
    children: someChildren,
    held: someHeld,
  });

  function build(of: HealthModel, drawn: typeof someSide extends fc.Arbitrary<infer T> ? T : never): ScoreSide {
    const values = metrics(drawn.values);
    const unique = new Map(drawn.children.map((child) => [child.key, { ...child, name: child.key, band: null }]));
    const more = {
      override: drawn.override,
      children: [...unique.values()],
      held: drawn.held === null ? null : heldAt(drawn.held, now - 2 * 86_400_000),
    };
    return sideOf(of, values, scoreHealth(of, input(values, null, more), now));
  }

  const tenths = (points: number) => Math.round(points * 10);

  function expectExact(before: ScoreSide, after: ScoreSide): void {
    const split = splitScores(before, after);
    if (before.score === null || after.score === null) {
      expect(split.kind).toBe("unknown");
      return;
    }
    if (split.kind === "unknown") throw new Error(split.reason);
    expect(split.parts.map(({ cause }) => cause)).toEqual(["data", "missing", "configuration", "override", "cap"]);
    expect(tenths(split.points)).toBe(tenths(after.score) - tenths(before.score));
    expect(split.parts.reduce((sum, { points }) => sum + tenths(points), 0)).toBe(tenths(split.points));
    for (const part of split.parts) {
      expect(part.shares.reduce((sum, { points }) => sum + tenths(points), 0)).toBe(tenths(part.points));
      expect(part.shares.every(({ points, group }) => points !== 0 && group !== "program")).toBe(true);
    }
  }

  test("parts add up to the difference and shares to their part, exactly, whatever changed", () => {
    fc.assert(
      fc.property(someModel, someModel, someSide, someSide, fc.boolean(), (one, other, was, is, isSame) => {
        expectExact(build(one, was), build(isSame ? one : other, is));
      }),
      { numRuns: 2000 },
    );
  });

  test("between two equal scores nothing moves", () => {
    fc.assert(
      fc.property(someModel, someSide, (of, drawn) => {
        const split = splitScores(build(of, drawn), build(of, drawn));
        if (split.kind === "unknown") return;
        expect(split.parts.every(({ points, shares: of }) => points === 0 && of.length === 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("without children, overrides, caps and outages, values alone are data alone", () => {
    const number = fc.double({ min: 0, max: 100, noNaN: true }).map((one) => value(one));
    const known = fc.record({ a: number, b: number, c: number, d: number });
    fc.assert(
      fc.property(someModel, known, known, (of, was, is) => {
        const split = splitScores(side(of, was), side(of, is));
        expect(Object.keys(parts(split)).filter((cause) => cause !== "data")).toEqual([]);
        const moved = letters.filter((letter: Letter) => was[letter].value !== is[letter].value);
        for (const [key] of shares(split, "data")) expect(moved).toContain(key.slice(-1));
      }),
      { numRuns: 300 },
    );
  });
});
