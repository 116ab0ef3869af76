import { expect, test } from "vitest";
import type { Driver, MetricValue } from "../../src/scoring/history.ts";
import { packDrivers, packMetrics, unpackDrivers, unpackMetrics } from "../../src/store/scores/packing.ts";

const metrics: Record<string, MetricValue> = {
  "billing.mrr": { value: 1200.5, unit: "EUR", ageDays: 0, state: "value" },
  "contract.seats": { value: 0, unit: "seats", ageDays: 3, state: "value", reason: "told by a hand" },
  "nps.latest": { value: 9, unit: "points", ageDays: 200, state: "stale", reason: "as of 200 days ago" },
  "csat.avg_90d": { value: null, unit: "points", ageDays: null, state: "no-data", reason: 'no "survey"\nyet' },
  "tickets.open": { value: null, unit: "count", ageDays: null, state: "not-applicable" },
};

const rest = { points: 40, weight: 0.25, contribution: 10 };
const drivers: Driver[] = [
  ...Object.entries(metrics).map(([metric, value]) => ({ group: "all", measure: metric, metric, ...value, ...rest })),
  {
    group: "all",
    measure: "ratio",
    metric: "billing.mrr",
    value: 1.5,
    unit: "EUR per seats",
    ageDays: 0,
    state: "value",
    ...rest,
  },
  {
    ...{
      group: "all",
      measure: "aged",
      metric: "billing.mrr",
      value: 1200.5,
      unit: "EUR",
      ageDays: 0,
      state: "stale" as const,
    },
    ...{ reason: "too old", points: null, weight: 0, contribution: 0 },
  },
  {
    group: "caps",
    measure: "cap-1",
    metric: "account.tier",
    value: "gold",
    unit: "",
    ageDays: null,
    state: "value",
    ...rest,
  },
];

test("what is kept of a score reads back as it was", () => {
  const kept = JSON.parse(packMetrics(metrics));
  expect(unpackMetrics(kept)).toEqual(metrics);
  expect(unpackDrivers(JSON.parse(packDrivers(drivers, metrics)), kept)).toEqual(drivers);
});

test("a driver that shows its metric as it is keeps no copy of it", () => {
  const [plain, , , , , ratio] = JSON.parse(packDrivers(drivers, metrics));
  expect(plain).toEqual(["all", "billing.mrr", "billing.mrr", 40, 0.25, 10]);
  expect(ratio).toEqual(["all", "ratio", "billing.mrr", 40, 0.25, 10, [1.5, "EUR per seats", 0]]);
});

test("what is kept has no line breaks, which stand between the rows when they are written", () => {
  expect(packMetrics(metrics) + packDrivers(drivers, metrics)).not.toContain("\n");
});
