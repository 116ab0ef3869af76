import type { DayNumber, Instant, UsageRevision, UsageSeries } from "../history.ts";

/** Daily totals that follow a moment as it moves on. */
interface Following {
  /** As of the moment asked for last; written in place. */
  readonly series: UsageSeries & { readonly values: Float64Array };
  /** In the order in which they came to count. */
  readonly revisions: readonly UsageRevision[];
  /** How many of them count at that moment. */
  applied: number;
}

const followed = new WeakMap<UsageSeries, Following | null>();

/** For those who look at many moments of one series: from now on only what came to be known between two of them is worked out. */
export function followSeries(series: UsageSeries): void {
  followed.set(series, null);
}

/**
 * The daily totals as known at `now`: of a day with revisions the newest version by then, 0 where there was none. Of a series that is
 * followed they hold until the next moment is asked for.
 */
export function seriesAsOf(series: UsageSeries, now: Instant): UsageSeries {
  const { revisions } = series;
  if (revisions === undefined || revisions.length === 0) return series;
  const last = followed.get(series);
  const isFollowed = last !== undefined;
  const following = last != null && !isBehind(last, now) ? last : beforeRevisions(series, revisions);
  if (isFollowed && following !== last) followed.set(series, following);
  applyUntil(following, now);
  return following.series;
}

/** True when revisions count already that were not known at `now`. */
function isBehind({ revisions, applied }: Following, now: Instant): boolean {
  return (revisions[applied - 1]?.recordedAt ?? -Infinity) > now;
}

/** The series while no revision was known yet. */
function beforeRevisions(series: UsageSeries, revisions: readonly UsageRevision[]): Following {
  let firstDay = series.firstDay;
  let lastDay = series.firstDay + series.values.length - 1;
  for (const { day } of revisions) {
    firstDay = Math.min(firstDay, day);
    lastDay = Math.max(lastDay, day);
  }
  const values = new Float64Array(lastDay - firstDay + 1);
  values.set(series.values, series.firstDay - firstDay);
  for (const { day } of revisions) values[day - firstDay] = 0;
  return { series: { firstDay, values }, revisions: [...revisions].sort(byTime), applied: 0 };
}

function applyUntil(following: Following, now: Instant): void {
  const { series, revisions } = following;
  for (;;) {
    const next = revisions[following.applied];
    if (next === undefined || next.recordedAt > now) return;
    series.values[next.day - series.firstDay] = next.value;
    following.applied += 1;
  }
}

/** Of two versions of one moment the greater value counts, so that their order does not. */
function byTime(a: UsageRevision, b: UsageRevision): number {
  return a.recordedAt - b.recordedAt || a.value - b.value;
}

/** The first day with any use among the days `from` to `to`, both included; null when there is none. */
export function firstUse(series: UsageSeries, from: DayNumber, to: DayNumber): DayNumber | null {
  const { values, firstDay } = series;
  const stop = Math.min(values.length - 1, to - firstDay);
  for (let index = Math.max(0, from - firstDay); index <= stop; index += 1) {
    if (values[index] !== 0) return firstDay + index;
  }
  return null;
}

/** The last day with any use among the days `from` to `to`, both included; null when there is none. */
export function lastUse(series: UsageSeries, from: DayNumber, to: DayNumber): DayNumber | null {
  const { values, firstDay } = series;
  const stop = Math.max(0, from - firstDay);
  for (let index = Math.min(values.length - 1, to - firstDay); index >= stop; index -= 1) {
    if (values[index] !== 0) return firstDay + index;
  }
  return null;
}

/** The last day with a value above 0 among the days `from` to `to`, both included; null when there is none. */
export function lastAboveZero(series: UsageSeries, from: DayNumber, to: DayNumber): DayNumber | null {
  const { values, firstDay } = series;
  const stop = Math.max(0, from - firstDay);
  for (let index = Math.min(values.length - 1, to - firstDay); index >= stop; index -= 1) {
    if ((values[index] ?? 0) > 0) return firstDay + index;
  }
  return null;
}

/** The total of the days `from` to `to`, both included. */
export function sumOfDays(series: UsageSeries, from: DayNumber, to: DayNumber): number {
  const { values, firstDay } = series;
  const stop = Math.min(values.length - 1, to - firstDay);
  let sum = 0;
  for (let index = Math.max(0, from - firstDay); index <= stop; index += 1) sum += values[index] ?? 0;
  return sum;
}

/** The greatest value of the days `from` to `to`, both included; a day without a row is 0. */
export function maxOfDays(series: UsageSeries, from: DayNumber, to: DayNumber): number {
  const { values, firstDay } = series;
  const start = Math.max(0, from - firstDay);
  const stop = Math.min(values.length - 1, to - firstDay);
  let max = stop - start < to - from ? 0 : -Infinity;
  for (let index = start; index <= stop; index += 1) max = Math.max(max, values[index] ?? 0);
  return max;
}

/** How many of the days `from` to `to`, both included, have a value above 0. */
export function activeDays(series: UsageSeries, from: DayNumber, to: DayNumber): number {
  const { values, firstDay } = series;
  const stop = Math.min(values.length - 1, to - firstDay);
  let active = 0;
  for (let index = Math.max(0, from - firstDay); index <= stop; index += 1) {
    if ((values[index] ?? 0) > 0) active += 1;
  }
  return active;
}

/** The value of a day; 0 where there is no row. */
export function valueOn({ values, firstDay }: UsageSeries, day: DayNumber): number {
  return values[day - firstDay] ?? 0;
}

/** The mean of the days `from` to `to`, both included, each weighing half of what a day `halfLifeDays` after it weighs. */
export function decayedMean(series: UsageSeries, from: DayNumber, to: DayNumber, halfLifeDays: number): number {
  const { values, firstDay } = series;
  const keep = 0.5 ** (1 / halfLifeDays);
  let sum = 0;
  let weight = 0;
  for (let day = from; day <= to; day += 1) {
    const index = day - firstDay;
    sum = sum * keep + (index >= 0 && index < values.length ? (values[index] ?? 0) : 0);
    weight = weight * keep + 1;
  }
  return sum / weight;
}
