import type { Facts } from "../../src/scoring/facts.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { type HealthInput, type ScoredHealth, scoreHealth } from "../../src/scoring/health.ts";
import { compileHealthModel, type HealthModel } from "../../src/scoring/health-model.ts";
import type { HeldMetrics } from "../../src/scoring/held-metrics.ts";
import type { Driver, MetricValue } from "../../src/scoring/history.ts";

/** When scores are computed unless a test says otherwise. */
export const now = Date.UTC(2025, 2, 10, 6);
const nobody: Facts = new Map();

/** A metric's value. */
export const value = (number: number, ageDays = 0): MetricValue => ({
  value: number,
  unit: "x",
  ageDays,
  state: "value",
});
export const noData: MetricValue = {
  value: null,
  unit: "x",
  ageDays: null,
  state: "no-data",
  reason: "no answer yet",
};
export const notApplicable: MetricValue = {
  value: null,
  unit: "x",
  ageDays: null,
  state: "not-applicable",
  reason: "no contract",
};

/** Points equal the value, from 0 to 100. */
const straight = [
  [0, 0],
  [100, 100],
];

/** Four metrics by short names. */
export const names = { a: "nps.latest", b: "csat.avg_90d", c: "tickets.open", d: "billing.mrr" } as const;
export type Letter = keyof typeof names;

/** A model's groups, each its weight, its measures, and in `combine` how they are combined; everything else as in the document. */
export interface Draft {
  readonly groups: readonly (readonly [weight: number, ...measures: readonly (readonly [Letter, number, object?])[]])[];
  readonly combine?: readonly ("mean" | "worst")[];
  readonly [key: string]: unknown;
}

/** A compiled model of straight curves. */
export function model({ groups, combine, ...rest }: Draft, revision = 0): HealthModel {
  const result = compileHealthModel(
    {
      id: "default",
      name: "Default",
      bands: [
        { id: "red", from: 0 },
        { id: "yellow", from: 40 },
        { id: "green", from: 70 },
      ],
      minimumCoverage: 0,
      groups: groups.map(([weight, ...measures], index) => ({
        id: `g${index}`,
        weight,
        ...(combine !== undefined && { combine: combine[index] ?? "mean" }),
        measures: measures.map(([letter, own, more]) => ({
          id: letter,
          metric: names[letter],
          weight: own,
          curve: straight,
          ...more,
        })),
      })),
      ...rest,
    },
    revision,
  );
  if ("faults" in result) throw new Error(result.faults.map(faultText).join("\n"));
  return result.model;
}

/** Metrics by their short names. */
export function metrics(
  values: Partial<Record<Letter | "seats" | "overdue", MetricValue>>,
): ReadonlyMap<string, MetricValue> {
  const all: Readonly<Record<string, string>> = { ...names, seats: "contract.seats", overdue: "billing.overdue_days" };
  return new Map(Object.entries(values).map(([letter, metric]) => [all[letter] ?? letter, metric]));
}

/** What an account without children, overrides or outages is scored by. */
export function input(
  values: HealthInput["metrics"],
  memory: HealthInput["memory"] = null,
  more: Partial<HealthInput> = {},
): HealthInput {
  return {
    metrics: values,
    accountFacts: nobody,
    memory,
    override: null,
    children: [],
    held: null,
    historyDays: 365,
    ...more,
  };
}

/** The first score of an account with these metrics. */
export function score(
  of: HealthModel,
  values: Parameters<typeof metrics>[0],
  more: Partial<HealthInput> = {},
): ScoredHealth {
  return scoreHealth(of, input(metrics(values), null, more), now);
}

/** The driver of a measure. */
export const driver = (health: ScoredHealth, measure: string): Driver | undefined =>
  health.drivers.find((one) => one.measure === measure);

/** What all drivers contribute, in tenths. */
export const sumOfTenths = (drivers: readonly Driver[]): number =>
  drivers.reduce((sum, { contribution }) => sum + Math.round(contribution * 10), 0);

/** Sources of these metrics fail since a moment, until which they said this. */
export function heldAt(values: Parameters<typeof metrics>[0], beganAt: number): HeldMetrics {
  const before = metrics(values);
  return {
    beganAt: (metric, per) => (before.has(metric) || (per !== null && before.has(per)) ? beganAt : null),
    valuesAt: () => before,
    dayOf: (moment) => new Date(moment).toISOString().slice(0, 10),
    daysSince: (moment) => Math.floor(now / 86_400_000) - Math.floor(moment / 86_400_000),
  };
}
