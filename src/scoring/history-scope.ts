import type { DayNumber, Instant, StreamCoverage } from "./history.ts";
import { newestCoveredDay } from "./metrics/adoption.ts";
import { needsOf, type UsageNeed } from "./metrics/metric.ts";
import { longestSilenceDays } from "./metrics/usage-window.ts";
import { watermarkAsOf } from "./metrics/watermark.ts";
import type { MetricPlan } from "./metrics.ts";
import type { RecordKind } from "./records.ts";

/** The part of an account's history that a plan of metrics looks at. */
export interface HistoryScope {
  readonly kinds: readonly RecordKind[];
  /** `all`: every name the account has. */
  readonly usageNames: readonly string[] | "all";
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  /** Of these names also who used them; left out where users are not counted. */
  readonly users?: { readonly names: readonly string[]; readonly fromDay: DayNumber } | undefined;
}

const dayMs = 86_400_000;
/** Local days begin up to 14 hours before and 12 after the UTC day: one day each way, and one to spare. */
const slackDays = 3;
/** What a person has said counts whatever is measured. */
const alwaysLoaded: readonly RecordKind[] = ["account", "override", "stage", "milestone", "snooze"];

/** What to load so that every metric of the plan can be computed as of `now`, also behind a stream that has long been silent. */
export function historyScope(plan: MetricPlan, coverage: StreamCoverage, now: Instant): HistoryScope {
  const today = Math.floor(now / dayMs);
  const kinds = new Set<RecordKind>([...alwaysLoaded, ...(plan.kinds ?? [])]);
  const needs = plan.metrics.map((metric) => needsOf(metric, plan.settings));
  for (const need of needs) for (const kind of need.kinds ?? []) kinds.add(kind);
  const usage = needs.flatMap((need) => need.usage ?? []);
  const users = needs.flatMap((need) => need.users ?? []);
  const everyDays = needs.flatMap((need) => need.everyUsageDays ?? []);
  const from = (named: readonly UsageNeed[]): DayNumber =>
    named.reduce(
      (first, { name, days }) => Math.min(first, windowEndOf(coverage, name, today, now) - days - slackDays),
      today,
    );
  const fromDay = everyDays.reduce(
    (first, days) => Math.min(first, newestEndOf(coverage, today, now) - days - slackDays),
    from(usage),
  );
  return {
    kinds: [...kinds],
    usageNames: everyDays.length === 0 ? namesOf(usage) : "all",
    fromDay,
    toDay: today + slackDays,
    users: users.length === 0 ? undefined : { names: namesOf(users), fromDay: from(users) },
  };
}

function namesOf(needs: readonly UsageNeed[]): readonly string[] {
  return [...new Set(needs.map(({ name }) => name))];
}

/** Statements made after `now` say nothing of where windows ended then. */
function windowEndOf(coverage: StreamCoverage, usageName: string, today: DayNumber, now: Instant): DayNumber {
  const statements = coverage.usageNames.get(usageName) ?? [];
  return watermarkAsOf(statements, today, now) ?? today - longestSilenceDays;
}

function newestEndOf(coverage: StreamCoverage, today: DayNumber, now: Instant): DayNumber {
  return newestCoveredDay(coverage, today, now) ?? today - longestSilenceDays;
}
