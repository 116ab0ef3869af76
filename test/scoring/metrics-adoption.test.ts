import { describe, expect, test } from "vitest";
import type { AccountHistory, MetricValue, StreamCoverage } from "../../src/scoring/history.ts";
import { historyScope } from "../../src/scoring/history-scope.ts";
import { plainSettings } from "../../src/scoring/metrics/settings.ts";
import { compileMetrics, computeMetrics } from "../../src/scoring/metrics.ts";
import { at, change, company, coverage, history, series, statement } from "./build-history.ts";

/** A Saturday noon; the last complete day is Friday the 14th. */
const now = at("2025-03-15T12:00:00Z");
const day = (text: string) => Date.parse(text) / 86_400_000;
const everywhere = ["2025-03-14"];
const covered = coverage({ usage: { logins: everywhere, exports: everywhere, reports: everywhere } });

interface Asked {
  readonly features?: readonly string[];
  readonly streams?: StreamCoverage;
}

function metric(name: string, account: AccountHistory, { features = [], streams = covered }: Asked = {}): MetricValue {
  const { plan, faults } = compileMetrics([name], { ...plainSettings, features });
  expect(faults).toEqual([]);
  const value = computeMetrics(plan, account, streams, company(), now).get(name);
  if (value === undefined) throw new Error(`no answer for ${name}`);
  return value;
}

const account = history({
  account: { beganOn: "2024-01-01" },
  usage: {
    logins: series("2025-03-01", Array(14).fill(1)),
    // The 8th is the first of seven days.
    exports: series("2025-03-08", [2]),
    reports: series("2025-03-07", [2, 0, 0, 0, 0, 0, 0, 0, 9]),
  },
});

describe("features listed in metrics.json", () => {
  const features = ["logins", "exports", "reports", "invites"];

  test.each([
    { name: "adoption.features_7d", value: 2, unit: "count" },
    { name: "adoption.breadth_7d", value: 0.5, unit: "share" },
    { name: "adoption.features_8d", value: 3, unit: "count" },
    { name: "adoption.breadth_8d", value: 0.75, unit: "share" },
    { name: "adoption.breadth_400d", value: 0.75, unit: "share" },
    { name: "adoption.breadth_1d", value: 0.25, unit: "share" },
  ])("$name counts those used on complete days of the window", ({ name, value, unit }) => {
    expect(metric(name, account, { features })).toEqual({ value, unit, ageDays: 0, state: "value" });
  });

  test("not listed do not count", () => {
    expect(metric("adoption.breadth_7d", account, { features: ["invites", "exports"] }).value).toBe(0.5);
  });

  test("are looked at up to the day their own source covers, and are as old as the oldest", () => {
    const streams = coverage({ usage: { logins: everywhere, exports: ["2025-03-09"], reports: everywhere } });
    expect(metric("adoption.features_2d", account, { features, streams })).toMatchObject({ value: 2, ageDays: 5 });
  });

  test("whose source states no coverage are looked at up to the last use of any of them", () => {
    const streams = coverage({ usage: { logins: ["2025-03-14"] } });
    const silent = history({
      account: { beganOn: "2024-01-01" },
      usage: {
        logins: series("2025-03-01", [1]),
        exports: series("2025-03-08", [2]),
        reports: series("2025-03-01", [2]),
      },
    });
    expect(metric("adoption.features_7d", silent, { features, streams })).toMatchObject({ value: 1, ageDays: 6 });
    expect(metric("adoption.features_8d", silent, { features, streams })).toMatchObject({ value: 2, ageDays: 6 });
  });

  test("that nobody uses are none, within what is covered", () => {
    const silent = history({ account: { beganOn: "2024-01-01" } });
    expect(metric("adoption.breadth_28d", silent, { features })).toMatchObject({ value: 0, state: "value" });
  });

  test("that no source delivers are not known", () => {
    expect(metric("adoption.breadth_28d", account, { features: ["invites"] })).toMatchObject({
      state: "no-data",
      reason: "no source delivers usage of any feature",
    });
  });

  test("of an account that began after the last covered day are not known", () => {
    const young = history({ account: { beganOn: "2025-03-15" }, usage: { logins: series("2025-03-15", [1]) } });
    expect(metric("adoption.breadth_28d", young, { features })).toMatchObject({
      state: "no-data",
      reason: "the account began on 2025-03-15, after the last covered day, 2025-03-14",
    });
    const record = change("account", 1, "2025-03-15T08:00:00Z", { name: "Acme" });
    const older = history({ changes: [record], usage: { logins: series("2025-03-10", [1]) } });
    expect(metric("adoption.features_28d", older, { features }).value).toBe(1);
    expect(metric("adoption.features_2d", older, { features }).state).toBe("no-data");
  });

  test("are all that is loaded for them", () => {
    const { plan } = compileMetrics(["adoption.breadth_28d"], { ...plainSettings, features });
    expect(historyScope(plan, covered, now).usageNames).toEqual(features);
  });
});

describe("without a list of features", () => {
  test("every usage name is one, and a share of them is none", () => {
    expect(metric("adoption.features_7d", account)).toEqual({ value: 2, unit: "count", ageDays: 0, state: "value" });
    expect(metric("adoption.features_8d", account)).toMatchObject({ value: 3 });
    expect(metric("adoption.breadth_7d", account)).toMatchObject({
      state: "not-applicable",
      reason: "no features are listed in metrics.json",
    });
  });

  test("all end with the newest covered day: names of a source given up do not count for ever", () => {
    const streams = coverage({ usage: { logins: ["2025-03-13"], exports: ["2024-06-01"] } });
    const former = history({
      account: { beganOn: "2024-01-01" },
      usage: { logins: series("2025-03-13", [1]), exports: series("2024-05-30", [1, 1, 1]) },
    });
    expect(metric("adoption.features_28d", former, { streams })).toMatchObject({ value: 1, ageDays: 1 });
  });

  test("nor coverage all end with the last use", () => {
    expect(metric("adoption.features_7d", account, { streams: coverage({}) })).toMatchObject({ value: 2, ageDays: 0 });
    const silent = history({ account: { beganOn: "2024-01-01" } });
    expect(metric("adoption.features_7d", silent, { streams: coverage({}) }).state).toBe("no-data");
  });

  test("every name an account has is loaded, as far back as the window needs", () => {
    const { plan } = compileMetrics(["adoption.features_90d", "adoption.features_7d"]);
    const scope = historyScope(plan, covered, now);
    expect(scope.usageNames).toBe("all");
    expect(scope.fromDay).toBeLessThanOrEqual(day("2025-03-14") - 90);
    expect(scope.fromDay).toBeGreaterThan(day("2025-03-14") - 100);
    const later = coverage({ usage: { logins: [statement("2025-03-14", "2025-03-20")] } });
    expect(historyScope(plan, later, now).fromDay).toBeLessThanOrEqual(day("2025-03-15") - 490);
    expect(historyScope(compileMetrics(["adoption.breadth_90d"]).plan, covered, now).usageNames).toEqual([]);
  });

  test("30,000 names are counted in one go", () => {
    const usage = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, index) => [`feature-${index}`, series("2025-03-10", [index % 3])]),
    );
    const huge = history({ account: { beganOn: "2024-01-01" }, usage });
    const streams = {
      ...covered,
      usageNames: new Map(Object.keys(usage).map((name) => [name, covered.usageNames.get("logins") ?? []])),
    };
    expect(metric("adoption.features_28d", huge, { streams }).value).toBe(20_000);
  });
});
