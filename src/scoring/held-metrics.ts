import { dayOfInstant, formatDay } from "./days.ts";
import type { HealthModel } from "./health-model.ts";
import type {
  AccountHistory,
  CompanyFacts,
  DayNumber,
  Instant,
  MetricValue,
  Outage,
  Outages,
  StreamCoverage,
} from "./history.ts";
import { type Metric, needsOf } from "./metrics/metric.ts";
import { computeMetrics, type MetricPlan } from "./metrics.ts";

/** What one account's metrics said before their sources failed; what is asked for is worked out when it is asked for. */
export interface HeldMetrics {
  /** When the source of a metric, or of the one it is divided by, began to fail; null while both deliver. */
  beganAt(metric: string, per: string | null): Instant | null;
  /** These metrics as of that moment. */
  valuesAt(metric: string, per: string | null, beganAt: Instant): ReadonlyMap<string, MetricValue>;
  /** The local day of the moment, as `YYYY-MM-DD`. */
  dayOf(beganAt: Instant): string;
  /** Whole local days from that moment until now. */
  daysSince(beganAt: Instant): number;
}

/** What of an account is looked at when its sources fail. */
export interface HeldInput {
  readonly plan: MetricPlan;
  readonly history: AccountHistory;
  readonly coverage: StreamCoverage;
  readonly company: CompanyFacts;
  /** The account's own, else the company's. */
  readonly zone: string;
  /** The account's local day. */
  readonly today: DayNumber;
}

interface MetricOutages {
  readonly metric: Metric;
  readonly outages: readonly Outage[];
}

interface Failing {
  readonly now: Instant;
  /** By the metric's name. */
  readonly began: ReadonlyMap<string, Instant>;
}

/** Outages belong to streams, not to accounts: one look at them serves every account of a pass. */
const outagesOf = new WeakMap<Outages, WeakMap<MetricPlan, readonly MetricOutages[]>>();
const neverFailing: Failing = { now: 0, began: new Map() };
const failingOf = new WeakMap<readonly MetricOutages[], Failing>();

/** Null while no source of the plan's metrics fails, which costs nothing to learn. */
export function heldMetrics(input: HeldInput, now: Instant): HeldMetrics | null {
  const { plan, history, coverage, company, zone, today } = input;
  const { began } = failingAt(coverage, plan, now);
  if (began.size === 0) return null;
  return {
    beganAt: (metric, per) => earliest(began.get(metric), per === null ? undefined : began.get(per)),
    valuesAt: (metric, per, beganAt) => {
      const metrics = plan.metrics.filter(({ name }) => name === metric || name === per);
      return computeMetrics({ ...plan, metrics }, history, coverage, company, beganAt);
    },
    dayOf: (beganAt) => formatDay(dayOfInstant(zone, beganAt)),
    daysSince: (beganAt) => today - dayOfInstant(zone, beganAt),
  };
}

/**
 * The earliest beginning of an outage that measures are still held for at `now`; null where there is none. What metrics need must then
 * be loaded as of that moment too, late and corrected values included: see `scoringScope`.
 */
export function outageBegan(
  scorer: { readonly models: readonly HealthModel[]; readonly plan: MetricPlan },
  coverage: StreamCoverage,
  now: Instant,
): Instant | null {
  const longestMs = Math.max(0, ...scorer.models.flatMap(({ measures }) => measures.map((one) => one.holdForMs)));
  let first: Instant | null = null;
  for (const beganAt of failingAt(coverage, scorer.plan, now).began.values()) {
    if (now < beganAt + longestMs) first = Math.min(first ?? beganAt, beganAt);
  }
  return first;
}

/**
 * The metrics of which nobody knows what they are now, with why, in words: their source fails, or it was whole again only after `scoredAt`,
 * so that no score knows yet what it delivered.
 */
export function failingMetrics(
  plan: MetricPlan,
  outages: Outages,
  { scoredAt, zone }: { readonly scoredAt: Instant; readonly zone: string },
  now: Instant,
): ReadonlyMap<string, string> {
  const failing = new Map<string, string>();
  for (const { metric, outages: ofMetric } of planOutages(outages, plan)) {
    const open = ofMetric.find((one) => one.beganAt <= now && (one.endedAt === null || one.endedAt > scoredAt));
    if (open === undefined) continue;
    const day = formatDay(dayOfInstant(zone, open.beganAt));
    failing.set(metric.name, `held: ${open.words ?? "its source fails"} since ${day}`);
  }
  return failing;
}

function failingAt(coverage: StreamCoverage, plan: MetricPlan, now: Instant): Failing {
  const outages = planOutages(coverage, plan);
  if (outages.length === 0) return neverFailing;
  const known = failingOf.get(outages);
  if (known?.now === now) return known;
  const failing = { now, began: new Map<string, Instant>() };
  for (const { metric, outages: ofMetric } of outages) {
    const open = ofMetric.filter(({ beganAt, endedAt }) => beganAt <= now && (endedAt === null || now < endedAt));
    if (open.length > 0) failing.began.set(metric.name, Math.min(...open.map(({ beganAt }) => beganAt)));
  }
  failingOf.set(outages, failing);
  return failing;
}

/** Those metrics of the plan whose sources ever failed. */
function planOutages(coverage: Outages, plan: MetricPlan): readonly MetricOutages[] {
  let plans = outagesOf.get(coverage);
  if (plans === undefined) {
    plans = new WeakMap();
    outagesOf.set(coverage, plans);
  }
  const known = plans.get(plan);
  if (known !== undefined) return known;
  const found = plan.metrics
    .map((metric) => ({ metric, outages: sourceOutages(metric, plan, coverage) }))
    .filter(({ outages }) => outages.length > 0);
  plans.set(plan, found);
  return found;
}

/** The outages of every stream a metric rests on. */
function sourceOutages(metric: Metric, plan: MetricPlan, coverage: Outages): readonly Outage[] {
  const { kinds = [], usage = [], users = [], everyUsageDays } = needsOf(metric, plan.settings);
  const ofKinds = new Map<string, readonly Outage[]>(coverage.kindOutages);
  const names = new Set([...usage, ...users].map(({ name }) => name));
  return [
    ...kinds.flatMap((kind) => ofKinds.get(kind) ?? []),
    ...[...names].flatMap((name) => coverage.usageOutages.get(name) ?? []),
    ...(everyUsageDays === undefined ? [] : (coverage.kindOutages.get("usage") ?? [])),
  ];
}

function earliest(one: Instant | undefined, other: Instant | undefined): Instant | null {
  if (one === undefined || other === undefined) return one ?? other ?? null;
  return Math.min(one, other);
}
