import type { MetricValue } from "../history.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, type MetricDefinition, type MetricNeeds, measured, noData } from "./metric.ts";
import {
  baselineDays,
  baselineOf,
  leastBaseDays,
  leastBaselineWeeks,
  leastTrendHistory,
  trendBaseDays,
  trendOf,
} from "./usage-comparison.ts";
import { activeDays, decayedMean, lastAboveZero, maxOfDays, sumOfDays, valueOn } from "./usage-series.ts";
import { countUsers } from "./usage-users.ts";
import { longestWindowDays, type UsageWindow, usualWindows, windowOf, windowPattern } from "./usage-window.ts";

export const usageAggregates = [
  "sum",
  "avg",
  "max",
  "last",
  "active_days",
  "trend",
  "vs_own_baseline",
  "ewma",
  "users",
] as const;
type Aggregate = (typeof usageAggregates)[number];

/** By then a weight has fallen to a thousandth. */
const mostHalfLives = 10;

interface AggregateForm {
  readonly unit: string;
  readonly formula: (days: string) => string;
  readonly missing: string;
  /** The days of the window, and those looked at before it; both are `days` where left out. */
  readonly windowDays?: (days: number) => number;
  readonly lookbackDays?: (days: number) => number;
  readonly compute: (window: UsageWindow, unit: string, asked: Asked) => MetricValue;
}

interface Asked {
  readonly view: AccountView;
  readonly name: string;
  readonly days: number;
}

const missing = "no source delivers the name, or the account began after the last covered day";

const forms: Readonly<Record<Aggregate, AggregateForm>> = {
  sum: {
    unit: "count",
    formula: (days) => `total of the last ${days} covered days`,
    missing,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, sumOfDays(series, from, end), ageDays),
  },
  avg: {
    unit: "per day",
    formula: (days) => `total of the last ${days} covered days since the account began ÷ their number`,
    missing,
    compute: ({ series, since, end, ageDays }, unit) =>
      measured(unit, sumOfDays(series, since, end) / (end - since + 1), ageDays),
  },
  max: {
    unit: "per day",
    formula: (days) => `greatest of the last ${days} covered days`,
    missing,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, maxOfDays(series, from, end), ageDays),
  },
  last: {
    unit: "per day",
    formula: (days) => `newest value above zero of the last ${days} covered days, as old as its day`,
    missing: `${missing}; no use in the window`,
    compute: ({ series, from, end, ageDays }, unit, { name, days }) => {
      const day = lastAboveZero(series, from, end);
      if (day === null) return noData(unit, `no use of ${name} in the last ${days} covered days`);
      return measured(unit, valueOn(series, day), ageDays + end - day);
    },
  },
  active_days: {
    unit: "days",
    formula: (days) => `how many of the last ${days} covered days have a value above zero`,
    missing,
    compute: ({ series, from, end, ageDays }, unit) => measured(unit, activeDays(series, from, end), ageDays),
  },
  trend: {
    unit: "ratio",
    formula: (days) =>
      `(a − b) ÷ the greater of b and 1/7, with a = the last ${days} covered days per day, b = the ${trendBaseDays} days before per day`,
    missing: `${missing}; fewer than ${leastTrendHistory} days of history (N + ${leastBaseDays} for longer windows)`,
    lookbackDays: (days) => days + trendBaseDays,
    compute: trendOf,
  },
  vs_own_baseline: {
    unit: "sd",
    formula: (days) =>
      `(a − b) ÷ s, with a = the last ${days} covered days per day, b = the whole weeks among the ${baselineDays} days before per day, s = the greatest of the standard deviation of those weeks' means, b ÷ 10 and 1/7`,
    missing: `${missing}; fewer than ${leastBaselineWeeks} weeks of history before the window`,
    lookbackDays: (days) => days + baselineDays,
    compute: baselineOf,
  },
  ewma: {
    unit: "per day",
    formula: (days) =>
      `mean of the covered days since the account began, each weighing 0.5^(its age ÷ ${days}), back to ${mostHalfLives} × ${days} days and ${longestWindowDays} at most`,
    missing,
    windowDays: (days) => Math.min(days * mostHalfLives, longestWindowDays),
    compute: ({ series, since, began, end, ageDays }, unit, { days }) =>
      measured(unit, decayedMean(series, Math.max(since, began ?? since), end, days), ageDays),
  },
  users: {
    unit: "users",
    formula: (days) => `different users on the last ${days} covered days`,
    missing: `${missing}; there is use in the window, and nothing says by whom`,
    compute: (window, unit, { view, name }) => countUsers(window, unit, view, name),
  },
};

const namePattern = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}";
const matcher = new RegExp(`^usage\\.(${namePattern})\\.(${usageAggregates.join("|")})_(${windowPattern})d$`);

/** Every form of a usage metric, for documents and schemas. `pattern` is the source of an anchored regular expression. */
export const usageForms: readonly (MetricDefinition & { readonly pattern: string })[] = usageAggregates.map(
  (aggregate) => ({
    ...definitionOf(`usage.<name>.${aggregate}_<N>d`, aggregate, "N"),
    pattern: `^usage\\.${namePattern}\\.${aggregate}_(${windowPattern})d$`,
  }),
);

/** The names of every metric of a usage name, over the windows people are used to. */
export function usageMetricNames(name: string): readonly string[] {
  return usageAggregates.flatMap((aggregate) => usualWindows.map((days) => `usage.${name}.${aggregate}_${days}d`));
}

/** The metric of a name such as `usage.logins.avg_28d`, null when it is none. */
export function usageMetric(metric: string): Metric | null {
  const match = matcher.exec(metric);
  const name = match?.[1];
  const aggregate = usageAggregates.find((one) => one === match?.[2]);
  const days = Number.parseInt(match?.[3] ?? "", 10);
  if (name === undefined || aggregate === undefined) return null;
  const form = forms[aggregate];
  const windowDays = form.windowDays?.(days) ?? days;
  const lookbackDays = form.lookbackDays?.(days) ?? windowDays;
  const needs: MetricNeeds = {
    usage: [{ name, days: lookbackDays }],
    users: aggregate === "users" ? [{ name, days }] : [],
  };
  return {
    ...definitionOf(metric, aggregate, String(days)),
    needs: () => needs,
    compute: (view) => {
      const window = windowOf(view, { name, days: windowDays, lookbackDays });
      return typeof window === "string"
        ? noData(form.unit, window)
        : form.compute(window, form.unit, { view, name, days });
    },
  };
}

function definitionOf(name: string, aggregate: Aggregate, days: string): MetricDefinition {
  const { unit, formula, missing } = forms[aggregate];
  return { name, unit, type: "number", source: "usage", formula: formula(days), missing };
}
