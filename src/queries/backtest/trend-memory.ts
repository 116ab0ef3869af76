import type { DerivedFact } from "../../scoring/derived-facts.ts";
import type { DayNumber } from "../../scoring/history.ts";
import { spanKey, type TrendSpan, type TrendSpans } from "../../scoring/trend-spans.ts";
import type { DayScore } from "./day-score.ts";

type Trend = Extract<DerivedFact, { kind: "trend" }>;

/** One account's numbers of the days so far, for the rises and falls that are asked for: what a live pass reads from stored scores. */
export class TrendMemory {
  readonly #windows: readonly Trend[];
  readonly #kept: ReadonlyMap<string, { readonly day: DayNumber; readonly value: number }[]>;

  constructor(wanted: readonly DerivedFact[]) {
    this.#windows = wanted.filter((fact) => fact.kind === "trend");
    this.#kept = new Map(this.#windows.map(({ base }) => [base, []]));
  }

  /** Days come in order. */
  keep(day: DayNumber, score: DayScore): void {
    for (const [base, values] of this.#kept) {
      const value = keptValue(base, score);
      if (value !== null) values.push({ day, value });
    }
  }

  /** Within the windows that end with a day. */
  spansOn(today: DayNumber): TrendSpans {
    if (this.#windows.length === 0) return noSpans;
    const spans = new Map<string, TrendSpan>();
    for (const { base, days } of this.#windows) {
      const span = spanOf(this.#kept.get(base) ?? [], today - days);
      if (span !== null) spans.set(spanKey(base, days), span);
    }
    return spans;
  }
}

const noSpans: TrendSpans = new Map();

/** What stored scores give for a trend: a stale metric is none. */
function keptValue(base: string, { metrics, score }: DayScore): number | null {
  switch (base) {
    case "score":
      return score.score;
    case "score.computed":
      return score.computed ?? null;
    case "coverage":
      return score.coverage;
    case "confidence":
      return score.confidence?.value ?? null;
    default: {
      const metric = metrics.get(base);
      return metric?.state === "value" && typeof metric.value === "number" ? metric.value : null;
    }
  }
}

function spanOf(
  kept: readonly { readonly day: DayNumber; readonly value: number }[],
  from: DayNumber,
): TrendSpan | null {
  let [highest, lowest, firstDay] = [-Infinity, Infinity, Infinity];
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const { day, value } = kept[index] ?? { day: -Infinity, value: 0 };
    if (day < from) break;
    highest = Math.max(highest, value);
    lowest = Math.min(lowest, value);
    firstDay = day;
  }
  return firstDay === Infinity ? null : { highest, lowest, firstDay };
}
