import { formatDay } from "../days.ts";
import type { CoverageStatement, DayNumber, Instant, MetricValue, StreamCoverage, UsageSeries } from "../history.ts";
import { type AccountView, firstDayOf, usageOf } from "./account-view.ts";
import { type Metric, type MetricDefinition, type MetricNeeds, measured, noData, notApplicable } from "./metric.ts";
import type { MetricSettings } from "./settings.ts";
import { lastAboveZero } from "./usage-series.ts";
import { longestSilenceDays, usualWindows, windowPattern } from "./usage-window.ts";
import { watermarkAsOf } from "./watermark.ts";

const adoptionKinds = ["breadth", "features"] as const;
type AdoptionKind = (typeof adoptionKinds)[number];

const units: Readonly<Record<AdoptionKind, string>> = { breadth: "share", features: "count" };
const unlisted = "no features are listed in metrics.json";
const matcher = new RegExp(`^adoption\\.(${adoptionKinds.join("|")})_(${windowPattern})d$`);

/** Every form of a metric of adoption. */
export const adoptionForms: readonly (MetricDefinition & { readonly pattern: string })[] = adoptionKinds.map(
  (kind) => ({
    ...definitionOf(`adoption.${kind}_<N>d`, kind, "N"),
    pattern: `^adoption\\.${kind}_(${windowPattern})d$`,
  }),
);

/** The names of its metrics, over the windows people are used to. */
export const adoptionMetricNames: readonly string[] = adoptionKinds.flatMap((kind) =>
  usualWindows.map((days) => `adoption.${kind}_${days}d`),
);

/** The metric of a name such as `adoption.breadth_28d`, null when it is none. */
export function adoptionMetric(name: string): Metric | null {
  const match = matcher.exec(name);
  const kind = adoptionKinds.find((one) => one === match?.[1]);
  const days = Number.parseInt(match?.[2] ?? "", 10);
  if (kind === undefined) return null;
  return {
    ...definitionOf(name, kind, String(days)),
    needs: (settings) => adoptionNeeds(kind, days, settings),
    compute: (view) => {
      if (view.settings.features.length > 0) return amongFeatures(view, kind, days);
      return kind === "breadth" ? notApplicable(units.breadth, unlisted) : amongAll(view, days);
    },
  };
}

function definitionOf(name: string, kind: AdoptionKind, days: string): MetricDefinition {
  const common = { name, unit: units[kind], type: "number", source: "usage" } as const;
  const used = `features with a value above zero on any of the last ${days} covered days`;
  const undelivered = "no source delivers any of them, or the account began after the last covered day";
  if (kind === "features") {
    const formula = `${used}; where metrics.json lists no features, every usage name counts as one`;
    return { ...common, formula, missing: undelivered };
  }
  const missing = `${undelivered}; not applicable where metrics.json lists no features`;
  return { ...common, formula: `${used} ÷ features listed in metrics.json`, missing };
}

function adoptionNeeds(kind: AdoptionKind, days: number, { features }: MetricSettings): MetricNeeds {
  if (features.length > 0) return { usage: features.map((name) => ({ name, days })) };
  return kind === "breadth" ? {} : { everyUsageDays: days };
}

/** Each feature up to the day its own source covers; one whose use has never come in is one that nobody uses. */
function amongFeatures(view: AccountView, kind: AdoptionKind, days: number): MetricValue {
  const { features } = view.settings;
  const marks = features.map((name) => markOf(view, name));
  const unstated = newestUse(
    seriesOf(
      view,
      features.filter((_, index) => marks[index] === null),
    ),
    view,
  );
  let used = 0;
  let oldest: DayNumber | null = null;
  for (const [index, name] of features.entries()) {
    const end = marks[index] ?? unstated;
    if (end === null) continue;
    oldest = Math.min(oldest ?? end, end);
    const series = usageOf(view, name);
    if (series !== null && lastAboveZero(series, end - days + 1, end) !== null) used += 1;
  }
  return answer(view, kind, { used, end: oldest });
}

/**
 * Every usage name in one window, which ends with the newest day that is covered for any of them: of thousands of names some belong to
 * sources that were given up, and their last days say nothing of today.
 */
function amongAll(view: AccountView, days: number): MetricValue {
  const all = seriesOf(view, view.history.usage.keys());
  const end = newestCoveredDay(view.coverage, view.lastDay, view.now) ?? newestUse(all, view);
  let used = 0;
  for (const series of all) if (end !== null && lastAboveZero(series, end - days + 1, end) !== null) used += 1;
  return answer(view, "features", { used, end });
}

function answer(
  view: AccountView,
  kind: AdoptionKind,
  { used, end }: { readonly used: number; readonly end: DayNumber | null },
): MetricValue {
  const unit = units[kind];
  if (end === null) return noData(unit, "no source delivers usage of any feature");
  const began = firstDayOf(view);
  // Use before the account's record says that it was there already.
  if (began.day !== null && began.day > end && (began.isStated || used === 0)) {
    const reason = `the account began on ${formatDay(began.day)}, after the last covered day, ${formatDay(end)}`;
    return noData(unit, reason);
  }
  return measured(unit, kind === "features" ? used : used / view.settings.features.length, view.lastDay - end);
}

function markOf(view: AccountView, name: string): DayNumber | null {
  const statements = view.coverage.usageNames.get(name);
  return statements === undefined ? null : watermarkAsOf(statements, view.lastDay, view.now);
}

function seriesOf(view: AccountView, names: Iterable<string>): readonly UsageSeries[] {
  const found: UsageSeries[] = [];
  for (const name of names) {
    const series = usageOf(view, name);
    if (series !== null) found.push(series);
  }
  return found;
}

/** Where nobody says what is covered, silence reads as old: the window ends with the last use. */
function newestUse(all: readonly UsageSeries[], view: AccountView): DayNumber | null {
  let newest: DayNumber | null = null;
  for (const series of all) {
    const day = lastAboveZero(series, view.lastDay - longestSilenceDays, view.lastDay);
    if (day !== null && (newest === null || day > newest)) newest = day;
  }
  return newest;
}

/** Names of one stream share its statements: a few lists, however many names there are. */
const statementsOf = new WeakMap<StreamCoverage, readonly (readonly CoverageStatement[])[]>();

/** The last day covered for any usage name, not after `lastDay`; null when no stream of usage has stated one. */
export function newestCoveredDay(coverage: StreamCoverage, lastDay: DayNumber, now: Instant): DayNumber | null {
  let lists = statementsOf.get(coverage);
  if (lists === undefined) {
    lists = [...new Set(coverage.usageNames.values())];
    statementsOf.set(coverage, lists);
  }
  let newest: DayNumber | null = null;
  for (const statements of lists) {
    const mark = watermarkAsOf(statements, lastDay, now);
    if (mark !== null && (newest === null || mark > newest)) newest = mark;
  }
  return newest;
}
