import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChildScore } from "../../src/scoring/history.ts";
import { driver, model, noData, score, sumOfTenths, value } from "./build-health.ts";

function child(key: string, points: number | null, mrr: number | null = 100): ChildScore {
  return { key, name: `${key} Ltd`, score: points, band: null, mrr };
}

function group(method: "mean" | "revenue" | "worst", more: object = {}) {
  return model({ rollUp: { method }, groups: [[1, ["a", 1]]], minimumCoverage: 0.5, ...more });
}

const withSelf = (method: "mean" | "revenue" | "worst") => group(method, { rollUp: { method, includeSelf: true } });

describe("a parent", () => {
  test("without children has a score of its own measures", () => {
    expect(score(group("mean"), { a: value(70) })).toMatchObject({ score: 70 });
  });

  test("that the model does not roll up has a score of its own measures", () => {
    const plain = model({ groups: [[1, ["a", 1]]] });
    expect(score(plain, { a: value(70) }, { children: [child("one", 10)] }).score).toBe(70);
  });

  test("has the mean of its children's scores, each of them a driver, whatever its own measures say", () => {
    const health = score(group("mean"), { a: value(0) }, { children: [child("two", 40), child("one", 81)] });
    expect(health).toMatchObject({ score: 60.5, band: "yellow", coverage: 1, computed: 60.5 });
    expect(health.drivers).toEqual([
      {
        group: "children",
        measure: "one",
        metric: "score",
        value: 81,
        unit: "points",
        ageDays: 0,
        state: "value",
        points: 81,
        weight: 0.5,
        contribution: 40.5,
        reason: "one Ltd",
      },
      expect.objectContaining({ measure: "two", contribution: 20 }),
    ]);
    expect(health.reason).toMatch(/^score 60\.5 from 2 of 2 accounts, coverage 100%/);
  });

  test("by revenue weighs each child by its MRR", () => {
    const children = [child("one", 80, 300), child("two", 40, 100)];
    const health = score(group("revenue"), {}, { children });
    expect(health.score).toBe(70);
    expect(driver(health, "one")?.weight).toBe(0.75);
  });

  test("by revenue counts no child without MRR, which weighs for coverage as the others on average", () => {
    const children = [child("one", 80, 300), child("two", 40, null), child("three", 60, 100)];
    const health = score(group("revenue"), {}, { children });
    expect(health).toMatchObject({ score: 75, coverage: 0.666667 });
    expect(driver(health, "two")).toMatchObject({ state: "no-data", reason: "two Ltd has no MRR to weigh it by" });
  });

  test("by revenue weighs each alike where nobody pays, and has no score where nothing is known of it", () => {
    const unpaid = [child("one", 80, 0), child("two", 40, 0)];
    expect(score(group("revenue"), {}, { children: unpaid }).score).toBe(60);
    const unknown = [child("one", 80, null), child("two", 40, null)];
    expect(score(group("revenue"), {}, { children: unknown })).toMatchObject({ score: null, coverage: 0 });
  });

  test("is as healthy as its worst child", () => {
    const health = score(group("worst"), {}, { children: [child("one", 80), child("two", 40), child("three", 55)] });
    expect(health.score).toBe(40);
    expect(health.drivers.map(({ measure, weight, contribution }) => [measure, weight, contribution])).toEqual([
      ["one", 0, 0],
      ["three", 0, 0],
      ["two", 1, 40],
    ]);
    expect(driver(health, "one")?.reason).toBe("one Ltd; not the worst of its group, which counts alone");
  });

  test("counts no child without a score, which lowers coverage", () => {
    const two = [child("one", 80), child("two", null)];
    expect(score(group("mean"), {}, { children: two })).toMatchObject({ score: 80, coverage: 0.5 });
    const health = score(group("mean"), {}, { children: [...two, child("three", null)] });
    expect(health).toMatchObject({ score: null, coverage: 0.333333, suggestedBand: "green" });
    expect(health.reason).toBe("no score: coverage 33.3% is below 50%, without three, two; band unknown");
    expect(driver(health, "two")).toMatchObject({ state: "no-data", reason: "two Ltd has no score" });
  });

  test("may count its own measures as one more child", () => {
    const children = [child("one", 80), child("two", 50)];
    const health = score(withSelf("mean"), { a: value(20) }, { children });
    expect(health.score).toBe(50);
    expect(health.drivers.at(-1)).toMatchObject({ group: "self", measure: "own-measures", value: 20, weight: 1 / 3 });
    expect(score(withSelf("worst"), { a: value(20) }, { children }).score).toBe(20);
    expect(score(withSelf("revenue"), { a: value(20), d: value(100) }, { children }).score).toBe(50);
    expect(score(withSelf("revenue"), { a: value(20), d: noData }, { children })).toMatchObject({
      score: 65,
      coverage: 0.666667,
    });
  });

  test("does not count its own measures where too little of them is known", () => {
    const health = score(withSelf("mean"), { a: noData }, { children: [child("one", 80), child("two", 50)] });
    expect(health).toMatchObject({ score: 65, coverage: 0.666667 });
    expect(health.drivers.at(-1)).toMatchObject({ group: "self", state: "no-data" });
  });

  test("is under caps and overrides like every account", () => {
    const caps = [{ when: { fact: "billing.overdue_days", atLeast: 30 }, max: 39, reason: "Overdue" }];
    const of = group("mean", { caps });
    const children = [child("one", 80)];
    const capped = score(of, { overdue: value(45) }, { children });
    expect(capped).toMatchObject({ score: 39, band: "red" });
    expect(sumOfTenths(capped.drivers)).toBe(390);
    const override = { score: 90, band: null, until: null, reason: "Known", by: "anna" };
    expect(score(of, { overdue: value(45) }, { children, override })).toMatchObject({ score: 90, computed: 39 });
  });

  test("needs the MRR of every account where revenue weighs", () => {
    expect(group("revenue").metricNames).toContain("billing.mrr");
    expect(group("mean").metricNames).not.toContain("billing.mrr");
  });
});

// The time only guards against a hang.
describe("laws", { timeout: 60_000 }, () => {
  const someChildren = fc.uniqueArray(
    fc.record({
      key: fc.string({ minLength: 1, maxLength: 3 }),
      score: fc.option(fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10)),
      mrr: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
    }),
    { minLength: 1, maxLength: 8, selector: ({ key }) => key },
  );
  const someMethod = fc.constantFrom("mean" as const, "revenue" as const, "worst" as const);
  const childrenOf = (drawn: readonly { key: string; score: number | null; mrr: number | null }[]) =>
    drawn.map(({ key, score: points, mrr }) => child(key, points, mrr));

  test("the children's contributions add up to the score, which lies between the least and the greatest", () => {
    fc.assert(
      fc.property(someChildren, someMethod, fc.constantFrom(0, 0.5), (drawn, method, minimumCoverage) => {
        const health = score(group(method, { minimumCoverage }), {}, { children: childrenOf(drawn) });
        expect(sumOfTenths(health.drivers)).toBe(Math.round((health.score ?? 0) * 10));
        expect(health.coverage).toBeGreaterThanOrEqual(0);
        expect(health.coverage).toBeLessThanOrEqual(1);
        const points = drawn.flatMap((one) => one.score ?? []);
        if (health.score === null) return;
        expect(health.score).toBeGreaterThanOrEqual(Math.min(...points));
        expect(health.score).toBeLessThanOrEqual(Math.max(...points));
      }),
      { numRuns: 300 },
    );
  });

  test("their order changes nothing", () => {
    fc.assert(
      fc.property(someChildren, someMethod, (drawn, method) => {
        const children = childrenOf(drawn);
        const of = group(method);
        expect(score(of, {}, { children: children.toReversed() })).toEqual(score(of, {}, { children }));
      }),
    );
  });

  test("a child that scores better never lowers its parent", () => {
    fc.assert(
      fc.property(
        someChildren,
        someMethod,
        fc.nat(),
        fc.integer({ min: 0, max: 1000 }),
        (drawn, method, at, tenths) => {
          const children = childrenOf(drawn);
          const raised = children.map((one, index) => {
            if (index !== at % children.length || one.score === null) return one;
            return { ...one, score: Math.max(one.score, tenths / 10) };
          });
          const of = group(method);
          expect(score(of, {}, { children: raised }).score ?? 0).toBeGreaterThanOrEqual(
            score(of, {}, { children }).score ?? 0,
          );
        },
      ),
    );
  });
});
