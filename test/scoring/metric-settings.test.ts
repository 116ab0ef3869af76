import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MetricValue } from "../../src/scoring/history.ts";
import { compileMetricSettings } from "../../src/scoring/metric-settings.ts";
import type { FormulaDocument } from "../../src/scoring/metrics/formula-document.ts";
import { type MetricSettings, plainSettings } from "../../src/scoring/metrics/settings.ts";
import { compileMetrics, computeMetrics, customAmong, metricDefinition } from "../../src/scoring/metrics.ts";
import { at, change, company, coverage, history, series } from "./build-history.ts";

const now = at("2025-03-15T12:00:00Z");
const streams = coverage({
  kinds: { ticket: ["2025-03-14"], subscription: ["2025-03-14"] },
  usage: { logins: ["2025-03-14"], exports: ["2025-03-10"] },
});
const acme = history({
  account: { beganOn: "2024-01-01", fields: { tier: "gold", headcount: 40 } },
  changes: [
    change("ticket", 2, "2025-03-01", { status: "open", openedAt: "2025-03-01T00:00:00Z" }),
    change("ticket", 3, "2025-03-02", { status: "open", openedAt: "2025-03-02T00:00:00Z" }),
    change("subscription", 4, "2025-01-01", {
      startsOn: "2025-01-01",
      amountMinor: 10_000,
      currency: "EUR",
      interval: "month",
      seats: 8,
    }),
  ],
  usage: { logins: series("2025-03-08", [1, 2, 3, 4, 5, 6, 7]), exports: series("2025-03-08", [0, 0, 4]) },
});
const stranger = history({ account: { beganOn: "2024-01-01" } });

function settingsOf(document: unknown): MetricSettings {
  const compiled = compileMetricSettings(document);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  return compiled.settings;
}

function own(id: string, formula: unknown) {
  return { id, name: `The metric ${id}`, unit: "count", formula };
}

function value(formula: unknown, account = acme): MetricValue | undefined {
  const { plan, faults } = compileMetrics(["custom.it"], settingsOf({ metrics: [own("it", formula)] }));
  expect(faults).toEqual([]);
  return computeMetrics(plan, account, streams, company(), now).get("custom.it");
}

describe("a formula", () => {
  test.each([
    { formula: 7, value: 7, ageDays: 0 },
    { formula: "tickets.open", value: 2, ageDays: 0 },
    { formula: { add: ["tickets.open", "contract.seats", 1.5] }, value: 11.5, ageDays: 0 },
    { formula: { subtract: ["tickets.open", "contract.seats"] }, value: -6, ageDays: 0 },
    { formula: { multiply: ["tickets.open", "tickets.open", 3] }, value: 12, ageDays: 0 },
    { formula: { divide: ["tickets.open", "contract.seats"] }, value: 0.25, ageDays: 0 },
    { formula: { min: ["tickets.open", "contract.seats"] }, value: 2, ageDays: 0 },
    { formula: { max: ["tickets.open", "contract.seats"] }, value: 8, ageDays: 0 },
    { formula: { coalesce: ["nps.latest", "tickets.open", 0] }, value: 2, ageDays: 0 },
    { formula: { coalesce: ["nps.latest", -1] }, value: -1, ageDays: 0 },
    { formula: { round: [{ divide: ["contract.seats", 3] }, 2] }, value: 2.67, ageDays: 0 },
    { formula: { round: [1.005, 2] }, value: 1.01, ageDays: 0 },
    { formula: { round: [-2.5, 0] }, value: -3, ageDays: 0 },
    { formula: { round: [1e300, 2] }, value: 1e300, ageDays: 0 },
    { formula: { round: [1e-9, 2] }, value: 0, ageDays: 0 },
    { formula: { multiply: [-1, 0] }, value: 0, ageDays: 0 },
    { formula: { log1p: [0] }, value: 0, ageDays: 0 },
    { formula: "account.fields.headcount", value: 40, ageDays: 0 },
    { formula: { add: ["usage.logins.sum_7d", "usage.exports.sum_7d"] }, value: 32, ageDays: 4 },
  ])("$formula comes to $value, as old as its oldest operand", ({ formula, value: expected, ageDays }) => {
    expect(value(formula)).toEqual({ value: expected, unit: "count", ageDays, state: "value" });
  });

  test.each([
    {
      formula: { divide: ["contract.seats", { subtract: ["tickets.open", 2] }] },
      says: "subtract(tickets.open, 2) is 0",
    },
    { formula: { divide: [1, 0] }, says: "0 is 0" },
    { formula: { add: ["nps.latest", 1] }, says: "nps.latest: no source delivers survey answers" },
    { formula: { coalesce: ["nps.latest", "csat.avg_90d"] }, says: "nps.latest: no source delivers survey answers" },
    { formula: { log1p: [-2] }, says: "the result is not a finite number" },
    { formula: { multiply: [1e300, 1e300] }, says: "the result is not a finite number" },
    { formula: { add: ["account.fields.tier", 1] }, says: "account.fields.tier is not a number" },
  ])("$formula has no data: $says", ({ formula, says }) => {
    expect(value(formula)).toEqual({ value: null, unit: "count", ageDays: null, state: "no-data", reason: says });
  });

  test("without a contract does not apply, unless something else is unknown", () => {
    expect(value({ divide: ["tickets.open", "contract.seats"] }, stranger)).toMatchObject({
      state: "not-applicable",
      reason: expect.stringContaining("contract.seats: "),
    });
    expect(value({ add: ["contract.seats", "nps.latest"] }, stranger)).toMatchObject({
      state: "no-data",
      reason: expect.stringContaining("nps.latest: "),
    });
  });

  test("may name other metrics of one's own, and each is worked out once", () => {
    const doubled = Array.from({ length: 9 }, (_, index) =>
      own(`m${index + 1}`, { add: [`custom.m${index}`, `custom.m${index}`] }),
    );
    const settings = settingsOf({ metrics: [...doubled.toReversed(), own("m0", "tickets.open")] });
    const { plan } = compileMetrics(["custom.m9"], settings);
    expect(plan.metrics.map(({ name }) => name)).toEqual([
      "tickets.open",
      ...Array.from({ length: 10 }, (_, index) => `custom.m${index}`),
    ]);
    const values = computeMetrics(plan, acme, streams, company(), now);
    expect(values.get("custom.m9")?.value).toBe(1024);
    expect(values.get("tickets.open")?.value).toBe(2);
  });

  test("is told in words with the metric", () => {
    const settings = settingsOf({
      metrics: [own("per-seat", { divide: ["tickets.open", { max: ["contract.seats", 1] }] })],
    });
    const [, , metric] = compileMetrics(["custom.per-seat"], settings).plan.metrics;
    expect(metric?.formula).toBe("The metric per-seat: divide(tickets.open, max(contract.seats, 1))");
    expect(metricDefinition("custom.any-id")).toMatchObject({ type: "number", source: "metrics" });
    expect(customAmong(["custom.a", "tickets.open", "custom.a", "custom.B"])).toEqual(["custom.a"]);
  });

  test("whatever it is gives a finite number or a reason", () => {
    const leaf = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom("tickets.open", "contract.seats", "usage.logins.trend_28d", "nps.latest", "billing.mrr"),
    );
    const formula = fc.letrec<{ tree: FormulaDocument }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc
          .tuple(
            fc.constantFrom("add", "multiply", "min", "max", "coalesce"),
            fc.array(tie("tree"), { minLength: 1, maxLength: 4 }),
          )
          .map(([operator, parts]) => ({ [operator]: parts })),
        fc
          .tuple(fc.constantFrom("subtract", "divide"), tie("tree"), tie("tree"))
          .map(([operator, one, other]) => ({ [operator]: [one, other] })),
        fc.tuple(tie("tree"), fc.nat(10)).map(([one, digits]) => ({ round: [one, digits] })),
        tie("tree").map((one) => ({ log1p: [one] })),
      ),
    })).tree;
    fc.assert(
      fc.property(formula, (document) => {
        const answer = value(document);
        if (answer?.state === "value") expect(Number.isFinite(answer.value)).toBe(true);
        else expect(answer?.reason).toMatch(/./);
      }),
    );
  });
});

describe("metrics.json", () => {
  test("that says nothing is the same as none", () => {
    expect(settingsOf({})).toEqual(plainSettings);
  });

  test("names active users and features", () => {
    const settings = settingsOf({ $schema: "x", activeUsers: "logins", features: ["exports", "reports"] });
    expect(settings).toEqual({ activeUsers: "logins", features: ["exports", "reports"], formulas: new Map() });
  });

  const deep = (levels: number): FormulaDocument => (levels === 1 ? 1 : { add: [deep(levels - 1)] });
  const chain = (length: number, levels = 2) =>
    Array.from({ length }, (_, index) => own(`m${index}`, index === 0 ? 1 : wrapped(`custom.m${index - 1}`, levels)));
  const wrapped = (name: string, levels: number): FormulaDocument =>
    levels === 1 ? name : { add: [wrapped(name, levels - 1)] };

  test.each([
    { document: { feature: [] }, path: "feature", says: 'unknown key "feature"; did you mean "features"?' },
    { document: { features: ["a.b"] }, path: "features[0]", says: "a usage name has letters" },
    { document: { features: ["a", "b", "a"] }, path: "features[2]", says: "this feature is listed twice" },
    { document: { metrics: [own("Nope", 1)] }, path: "metrics[0].id", says: "expected lower-case letters" },
    { document: { metrics: [own("a", 1), own("a", 2)] }, path: "metrics[1].id", says: "another metric has this id" },
    {
      document: { metrics: [{ id: "a", name: "A", unit: "x" }] },
      path: "metrics[0].formula",
      says: "expected a number, the name",
    },
    { document: { metrics: [own("a", null)] }, path: "metrics[0].formula", says: "expected a number, the name" },
    { document: { metrics: [own("a", {})] }, path: "metrics[0].formula", says: "expected one operator of add" },
    {
      document: { metrics: [own("a", { add: [1], min: [1] })] },
      path: "metrics[0].formula",
      says: "expected one operator",
    },
    {
      document: { metrics: [own("a", { mul: [1, 2] })] },
      path: "metrics[0].formula.mul",
      says: 'unknown operator "mul", expected one of add, subtract, multiply',
    },
    {
      document: { metrics: [own("a", { add: 1 })] },
      path: "metrics[0].formula.add",
      says: "expected a list of 1 to 50",
    },
    {
      document: { metrics: [own("a", { add: [] })] },
      path: "metrics[0].formula.add",
      says: "expected a list of 1 to 50",
    },
    {
      document: { metrics: [own("a", { divide: [1] })] },
      path: "metrics[0].formula.divide",
      says: "expected a list of 2",
    },
    {
      document: { metrics: [own("a", { log1p: [1, 2] })] },
      path: "metrics[0].formula.log1p",
      says: "expected a list of 1",
    },
    {
      document: { metrics: [own("a", { round: [1, "tickets.open"] })] },
      path: "metrics[0].formula.round[1]",
      says: "expected how many digits to keep, 0 to 10",
    },
    {
      document: { metrics: [own("a", { divide: ["tickets.opn", "contract.seats"] })] },
      path: "metrics[0].formula.divide[0]",
      says: 'did you mean "tickets.open"?',
    },
    {
      document: { metrics: [own("a", { add: [1, { max: ["custom.bb"] }] }), own("bbb", 1)] },
      path: "metrics[0].formula.add[1].max[0]",
      says: 'this document has none of that name; did you mean "custom.bbb"?',
    },
    {
      document: { metrics: [own("a", "contract.auto_renew")] },
      path: "metrics[0].formula",
      says: "contract.auto_renew is a text",
    },
    {
      document: { metrics: [own("a", "custom.a")] },
      path: "metrics[0].formula",
      says: "it is made of itself: custom.a → custom.a",
    },
    {
      document: {
        metrics: [own("a", { add: ["custom.b", 1] }), own("b", { max: ["custom.c"] }), own("c", { min: ["custom.a"] })],
      },
      path: "metrics[0].formula",
      says: "it is made of itself: custom.a → custom.b → custom.c → custom.a",
    },
    {
      document: { metrics: [own("a", deep(21))] },
      path: `metrics[0].formula${".add[0]".repeat(20)}`,
      says: "nested too deeply: at most 20 levels",
    },
    { document: { metrics: chain(21) }, path: "metrics[20].formula", says: "21 levels deep: at most 20" },
    { document: { metrics: chain(500, 20) }, path: "metrics[2].formula", says: "levels deep: at most 20" },
  ])("is refused at $path: $says", ({ document, path, says }) => {
    const compiled = compileMetricSettings(document);
    const faults = "faults" in compiled ? compiled.faults : [];
    const fault = faults.find((one) => one.path === path);
    expect({ faults: faults.slice(0, 3), message: fault?.message }).toMatchObject({
      message: expect.stringContaining(says),
    });
  });

  test("may nest as deep as is allowed", () => {
    expect(compileMetricSettings({ metrics: [own("a", deep(20))] })).toHaveProperty("settings");
    expect(compileMetricSettings({ metrics: chain(20) })).toHaveProperty("settings");
  });

  test("nested 20,000 deep is refused and ends nothing", () => {
    let formula: FormulaDocument = 1;
    for (let level = 0; level < 20_000; level += 1) formula = { add: [formula] };
    expect(compileMetricSettings({ metrics: [own("a", formula)] })).toHaveProperty("faults");
  });
});
