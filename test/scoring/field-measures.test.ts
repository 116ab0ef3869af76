import { describe, expect, test } from "vitest";
import { scoreAccount } from "../../src/scoring/account-score.ts";
import { compileCondition } from "../../src/scoring/conditions.ts";
import { factCatalogue, metricsAmong } from "../../src/scoring/fact-catalogue.ts";
import { factsOf } from "../../src/scoring/facts.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { compileHealthModel } from "../../src/scoring/health-model.ts";
import { compileMetrics } from "../../src/scoring/metrics.ts";
import type { FieldsOf } from "../../src/scoring/records.ts";
import { at, change, company, coverage, history } from "./build-history.ts";

const now = at("2025-03-15T12:00:00Z");
const tiers = { gold: 100, silver: 60 };
const line = [
  [0, 0],
  [10, 100],
];

function document(measure: object): unknown {
  return {
    id: "default",
    name: "Fields",
    bands: [{ id: "red", from: 0 }],
    groups: [{ id: "fit", weight: 1, measures: [{ id: "tier", weight: 1, ...measure }] }],
  };
}

function score(measure: object, account: FieldsOf<"account">, others: Parameters<typeof history>[0]["changes"] = []) {
  const compiled = compileHealthModel(document(measure), 1);
  if ("faults" in compiled) throw new Error(compiled.faults.map(faultText).join("\n"));
  const { plan } = compileMetrics(compiled.model.metricNames);
  const scorer = { models: [compiled.model], plan, company: company(), lifecycle: null };
  const known = {
    history: history({ account: { name: "Acme", ...account }, changes: others }),
    coverage: coverage({ kinds: { subscription: ["2025-03-14"] } }),
    memory: null,
    children: [],
  };
  return scoreAccount(scorer, known, now).health;
}

describe("an account's own field is measured", () => {
  test.each([
    { what: "by a table of texts", curve: tiers, tier: "silver", points: 60 },
    { what: "by a line", curve: line, tier: 4, points: 40 },
    { what: "by a table that names numbers", curve: { 1: 20, 2: 80 }, tier: 2, points: 80 },
    { what: "by a table of yes and no", curve: { true: 90, false: 10 }, tier: true, points: 90 },
  ])("$what", ({ curve, tier, points }) => {
    const health = score({ metric: "account.fields.tier", curve }, { fields: { tier } });
    expect(health.score).toBe(points);
  });

  test("not where the curve has no points for what it says", () => {
    const [driver] = score({ metric: "account.fields.tier", curve: line }, { fields: { tier: "gold" } }).drivers;
    expect(driver).toMatchObject({ state: "no-data", points: null, reason: 'the curve has no points for "gold"' });
  });
});

test("a contract that does not renew by itself has the points of its word", () => {
  const changes = [change("subscription", 2, "2024-06-01", { autoRenew: false })];
  const measure = { metric: "contract.auto_renew", curve: { yes: 100, no: 30 } };
  expect(score(measure, {}, changes).score).toBe(30);
});

test("a text is not measured by a line, nor divided", () => {
  const faults = (measure: object) => {
    const compiled = compileHealthModel(document(measure));
    return "faults" in compiled ? compiled.faults.map(({ path }) => path) : [];
  };
  expect(faults({ metric: "contract.plan", curve: line })).toEqual(["groups[0].measures[0].curve"]);
  expect(faults({ metric: "tickets.open", per: "contract.plan", curve: line })).toEqual(["groups[0].measures[0].per"]);
});

test("a field that a model measures is still the fact it is: a yes stays a yes", () => {
  const fields = { key: "acme", fields: { pilot: true, tier: "gold" } };
  const measured = new Map([
    ["account.fields.pilot", { value: "true", unit: "as given", ageDays: 0, state: "value" as const }],
  ]);
  expect(factsOf(fields, measured, null).get("account.fields.pilot")).toBe(true);
  expect(metricsAmong(["account.fields.pilot", "account.industry", "contract.plan"])).toEqual(["contract.plan"]);
});

test("conditions name texts that are measured", () => {
  const compiled = compileCondition({ fact: "contract.notice_given", is: "yes" }, factCatalogue, "when");
  expect("faults" in compiled ? compiled.faults : []).toEqual([]);
});
