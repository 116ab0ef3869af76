import type { CoverageStatement, DayNumber, Instant } from "../history.ts";

/** What statements said, in the order in which they were made. */
interface Marks {
  /** When each statement was recorded. */
  readonly recordedAt: readonly Instant[];
  /** The greatest day stated up to and with each. */
  readonly stated: readonly DayNumber[];
  /** Greatest day of an import of history, whenever it was imported; -Infinity when there was none. */
  readonly backfilled: DayNumber;
  /** How many statements had been made at the moment that was asked for last: the next one is often the same, or the day after. */
  made: number;
}

/** Statements belong to a stream, not to an account: one look at them serves every account of a pass. */
const marksOf = new WeakMap<readonly CoverageStatement[], Marks>();

/**
 * The last day that was covered as known at `now`, not after `lastDay` (the account's last complete day); null when nothing was
 * stated. History that was imported counts as delivered day by day, as it happened.
 */
export function watermarkAsOf(
  statements: readonly CoverageStatement[],
  lastDay: DayNumber,
  now: Instant,
): DayNumber | null {
  let marks = marksOf.get(statements);
  if (marks === undefined) {
    marks = collectMarks(statements);
    marksOf.set(statements, marks);
  }
  moveTo(marks, now);
  const stated = marks.stated[marks.made - 1] ?? -Infinity;
  const mark = Math.min(lastDay, Math.max(stated, marks.backfilled));
  return mark === -Infinity ? null : mark;
}

function collectMarks(statements: readonly CoverageStatement[]): Marks {
  const ordered = statements.filter((one) => !one.backfilled).sort((a, b) => a.recordedAt - b.recordedAt);
  const stated: DayNumber[] = [];
  for (const { throughDay } of ordered) stated.push(Math.max(throughDay, stated.at(-1) ?? -Infinity));
  let backfilled = -Infinity;
  for (const one of statements) if (one.backfilled) backfilled = Math.max(backfilled, one.throughDay);
  return { recordedAt: ordered.map((one) => one.recordedAt), stated, backfilled, made: 0 };
}

function moveTo(marks: Marks, now: Instant): void {
  const { recordedAt } = marks;
  // Back to the start of a history costs a walk over its days, once per account at most.
  while (marks.made > 0 && (recordedAt[marks.made - 1] ?? 0) > now) marks.made -= 1;
  while ((recordedAt[marks.made] ?? Infinity) <= now) marks.made += 1;
}
