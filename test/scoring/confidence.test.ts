import { describe, expect, test } from "vitest";
import { driver, heldAt, model, noData, now, score, value } from "./build-health.ts";

const day = 86_400_000;
const two = model({ groups: [[1, ["a", 3, { maxAge: "10d" }], ["b", 1]]], minimumCoverage: 0.5 });

describe("confidence", () => {
  test("is full where all is known, fresh, and of a quarter at least", () => {
    const health = score(two, { a: value(50), b: value(50, 1) }, { historyDays: 90 });
    expect(health.confidence).toEqual({ value: 1, coverage: 1, freshness: 1, history: 1 });
  });

  test("falls with the age of what counts, by weight: to 0 over its maxAge, else over 30 days", () => {
    const old = score(two, { a: value(50, 6), b: value(50, 16) });
    // 3/4 of 1 - 5/10 and 1/4 of 1 - 15/30.
    expect(old.confidence).toEqual({ value: 0.5, coverage: 1, freshness: 0.5, history: 1 });
    expect(score(two, { a: value(50), b: value(50, 400) }).confidence.freshness).toBe(0.75);
  });

  test("asks what is missing of coverage alone", () => {
    expect(score(two, { a: value(50), b: noData }).confidence).toEqual({
      value: 0.75,
      coverage: 0.75,
      freshness: 1,
      history: 1,
    });
    const filled = model({ groups: [[1, ["a", 3], ["b", 1, { missing: 50 }]]] });
    expect(score(filled, { a: value(50), b: noData }).confidence).toMatchObject({ freshness: 1, coverage: 0.75 });
  });

  test("halves what is held", () => {
    const held = heldAt({ a: value(50) }, now - 2 * day);
    const health = score(two, { a: value(50, 2), b: value(50) }, { held });
    expect(driver(health, "a")).toMatchObject({ state: "held", ageDays: 2 });
    // 3/4 of half of 1 - 1/10, and 1/4.
    expect(health.confidence.freshness).toBe(0.588);
  });

  test("grows with the account's days, and is 0 where nobody knows them or they are still to come", () => {
    const history = (historyDays: number | null) =>
      score(two, { a: value(50), b: value(50) }, { historyDays }).confidence.history;
    expect([history(0), history(45), history(900), history(null), history(-5)]).toEqual([0, 0.5, 1, 0, 0]);
  });

  test("is 0 where nothing is known", () => {
    expect(score(two, { a: noData, b: noData }).confidence).toEqual({
      value: 0,
      coverage: 0,
      freshness: 0,
      history: 1,
    });
  });
});

describe("a suggested band", () => {
  test("is the band where there is a score", () => {
    expect(score(two, { a: value(50), b: value(50) })).toMatchObject({ band: "yellow", suggestedBand: "yellow" });
  });

  test("is the band of what is known where there is no score", () => {
    const health = score(two, { a: noData, b: value(80) });
    expect(health).toMatchObject({ score: null, band: null, suggestedBand: "green" });
  });

  test("is unknown where nothing is known, also where points are given for what is missing", () => {
    const filled = model({ groups: [[1, ["a", 1, { missing: 50 }]]], minimumCoverage: 0.5 });
    expect(score(filled, { a: noData })).toMatchObject({ score: null, suggestedBand: null });
    expect(score(two, { a: noData, b: noData }).suggestedBand).toBeNull();
  });
});
