import { describe, expect, test } from "vitest";
import { driver, model, noData, notApplicable, score, value } from "./build-health.ts";

const worst = model({
  combine: ["worst", "mean"],
  groups: [
    [3, ["a", 1], ["b", 5, { missing: 10 }]],
    [1, ["c", 1]],
  ],
});

describe("a group of which the worst counts", () => {
  test("has the points of its worst measure, which carries the whole weight", () => {
    const health = score(worst, { a: value(20), b: value(60), c: value(100) });
    expect(health.score).toBe(40);
    expect(driver(health, "a")).toMatchObject({ weight: 0.75, contribution: 15 });
    expect(driver(health, "b")).toMatchObject({
      points: 60,
      weight: 0,
      contribution: 0,
      reason: "not the worst of its group, which counts alone",
    });
    expect(health.reason).toMatch(/^score 40\.0 from 2 of 3 measures, coverage 100%/);
  });

  test("takes the first of two that are equal", () => {
    const health = score(worst, { a: value(60), b: value(60), c: value(100) });
    expect(health.drivers.map(({ weight }) => weight)).toEqual([0.75, 0, 0.25]);
  });

  test("passes over a measure without points, and counts points given for what is missing", () => {
    expect(score(worst, { a: noData, b: value(60), c: value(100) }).score).toBe(70);
    const health = score(worst, { a: value(60), b: noData, c: value(100) });
    expect(health.score).toBe(32.5);
    expect(driver(health, "a")?.reason).toBe("not the worst of its group, which counts alone");
  });

  test("does not count when none of its measures does", () => {
    const strict = model({
      combine: ["worst"],
      groups: [
        [3, ["a", 1], ["b", 1]],
        [1, ["c", 1]],
      ],
    });
    expect(score(strict, { a: noData, b: notApplicable, c: value(90) }).score).toBe(90);
  });

  test("passes over a measure of no weight", () => {
    const weightless = model({ combine: ["worst"], groups: [[1, ["a", 0], ["b", 1]]] });
    expect(score(weightless, { a: value(0), b: value(50) }).score).toBe(50);
  });

  test("asks coverage of all its measures, like every group", () => {
    expect(score(worst, { a: noData, b: value(60), c: value(100) }).coverage).toBe(0.875);
  });
});
