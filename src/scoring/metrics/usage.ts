import type { MetricValue } from "../history.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { activeDays, maxOfDays, sumOfDays } from "./usage-series.ts";
import { type UsageWindow, windowOf } from "./usage-window.ts";

export const usageWindows = ["7d", "14d", "28d", "90d"] as const;
export const usageAggregates = ["sum", "avg", "max", "active_days", "trend"] as const;
type Aggregate = (typeof usageAggregates)[number];

/** Thirteen weeks: the days before the window that a trend compares with. */
const trendBaseDays = 91;
/** Below four weeks of comparison a trend says more about the calendar than about the customer. */
const leastBaseDays = 28;
const leastTrendHistory = 56;
/**
 * Use on one day a week. At that rate 28 days expect four uses, and none at all happens by chance in 2 of 100 windows; below it a
 * change cannot be told from chance, so the change is measured against this rate instead.
 */
const leastTrendRate = 1 / 7;

interface AggregateForm {
  readonly unit: string;
  readonly formula: (days: string) => string;
  readonly compute: (window: UsageWindow, unit: string) => MetricValue;
}

const missing =
  "no source delivers the name, or the account began after the last covered day; a day without a row is zero within what is covered";

const forms: Readonly<Record<Aggregate, AggregateForm>> = {
  sum: {
    unit: "count",
    formula: (days) => `total of the last ${days} covered days`,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, sumOfDays(series, from, end), ageDays),
  },
  avg: {
    unit: "per day",
    formula: (days) => `total of the last ${days} covered days since the account began ÷ their number`,
    compute: averageOf,
  },
  max: {
    unit: "per day",
    formula: (days) => `greatest of the last ${days} covered days`,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, maxOfDays(series, from, end), ageDays),
  },
  active_days: {
    unit: "days",
    formula: (days) => `how many of the last ${days} covered days have a value above zero`,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, activeDays(series, from, end), ageDays),
  },
  trend: {
    unit: "ratio",
    formula: (days) =>
      `(a − b) ÷ the greater of b and 1/7, with a = the last ${days} covered days per day, b = the ${trendBaseDays} days before per day`,
    compute: trendOf,
  },
};

const pattern = "usage\\.([A-Za-z0-9][A-Za-z0-9_-]{0,99})\\.(sum|avg|max|active_days|trend)_(7d|14d|28d|90d)";
const matcher = new RegExp(`^${pattern}$`);

/** Every form of a usage metric, for documents and schemas. `pattern` is the source of an anchored regular expression. */
export const usageForms: readonly (MetricDefinition & { readonly pattern: string })[] = usageAggregates.map(
  (aggregate) => ({
    ...definitionOf(`usage.<name>.${aggregate}_<${usageWindows.join("|")}>`, aggregate, "N"),
    pattern: `^${pattern.replace(`(${usageAggregates.join("|")})`, aggregate)}$`,
  }),
);

/** The names of every metric of a usage name. */
export function usageMetricNames(name: string): readonly string[] {
  return usageAggregates.flatMap((aggregate) => usageWindows.map((window) => `usage.${name}.${aggregate}_${window}`));
}

/** The metric of a name such as `usage.logins.avg_28d`, null when it is none. */
export function usageMetric(metric: string): Metric | null {
  const match = matcher.exec(metric);
  const name = match?.[1];
  const aggregate = usageAggregates.find((one) => one === match?.[2]);
  const days = Number.parseInt(match?.[3] ?? "", 10);
  if (name === undefined || aggregate === undefined) return null;
  const { compute, unit } = forms[aggregate];
  const lookbackDays = aggregate === "trend" ? days + trendBaseDays : days;
  return {
    ...definitionOf(metric, aggregate, String(days)),
    compute: (view) => {
      const window = windowOf(view, { name, days, lookbackDays });
      return typeof window === "string" ? noData(unit, window) : compute(window, unit);
    },
  };
}

function definitionOf(name: string, aggregate: Aggregate, days: string): MetricDefinition {
  const { unit, formula } = forms[aggregate];
  const early = `${missing}; fewer than ${leastTrendHistory} days of history (N + ${leastBaseDays} for longer windows)`;
  return {
    name,
    unit,
    type: "number",
    source: "usage",
    formula: formula(days),
    missing: aggregate === "trend" ? early : missing,
  };
}

function averageOf({ series, since, end, ageDays }: UsageWindow, unit: string): MetricValue {
  return measured(unit, sumOfDays(series, since, end) / (end - since + 1), ageDays);
}

function trendOf({ series, days, from, end, ageDays, began }: UsageWindow, unit: string): MetricValue {
  const history = began === null ? 0 : end - began + 1;
  const needed = Math.max(leastTrendHistory, days + leastBaseDays);
  if (began === null || history < needed) {
    return noData(unit, `the account has ${history} days of history, a trend over ${days} days needs ${needed}`);
  }
  const start = Math.max(from - trendBaseDays, began);
  const before = sumOfDays(series, start, from - 1) / (from - start);
  const recent = sumOfDays(series, from, end) / days;
  return measured(unit, (recent - before) / Math.max(before, leastTrendRate), ageDays);
}
