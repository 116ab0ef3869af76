import { toTenths } from "../contributions.ts";
import type { Group, HealthModel, Measure } from "../health-model.ts";
import type { Reading } from "./reading.ts";

/** Points weighed together. */
export interface Mean {
  /** Share of the whole score of each part, 0 where it does not count. */
  readonly weights: readonly number[];
  /** What each part adds to the mean, in tenths, unrounded. */
  readonly exact: readonly number[];
  /** The sum of `exact`. */
  readonly sum: number;
  /** The mean in whole tenths; null when nothing counts. */
  readonly tenths: number | null;
}

/** Weight of the measures with a value or held ÷ weight of those that apply; to six digits, so that 0.1 + 0.4 reaches 0.5. */
export function coverageOf(measures: readonly Measure[], readings: readonly Reading[]): number {
  let applicable = 0;
  let known = 0;
  for (let index = 0; index < measures.length; index += 1) {
    const share = measures[index]?.share ?? 0;
    const state = readings[index]?.state;
    if (state !== "not-applicable") applicable += share;
    if (state === "value" || state === "held") known += share;
  }
  return shareOf(known, applicable);
}

/** The share that is known, to six digits; 0 of nothing. */
export function shareOf(known: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((known / whole) * 1e6) / 1e6;
}

/** The weighted mean over what counts: weights scaled up within the group, then across the groups that have anything. */
export function weigh(model: HealthModel, readings: readonly Reading[]): Mean {
  const weights: number[] = new Array(model.measures.length).fill(0);
  let total = 0;
  for (const group of model.groups) {
    const counts = group.combine === "worst" ? weighWorst : weighAll;
    if (group.weight > 0 && counts(group, model.measures, readings, weights)) total += group.weight;
  }
  for (const group of model.groups) {
    for (let index = group.first; index < group.end; index += 1) {
      const within = weights[index] ?? 0;
      if (within > 0) weights[index] = (group.weight / total) * within;
    }
  }
  return meanOf(weights, readings, total > 0);
}

/** The mean of readings by shares that add up to 1. */
export function meanOf(weights: readonly number[], readings: readonly Reading[], doesCount: boolean): Mean {
  const exact: number[] = [];
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) {
    const part = (weights[index] ?? 0) * (readings[index]?.points ?? 0) * 10;
    exact.push(part);
    sum += part;
  }
  return { weights, exact, sum, tenths: doesCount ? Math.min(1000, toTenths(sum / 10)) : null };
}

/** Writes each counting measure's share of its group; false when none counts. */
function weighAll(
  { first, end }: Group,
  measures: readonly Measure[],
  readings: readonly Reading[],
  weights: number[],
): boolean {
  let sum = 0;
  for (let index = first; index < end; index += 1) {
    if (readings[index]?.points != null) sum += measures[index]?.weight ?? 0;
  }
  if (sum === 0) return false;
  for (let index = first; index < end; index += 1) {
    if (readings[index]?.points != null) weights[index] = (measures[index]?.weight ?? 0) / sum;
  }
  return true;
}

/** Gives the whole of the group to its worst counting measure, of equals the first; false when none counts. */
function weighWorst(
  { first, end }: Group,
  measures: readonly Measure[],
  readings: readonly Reading[],
  weights: number[],
): boolean {
  let worst = -1;
  let fewest = Infinity;
  for (let index = first; index < end; index += 1) {
    const points = readings[index]?.points ?? null;
    if (points === null || measures[index]?.weight === 0 || points >= fewest) continue;
    worst = index;
    fewest = points;
  }
  if (worst === -1) return false;
  weights[worst] = 1;
  return true;
}
