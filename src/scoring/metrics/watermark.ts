import type { CoverageStatement, DayNumber, Instant } from "../history.ts";

interface Marks {
  readonly now: Instant;
  /** Greatest day stated by then, -Infinity when nothing was stated. */
  readonly stated: DayNumber;
  /** Greatest day of an import of history, whenever it was imported. */
  readonly backfilled: DayNumber;
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
  if (marks === undefined || marks.now !== now) {
    marks = findMarks(statements, now);
    marksOf.set(statements, marks);
  }
  const mark = Math.min(lastDay, Math.max(marks.stated, marks.backfilled));
  return mark === -Infinity ? null : mark;
}

function findMarks(statements: readonly CoverageStatement[], now: Instant): Marks {
  let stated = -Infinity;
  let backfilled = -Infinity;
  for (const { throughDay, recordedAt, backfilled: isBackfilled } of statements) {
    if (isBackfilled) backfilled = Math.max(backfilled, throughDay);
    else if (recordedAt <= now) stated = Math.max(stated, throughDay);
  }
  return { now, stated, backfilled };
}
