import type { DayNumber, Instant, StreamCoverage } from "./history.ts";
import { longestSilenceDays } from "./metrics/usage-window.ts";
import { watermarkAsOf } from "./metrics/watermark.ts";
import type { MetricPlan } from "./metrics.ts";
import type { RecordKind } from "./records.ts";

/** The part of an account's history that a plan of metrics looks at. */
export interface HistoryScope {
  readonly kinds: readonly RecordKind[];
  readonly usageNames: readonly string[];
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
}

const dayMs = 86_400_000;
/** Local days begin up to 14 hours before and 12 after the UTC day: one day each way, and one to spare. */
const slackDays = 3;
/** Trends compare with as many days before their window. */
const trendBaseDays = 91;

/** What a person has said counts whatever is measured. */
const alwaysLoaded: readonly RecordKind[] = ["account", "override", "stage", "milestone", "snooze"];

/** What to load so that every metric of the plan can be computed as of `now`, also behind a stream that has long been silent. */
export function historyScope(plan: MetricPlan, coverage: StreamCoverage, now: Instant): HistoryScope {
  const today = Math.floor(now / dayMs);
  const kinds = new Set<RecordKind>([...alwaysLoaded, ...(plan.kinds ?? [])]);
  const usageNames = new Set<string>();
  let fromDay = today;
  for (const metric of plan.metrics) {
    if (metric.source !== "usage") {
      kinds.add(metric.source);
      continue;
    }
    const [, name, form] = metric.name.split(".");
    if (name === undefined || form === undefined) continue;
    usageNames.add(name);
    const windowEnd = windowEndOf(coverage, name, today, now);
    fromDay = Math.min(fromDay, windowEnd - lookbackDays(form) - slackDays);
  }
  return { kinds: [...kinds], usageNames: [...usageNames], fromDay, toDay: today + slackDays };
}

/** Statements made after `now` say nothing of where windows ended then. */
function windowEndOf(coverage: StreamCoverage, usageName: string, today: DayNumber, now: Instant): DayNumber {
  const statements = coverage.usageNames.get(usageName) ?? [];
  return watermarkAsOf(statements, today, now) ?? today - longestSilenceDays;
}

/** `trend_28d` looks at 28 days and the 91 before them, `avg_90d` at 90. */
function lookbackDays(form: string): number {
  const days = Number.parseInt(form.slice(form.lastIndexOf("_") + 1), 10);
  return form.startsWith("trend") ? days + trendBaseDays : days;
}
