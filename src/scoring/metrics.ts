import type { AccountHistory, CompanyFacts, Instant, MetricValue, StreamCoverage } from "./history.ts";
import { accountMetrics } from "./metrics/account.ts";
import { viewAccount } from "./metrics/account-view.ts";
import { billingMetrics } from "./metrics/billing.ts";
import { contractMetrics } from "./metrics/contract.ts";
import type { Metric, MetricDefinition } from "./metrics/metric.ts";
import { surveyMetrics } from "./metrics/surveys.ts";
import { ticketMetrics } from "./metrics/tickets.ts";
import { usageAggregates, usageForms, usageMetric, usageWindows } from "./metrics/usage.ts";
import type { RecordKind } from "./records.ts";

/** The metrics to compute, each once. */
export interface MetricPlan {
  readonly metrics: readonly Metric[];
  /** Kinds of record that are looked at beside the metrics. */
  readonly kinds?: readonly RecordKind[];
}

/** A form of metric names: `pattern` is the source of an anchored regular expression that every such name matches. */
export type MetricForm = MetricDefinition & { readonly pattern: string };

const fixed: ReadonlyMap<string, Metric> = new Map(
  [...ticketMetrics, ...surveyMetrics, ...billingMetrics, ...contractMetrics, ...accountMetrics].map((metric) => [
    metric.name,
    metric,
  ]),
);

/** The names of all metrics but those of usage. */
export const fixedMetricNames: readonly string[] = [...fixed.keys()];

/** Every form a metric's name can have, for documents and schemas. */
export const metricForms: readonly MetricForm[] = [
  ...usageForms,
  ...[...fixed.values()].map((metric) => ({ ...describe(metric), pattern: `^${metric.name.replaceAll(".", "\\.")}$` })),
];

/** Sorts names into those that can be computed and faults in words; a name given twice is computed once. */
export function compileMetrics(names: readonly string[]): {
  readonly plan: MetricPlan;
  readonly faults: readonly { readonly name: string; readonly message: string }[];
} {
  const metrics: Metric[] = [];
  const faults: { readonly name: string; readonly message: string }[] = [];
  for (const name of new Set(names)) {
    const metric = findMetric(name);
    if (metric === null) faults.push({ name, message: explainUnknown(name) });
    else metrics.push(metric);
  }
  return { plan: { metrics }, faults };
}

/** Every metric of the plan for one account, from what was known at `now`; each name of the plan has an answer. */
export function computeMetrics(
  plan: MetricPlan,
  history: AccountHistory,
  coverage: StreamCoverage,
  company: CompanyFacts,
  now: Instant,
): ReadonlyMap<string, MetricValue> {
  const view = viewAccount(history, coverage, company, now);
  const values = new Map<string, MetricValue>();
  for (const metric of plan.metrics) values.set(metric.name, metric.compute(view));
  return values;
}

/** What a metric is, in words; null when no metric has that name. */
export function metricDefinition(name: string): MetricDefinition | null {
  const metric = findMetric(name);
  return metric === null ? null : describe(metric);
}

function findMetric(name: string): Metric | null {
  return fixed.get(name) ?? usageMetric(name);
}

function describe({ name, unit, type, source, formula, missing }: Metric): MetricDefinition {
  return { name, unit, type, source, formula, missing };
}

function explainUnknown(name: string): string {
  const family = name.split(".")[0] ?? "";
  if (family === "usage") return explainUsage(name);
  const kin = [...fixed.keys()].filter((known) => known.startsWith(`${family}.`));
  const known = kin.length > 0 ? kin : ["usage.<name>.<sum|avg|…>_<7d|…>", ...fixed.keys()];
  return `"${name}" is not a metric, expected one of ${known.join(", ")}`;
}

function explainUsage(name: string): string {
  const form = `usage.<name>.<${usageAggregates.join("|")}>_<${usageWindows.join("|")}>`;
  const [, usage, rest, ...more] = name.split(".");
  if (rest === undefined || more.length > 0) return `"${name}" is not a metric, expected ${form}`;
  const cut = rest.lastIndexOf("_");
  const aggregate = cut < 0 ? rest : rest.slice(0, cut);
  const window = cut < 0 ? "" : rest.slice(cut + 1);
  if (!usageAggregates.some((one) => one === aggregate)) {
    return `"${name}" is not a metric: met "${aggregate}", expected one of ${usageAggregates.join(", ")}, as in ${form}`;
  }
  if (!usageWindows.some((one) => one === window)) {
    return `"${name}" is not a metric: met the window "${window}", expected one of ${usageWindows.join(", ")}, as in ${form}`;
  }
  return `"${name}" is not a metric: met the usage name "${usage}", expected letters, digits, _ and - only, at most 100`;
}
