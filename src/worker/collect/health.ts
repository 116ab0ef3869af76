import { formatDay, parseDay } from "../../scoring/days.ts";
import type { Trouble } from "../../store/outages.ts";
import type { DayVolume } from "../../store/stream-volumes.ts";
import type { FinishedSweep } from "../../store/sweeps.ts";

/** The clock of a stream, as its lateness is judged. */
export interface Pace {
  readonly everyMs: number;
  readonly isPaused: boolean;
  readonly lastOkAt: Date | null;
  readonly lastDoneAt: Date | null;
}

const graceMs = 30 * 60_000;
/** So many days are a habit. */
export const habitDays = 14;
const dayMs = 86_400_000;

/**
 * Late is a stream that came to its end before, and not for three times its pace and half an hour, with no page on its way either. One
 * that an operator paused is not late; one that never came to its end is on its way, or fails.
 */
export function judgeLateness({ everyMs, isPaused, lastOkAt, lastDoneAt }: Pace, now: Date): Trouble | null {
  if (isPaused || lastDoneAt === null) return null;
  const expectedAt = new Date(lastDoneAt.getTime() + everyMs);
  const newestPageAt = Math.max(lastDoneAt.getTime(), lastOkAt?.getTime() ?? 0);
  const isLate = now.getTime() > lastDoneAt.getTime() + 3 * everyMs + graceMs;
  if (!isLate || now.getTime() <= newestPageAt + graceMs) return null;
  return { kind: "late", beganAt: expectedAt, reason: `no pull has come to its end since ${lastDoneAt.toISOString()}` };
}

/** What the volume of a stream is judged by. */
export interface VolumeQuestion {
  readonly feedsUsage: boolean;
  /** The last day that the pull says is complete; null where it says none. */
  readonly through: string | null;
  /** The stream was found empty or at zero before, and nothing else came since. */
  readonly isKnown: boolean;
  /** The pull before this one came to its end then. */
  readonly lastDoneAt: Date | null;
  readonly now: Date;
}

/**
 * Empty is a day on which a stream brought nothing at all, where it brought something on each of the 14 days before (or, on a weekday, on
 * each weekday among them); zero, a day whose usage is nothing but zeros, likewise. Usage is judged by the day it is for, all else by the
 * day (UTC) on which it came. What is not a habit is never missed.
 */
export function judgeVolume(volumes: ReadonlyMap<string, DayVolume>, question: VolumeQuestion): Trouble | null {
  return question.feedsUsage ? judgeUsage(volumes, question) : judgeDeliveries(volumes, question);
}

/** A sweep that brings less than half of the last one is no picture of what there is. */
export function judgeSweep({ seen, seenBefore }: FinishedSweep, lastDoneAt: Date | null, now: Date): Trouble | null {
  if (seenBefore === null || seen * 2 >= seenBefore) return null;
  const reason = `all there is came to ${seen} things, where it was ${seenBefore} the last time: nothing is taken as deleted`;
  return { kind: "empty", beganAt: lastDoneAt ?? now, reason };
}

function judgeUsage(volumes: ReadonlyMap<string, DayVolume>, question: VolumeQuestion): Trouble | null {
  const { through, isKnown, lastDoneAt } = question;
  if (through === null) return null;
  const beganAt = lastDoneAt ?? startOf(through);
  const { usageInputs = 0, usageNonzero = 0 } = volumes.get(through) ?? {};
  if (usageNonzero > 0) return null;
  if (usageInputs === 0) {
    if (!isKnown && !isHabit(through, (day) => (volumes.get(day)?.usageInputs ?? 0) > 0)) return null;
    return { kind: "empty", beganAt, reason: `there is no usage of ${through}, where there always was some` };
  }
  if (!isKnown && !isHabit(through, (day) => (volumes.get(day)?.usageNonzero ?? 0) > 0)) return null;
  return { kind: "zero", beganAt, reason: `all usage of ${through} is zero, where it never was` };
}

function judgeDeliveries(volumes: ReadonlyMap<string, DayVolume>, { isKnown, now }: VolumeQuestion): Trouble | null {
  const today = formatDay(Math.floor(now.getTime() / dayMs));
  const yesterday = formatDay(Math.floor(now.getTime() / dayMs) - 1);
  const came = (day: string) => (volumes.get(day)?.inputs ?? 0) > 0;
  if (came(today) || came(yesterday)) return null;
  const wasAsked = (volumes.get(yesterday)?.pages ?? 0) > 0;
  if (!isKnown && !(wasAsked && isHabit(yesterday, came))) return null;
  return {
    kind: "empty",
    beganAt: startOf(yesterday),
    reason: `nothing came on ${yesterday}, where something always did`,
  };
}

function isHabit(day: string, had: (day: string) => boolean): boolean {
  const last = parseDay(day);
  const before = Array.from({ length: habitDays }, (_, back) => last - 1 - back);
  if (before.every((each) => had(formatDay(each)))) return true;
  return isWeekday(last) && before.filter(isWeekday).every((each) => had(formatDay(each)));
}

/** Day 0 was a Thursday. */
function isWeekday(day: number): boolean {
  const fromMonday = (((day + 3) % 7) + 7) % 7;
  return fromMonday < 5;
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}
