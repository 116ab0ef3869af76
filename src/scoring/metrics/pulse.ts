import type { Instant } from "../history.ts";
import { type AccountView, ageOf, recordsOf } from "./account-view.ts";
import { isWithin, windowEnding } from "./local-window.ts";
import { type Metric, measured, noData } from "./metric.ts";

const unit = "1-5";
const noneYet = "no pulse yet";
const noneLately = "no pulse in the last 90 days";

interface Pulse {
  readonly at: Instant;
  readonly score: number;
}

/** `pulse.*`: what the CSM feels. Only people say it, so there is no coverage: a pulse is as old as itself. */
export const pulseMetrics: readonly Metric[] = [
  {
    name: "pulse.latest",
    unit,
    type: "number",
    source: "pulse",
    formula: "the newest pulse, 1–5; its age is its own",
    missing: noneYet,
    compute: (view) => {
      const newest = newestOf(pulsesOf(view));
      return newest === null ? noData(unit, noneYet) : measured(unit, newest.score, ageOf(view, newest.at));
    },
  },
  {
    name: "pulse.avg_90d",
    unit,
    type: "number",
    source: "pulse",
    formula: "mean pulse of the last 90 complete days; as old as the newest of them",
    missing: `${noneYet}, or ${noneLately}`,
    compute: (view) => {
      const pulses = pulsesOf(view);
      const window = windowEnding(view, view.lastDay, 90);
      const lately = pulses.filter(({ at }) => isWithin(window, at));
      const newest = newestOf(lately);
      if (newest === null) return noData(unit, pulses.length === 0 ? noneYet : noneLately);
      const sum = lately.reduce((total, { score }) => total + score, 0);
      return measured(unit, sum / lately.length, ageOf(view, newest.at));
    },
  },
];

/** When the score was last given: a note added later does not make the pulse newer. */
function pulsesOf(view: AccountView): readonly Pulse[] {
  const pulses: Pulse[] = [];
  for (const { fields, firstAt, changes } of recordsOf(view, "pulse")) {
    if (fields.score === undefined) continue;
    let at = firstAt;
    for (const { set, occurredAt } of changes) if (set.score !== undefined) at = occurredAt;
    pulses.push({ at, score: fields.score });
  }
  return pulses;
}

function newestOf(pulses: readonly Pulse[]): Pulse | null {
  let newest: Pulse | null = null;
  for (const pulse of pulses) if (newest === null || pulse.at >= newest.at) newest = pulse;
  return newest;
}
