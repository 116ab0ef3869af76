import { describe, expect, test } from "vitest";
import { scoreHealth } from "../../src/scoring/health.ts";
import type { Override } from "../../src/scoring/history.ts";
import { driver, input, metrics, model, noData, now, score, sumOfTenths, value } from "./build-health.ts";

const one = model({
  groups: [[1, ["a", 1]]],
  hysteresis: { points: 5, dwell: "1d" },
  minimumCoverage: 0.5,
  caps: [{ when: { fact: "billing.overdue_days", atLeast: 30 }, max: 39, reason: "Invoice 30+ days overdue" }],
});
const day = 86_400_000;

function override(parts: Partial<Override>): Override {
  return { score: null, band: null, until: null, reason: "Renewed by phone", by: "anna", ...parts };
}

describe("an override", () => {
  test("of the score stands at once in place of the computed one and gives the band by its edges", () => {
    const before = score(one, { a: value(30) });
    const given = { override: override({ score: 72.5, until: Date.UTC(2025, 3, 1, 9) }) };
    const health = scoreHealth(one, input(metrics({ a: value(30) }), before.bandMemory, given), now + 1);
    expect(health).toMatchObject({ score: 72.5, band: "green", computed: 30, suggestedBand: "green" });
    expect(health.drivers.at(-1)).toEqual({
      group: "override",
      measure: "Renewed by phone",
      metric: "override",
      value: 72.5,
      unit: "points",
      ageDays: null,
      state: "value",
      points: 72.5,
      weight: 0,
      contribution: 42.5,
      reason: "score 72.5 by override of anna until 2025-04-01T09:00Z",
    });
    expect(sumOfTenths(health.drivers)).toBe(725);
    expect(health.reason).toBe(
      "score 72.5 by override of anna until 2025-04-01T09:00Z; computed: score 30.0 from 1 of 1 measures, coverage 100%; red",
    );
  });

  test("of the band leaves the score", () => {
    const health = score(one, { a: value(30) }, { override: override({ band: "yellow" }) });
    expect(health).toMatchObject({ score: 30, band: "yellow", computed: 30 });
    expect(driver(health, "Renewed by phone")).toMatchObject({ value: "yellow", points: null, contribution: 0 });
    expect(health.reason).toMatch(/^band yellow by override of anna until it is taken back; computed: score 30\.0/);
  });

  test("of both sets both, whatever the edges say", () => {
    const given = { override: override({ score: 80, band: "red" }) };
    expect(score(one, { a: value(30) }, given)).toMatchObject({ score: 80, band: "red" });
  });

  test("of a band that the model does not have is passed over, and says so", () => {
    const alone = score(one, { a: value(30) }, { override: override({ band: "amber" }) });
    expect(alone).toMatchObject({ score: 30, band: "red" });
    expect(alone.reason).toContain('its band "amber" is none of this model\'s');
    const given = { override: override({ score: 80, band: "amber" }) };
    expect(score(one, { a: value(30) }, given)).toMatchObject({ score: 80, band: "green" });
  });

  test("beats a cap, which stays among the drivers", () => {
    const health = score(one, { a: value(90), overdue: value(45) }, { override: override({ score: 60 }) });
    expect(health).toMatchObject({ score: 60, band: "yellow", computed: 39 });
    expect(health.drivers.map(({ group, contribution }) => [group, contribution])).toEqual([
      ["g0", 90],
      ["cap", -51],
      ["override", 21],
    ]);
  });

  test("gives a score where nothing is known", () => {
    const health = score(one, { a: noData }, { override: override({ score: 60 }) });
    expect(health).toMatchObject({ score: 60, band: "yellow", computed: null, coverage: 0 });
    expect(health.confidence.value).toBe(0);
    expect(sumOfTenths(health.drivers)).toBe(600);
    expect(score(one, { a: noData }, { override: override({ band: "green" }) })).toMatchObject({
      score: null,
      band: "green",
    });
  });

  test("leaves the band's memory to the computed score, which goes on beside it", () => {
    const before = score(one, { a: value(80) });
    const given = { override: override({ score: 95 }) };
    const fallen = scoreHealth(one, input(metrics({ a: value(30) }), before.bandMemory, given), now + 1);
    expect(fallen).toMatchObject({ score: 95, band: "green", dueAt: now + 1 + day });
    const later = scoreHealth(one, input(metrics({ a: value(30) }), fallen.bandMemory, given), now + 1 + day);
    expect(later).toMatchObject({ score: 95, band: "green", bandMemory: { band: "red" } });
    // Taken back, the account is where it would have been without it.
    expect(scoreHealth(one, input(metrics({ a: value(30) }), later.bandMemory), now + 2 + day).band).toBe("red");
  });

  test("of the last tenth is rounded as scores are", () => {
    const health = score(one, { a: value(30) }, { override: override({ score: 72.25 }) });
    expect(health.score).toBe(72.3);
    expect(sumOfTenths(health.drivers)).toBe(723);
  });
});
