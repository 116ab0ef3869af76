import { dayOfInstant } from "../days.ts";
import type { DayNumber, MetricValue } from "../history.ts";
import type { FieldsOf } from "../records.ts";
import { type AccountView, recordsOf } from "./account-view.ts";
import { isWithin, windowEnding } from "./local-window.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { watermarkAsOf } from "./watermark.ts";

type TouchpointType = NonNullable<FieldsOf<"touchpoint">["type"]>;

const none = "no touchpoint yet";
const dated = ["call", "meeting", "email", "visit"] as const satisfies readonly TouchpointType[];

/** `touchpoints.*`. */
export const touchpointMetrics: readonly Metric[] = [
  daysSince("touchpoints.days_since_last", "touchpoint", () => true),
  ...dated.map((type) => daysSince(`touchpoints.days_since_${type}`, type, (other) => other === type)),
  {
    ...definition(
      "touchpoints.meetings_90d",
      "count",
      "meetings and visits in the last 90 complete days, or covered ones where a source says how far it has delivered",
      `no source delivers touchpoints and ${none}`,
    ),
    compute: (view) => {
      const end = knownThrough(view);
      if (end === null) return noData("count", none);
      const window = windowEnding(view, end, 90);
      const meetings = recordsOf(view, "touchpoint").filter(
        ({ fields, firstAt }) => (fields.type === "meeting" || fields.type === "visit") && isWithin(window, firstAt),
      );
      return measured("count", meetings.length, view.lastDay - end);
    },
  },
];

function definition(name: string, unit: string, formula: string, missing: string): MetricDefinition {
  return { name, unit, type: "number", source: "touchpoint", formula, missing };
}

function daysSince(name: string, noun: string, counts: (type: TouchpointType | undefined) => boolean): Metric {
  const missing = `no ${noun} yet`;
  return {
    ...definition(name, "days", `days since the day of the last ${noun}, 0 for one of today`, missing),
    compute: (view): MetricValue => {
      let last: DayNumber | null = null;
      for (const { fields, firstAt } of recordsOf(view, "touchpoint")) {
        if (counts(fields.type)) last = Math.max(last ?? -Infinity, dayOfInstant(view.zone, firstAt));
      }
      if (last === null) return noData("days", missing);
      return measured("days", view.today - last, view.lastDay - (knownThrough(view) ?? view.lastDay));
    },
  };
}

/**
 * The last day that touchpoints are known of: people enter them by hand at any time, so silence is news up to the last complete day. Where
 * a source delivers them, up to its watermark, or to a newer touchpoint. Null when there is neither.
 */
function knownThrough(view: AccountView): DayNumber | null {
  const statements = view.coverage.kinds.get("touchpoint");
  const mark = statements === undefined ? null : watermarkAsOf(statements, view.lastDay, view.now);
  const touchpoints = recordsOf(view, "touchpoint");
  if (mark === null) return touchpoints.length === 0 ? null : view.lastDay;
  let through = mark;
  for (const { firstAt } of touchpoints) through = Math.max(through, dayOfInstant(view.zone, firstAt));
  return Math.min(through, view.lastDay);
}
