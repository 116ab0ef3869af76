import { freshnessOf } from "../confidence.ts";
import type { HealthModel } from "../health-model.ts";
import { coverageOf, type Mean, weigh } from "./mean.ts";
import type { Reading } from "./reading.ts";

/** One part of a score before caps: a measure, or a child of a parent. */
export interface CountedPart {
  readonly group: string;
  readonly id: string;
  readonly metric: string;
  readonly maxAgeDays: number | null;
  /** Only the worst of its group counts. */
  readonly isRival: boolean;
}

/** What a score is made of before caps and overrides: `readings` and the mean's lists stand beside `parts`. */
export interface Counted {
  readonly parts: readonly CountedPart[];
  readonly readings: readonly Reading[];
  readonly mean: Mean;
  readonly coverage: number;
  readonly freshness: number;
  /** What the parts are, for words. */
  readonly noun: "measures" | "accounts";
}

/** An account's own measures, weighed. */
export function countMeasures(model: HealthModel, readings: readonly Reading[]): Counted {
  const mean = weigh(model, readings);
  return {
    parts: model.measures,
    readings,
    mean,
    coverage: coverageOf(model.measures, readings),
    freshness: freshnessOf(model.measures, readings, mean.weights),
    noun: "measures",
  };
}
