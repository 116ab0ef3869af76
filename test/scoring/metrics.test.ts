import { describe, expect, test } from "vitest";
import { usageMetricNames } from "../../src/scoring/metrics/usage.ts";
import {
  compileMetrics,
  computeMetrics,
  fixedMetricNames,
  type MetricForm,
  metricDefinition,
  metricForms,
} from "../../src/scoring/metrics.ts";
import { at, company, coverage, history } from "./build-history.ts";

const adoption = ["adoption.breadth_28d", "adoption.features_28d"];
const everyName = [...fixedMetricNames, ...usageMetricNames("logins"), ...adoption];

test("computes every metric there is, each once", () => {
  const { plan, faults } = compileMetrics([...everyName, ...everyName]);
  expect(faults).toEqual([]);
  const values = computeMetrics(plan, history({}), coverage({}), company(), at("2025-03-15"));
  expect([...values.keys()]).toEqual(everyName);
  expect(plan.metrics).toHaveLength(everyName.length);
});

test("an account nobody knows anything of has a reason for every metric", () => {
  const { plan } = compileMetrics(everyName);
  for (const value of computeMetrics(plan, history({}), coverage({}), company(), at("2025-03-15")).values()) {
    expect(value).toMatchObject({ value: null, ageDays: null, reason: expect.stringMatching(/./) });
    expect(["no-data", "not-applicable"]).toContain(value.state);
  }
});

test("money is in the reporting currency", () => {
  const { plan } = compileMetrics(["billing.mrr"]);
  const facts = company({ reportingCurrency: "CHF" });
  expect(computeMetrics(plan, history({}), coverage({}), facts, at("2025-03-15")).get("billing.mrr")?.unit).toBe("CHF");
});

describe("an unknown name", () => {
  const aggregates = ["sum", "avg", "max", "last", "active_days", "trend", "vs_own_baseline", "ewma", "users"];
  const form = `usage.<name>.<${aggregates.join("|")}>_<N>d`;

  test.each([
    { name: "usage.logins", says: `expected ${form}` },
    { name: "usage.my.logins.avg_28d", says: `expected ${form}` },
    { name: "usage.logins.mean_28d", says: `met "mean", expected one of ${aggregates.join(", ")}` },
    { name: "usage.logins.avg_0d", says: 'met the window "0d", expected whole days from 1d to 400d' },
    { name: "usage.logins.avg_401d", says: 'met the window "401d", expected whole days from 1d to 400d' },
    { name: "usage.logins.avg_07d", says: 'met the window "07d", expected whole days from 1d to 400d' },
    { name: "usage.logins.avg_28", says: 'met the window "28", expected whole days from 1d to 400d' },
    {
      name: "adoption.breadth",
      says: "expected adoption.breadth_<N>d or adoption.features_<N>d, with N from 1 to 400",
    },
    { name: "usage.logins.active_days", says: 'met "active", expected one of sum' },
    { name: "usage.log ins.avg_28d", says: 'met the usage name "log ins", expected letters, digits, _ and - only' },
    { name: "tickets.opened", says: "expected one of tickets.open, tickets.open_urgent, tickets." },
    { name: "billing.arr", says: "expected one of billing.mrr, billing." },
    { name: "churn", says: "expected one of usage.<name>." },
  ])("is a fault that says what may stand there: $name", ({ name, says }) => {
    const { plan, faults } = compileMetrics(["tickets.open", name]);
    expect(plan.metrics.map((metric) => metric.name)).toEqual(["tickets.open"]);
    expect(faults).toEqual([{ name, message: expect.stringContaining(`"${name}" is not a metric`) }]);
    expect(faults[0]?.message).toContain(says);
    expect(metricDefinition(name)).toBeNull();
  });
});

test("every metric has a definition and matches exactly one form", () => {
  for (const name of everyName) {
    const definition = metricDefinition(name);
    const matching = metricForms.filter(({ pattern }) => new RegExp(pattern).test(name));
    expect(matching).toHaveLength(1);
    expect(definition).toMatchObject({ name, ...pick(matching[0]) });
    expect(definition?.formula).not.toBe("");
    expect(definition?.missing).not.toBe("");
  }
});

function pick(form: MetricForm | undefined) {
  return { type: form?.type, source: form?.source, unit: form?.unit };
}

test("a definition names its window", () => {
  expect(metricDefinition("usage.logins.avg_28d")?.formula).toContain("last 28 covered days");
});
