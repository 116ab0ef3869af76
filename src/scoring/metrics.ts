import { suggestion } from "./fault.ts";
import type { AccountHistory, CompanyFacts, Instant, MetricValue, StreamCoverage } from "./history.ts";
import { accountFieldForm, accountFieldMetric, accountMetrics } from "./metrics/account.ts";
import { viewAccount } from "./metrics/account-view.ts";
import { adoptionForms, adoptionMetric } from "./metrics/adoption.ts";
import { billingMetrics } from "./metrics/billing.ts";
import { contactMetrics } from "./metrics/contacts.ts";
import { contractMetrics } from "./metrics/contract.ts";
import { formulaMetric, operandsOf } from "./metrics/formula.ts";
import { type Metric, type MetricDefinition, valueIn } from "./metrics/metric.ts";
import { opportunityMetrics } from "./metrics/opportunities.ts";
import { pulseMetrics } from "./metrics/pulse.ts";
import { type MetricSettings, plainSettings } from "./metrics/settings.ts";
import { surveyMetrics } from "./metrics/surveys.ts";
import { ticketMetrics } from "./metrics/tickets.ts";
import { touchpointMetrics } from "./metrics/touchpoints.ts";
import { usageAggregates, usageForms, usageMetric } from "./metrics/usage.ts";
import { longestWindowDays } from "./metrics/usage-window.ts";
import type { RecordKind } from "./records.ts";

/** The metrics to compute, each once; an own metric stands behind those it is made of. */
export interface MetricPlan {
  readonly metrics: readonly Metric[];
  readonly settings: MetricSettings;
  /** Kinds of record that are looked at beside the metrics. */
  readonly kinds?: readonly RecordKind[];
}

/** A form of metric names: `pattern` is the source of an anchored regular expression that every such name matches. */
export type MetricForm = MetricDefinition & { readonly pattern: string };

const fixed: ReadonlyMap<string, Metric> = new Map(
  [
    ...ticketMetrics,
    ...surveyMetrics,
    ...billingMetrics,
    ...contractMetrics,
    ...touchpointMetrics,
    ...contactMetrics,
    ...opportunityMetrics,
    ...pulseMetrics,
    ...accountMetrics,
  ].map((metric) => [metric.name, metric]),
);

/** The names of all metrics that have no form: all but those of usage, of adoption, of an account's own fields and of one's own. */
export const fixedMetricNames: readonly string[] = [...fixed.keys()];

const ownPattern = "^custom\\.[a-z0-9]+(-[a-z0-9]+)*$";
const ownMatcher = new RegExp(ownPattern);
const ownDefinition: MetricDefinition = {
  name: "custom.<id>",
  unit: "as metrics.json says",
  type: "number",
  source: "metrics",
  formula: "as metrics.json says",
  missing: "an operand is missing, a divisor is 0, or the result is not a finite number",
};

/** Every form a metric's name can have, for documents and schemas. */
export const metricForms: readonly MetricForm[] = [
  ...usageForms,
  ...adoptionForms,
  accountFieldForm,
  { ...ownDefinition, pattern: ownPattern },
  ...[...fixed.values()].map((metric) => ({ ...describe(metric), pattern: `^${metric.name.replaceAll(".", "\\.")}$` })),
];

/**
 * Sorts names into those that can be computed and faults in words; a name given twice is computed once. What own metrics are made of is
 * computed too.
 */
export function compileMetrics(
  names: readonly string[],
  settings: MetricSettings = plainSettings,
): {
  readonly plan: MetricPlan;
  readonly faults: readonly { readonly name: string; readonly message: string }[];
} {
  const found = new Map<string, Metric>();
  const faults: { readonly name: string; readonly message: string }[] = [];
  for (const name of new Set(names)) {
    if (planMetric(name, settings, found) === null) faults.push({ name, message: explainUnknown(name, settings) });
  }
  return { plan: { metrics: [...found.values()], settings }, faults };
}

/** Every metric of the plan for one account, from what was known at `now`; each name of the plan has an answer. */
export function computeMetrics(
  plan: MetricPlan,
  history: AccountHistory,
  coverage: StreamCoverage,
  company: CompanyFacts,
  now: Instant,
): ReadonlyMap<string, MetricValue> {
  const view = viewAccount(history, coverage, { company, settings: plan.settings }, now);
  for (const metric of plan.metrics) valueIn(view, metric);
  return view.memo.values;
}

/** What a metric is, in words; null when no metric has that name. Whether an own metric exists only `metrics.json` knows. */
export function metricDefinition(name: string): MetricDefinition | null {
  if (ownMatcher.test(name)) return { ...ownDefinition, name };
  const metric = findMetric(name);
  return metric === null ? null : describe(metric);
}

/** Those of `names` that are metrics of one's own. */
export function customAmong(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].filter((name) => ownMatcher.test(name));
}

/** Puts the metric and all it is made of into `found`, what is needed before what needs it; null when there is no such metric. */
function planMetric(name: string, settings: MetricSettings, found: Map<string, Metric>): Metric | null {
  const known = found.get(name);
  if (known !== undefined) return known;
  const own = settings.formulas.get(name);
  if (own === undefined) {
    const metric = findMetric(name);
    if (metric !== null) found.set(name, metric);
    return metric;
  }
  const operands = new Map<string, Metric>();
  for (const operand of operandsOf(own.formula)) {
    const metric = planMetric(operand, settings, found);
    if (metric === null) return null;
    operands.set(operand, metric);
  }
  const metric = formulaMetric(own, operands);
  found.set(name, metric);
  return metric;
}

function findMetric(name: string): Metric | null {
  return fixed.get(name) ?? usageMetric(name) ?? adoptionMetric(name) ?? accountFieldMetric(name);
}

function describe({ name, unit, type, source, formula, missing }: Metric): MetricDefinition {
  return { name, unit, type, source, formula, missing };
}

function explainUnknown(name: string, settings: MetricSettings): string {
  const family = name.split(".")[0] ?? "";
  if (family === "usage") return explainUsage(name);
  if (family === "adoption") return `"${name}" is not a metric, expected ${formNames(adoptionForms)}, ${windowWords}`;
  if (family === "custom") {
    return `"${name}" is not a metric: metrics.json has none of that name${suggestion(name, settings.formulas.keys())}`;
  }
  const kin = [...fixed.keys()].filter((known) => known.startsWith(`${family}.`));
  const known = kin.length > 0 ? kin : [usageForm, ...adoptionForms.map((form) => form.name), ...fixed.keys()];
  return `"${name}" is not a metric, expected one of ${known.join(", ")}`;
}

const usageForm = `usage.<name>.<${usageAggregates.join("|")}>_<N>d`;
const windowWords = `with N from 1 to ${longestWindowDays}`;

function formNames(forms: readonly MetricForm[]): string {
  return forms.map(({ name }) => name).join(" or ");
}

function explainUsage(name: string): string {
  const [, usage, rest, ...more] = name.split(".");
  if (rest === undefined || more.length > 0) return `"${name}" is not a metric, expected ${usageForm}`;
  const cut = rest.lastIndexOf("_");
  const aggregate = cut < 0 ? rest : rest.slice(0, cut);
  const window = cut < 0 ? "" : rest.slice(cut + 1);
  if (!usageAggregates.some((one) => one === aggregate)) {
    return `"${name}" is not a metric: met "${aggregate}", expected one of ${usageAggregates.join(", ")}, as in ${usageForm}`;
  }
  if (usageMetric(`usage.any.${rest}`) === null) {
    return `"${name}" is not a metric: met the window "${window}", expected whole days from 1d to ${longestWindowDays}d, as in ${usageForm}`;
  }
  return `"${name}" is not a metric: met the usage name "${usage}", expected letters, digits, _ and - only, at most 100`;
}
