import type { DayNumber, Instant, UsageRevision, UsageSeries } from "../history.ts";

/** The daily totals as known at `now`: of a day with revisions the newest version by then, 0 where there was none. */
export function seriesAsOf(series: UsageSeries, now: Instant): UsageSeries {
  const { revisions } = series;
  if (revisions === undefined || revisions.length === 0) return series;
  let firstDay = series.firstDay;
  let lastDay = series.firstDay + series.values.length - 1;
  for (const { day } of revisions) {
    firstDay = Math.min(firstDay, day);
    lastDay = Math.max(lastDay, day);
  }
  const values = new Float64Array(lastDay - firstDay + 1);
  values.set(series.values, series.firstDay - firstDay);
  for (const { day } of revisions) values[day - firstDay] = 0;
  for (const { day, value } of newestByDay(revisions, now)) values[day - firstDay] = value;
  return { firstDay, values };
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

function newestByDay(revisions: readonly UsageRevision[], now: Instant): Iterable<UsageRevision> {
  const newest = new Map<DayNumber, UsageRevision>();
  for (const revision of revisions) {
    if (revision.recordedAt > now) continue;
    const known = newest.get(revision.day);
    if (known === undefined || isNewer(revision, known)) newest.set(revision.day, revision);
  }
  return newest.values();
}

/** Of two versions of one moment the greater value counts, so that their order does not. */
function isNewer(a: UsageRevision, b: UsageRevision): boolean {
  return a.recordedAt > b.recordedAt || (a.recordedAt === b.recordedAt && a.value > b.value);
}
