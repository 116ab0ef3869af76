import { DateTime } from "luxon";
import { dayMs, durationWords } from "../scoring/duration.ts";
import type { Instant } from "../scoring/history.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;

/** How much of a span has passed, in the unit the span is written in: `1 of 2 days`. */
export function progress(elapsedMs: number, totalMs: number): string {
  const [unit, size] = unitOf(totalMs);
  const total = totalMs / size;
  const passed = Math.max(0, Math.min(Math.floor(elapsedMs / size), total));
  return `${passed} of ${total} ${unit}${total === 1 ? "" : "s"}`;
}

/** A moment as people say it, in a zone: `3 May 2026 at 14:05 (Europe/Vienna)`. */
export function moment(at: Instant, zone: string): string {
  return `${DateTime.fromMillis(at, { zone, locale: "en-GB" }).toFormat("d LLLL yyyy 'at' HH:mm")} (${zone})`;
}

/** A moment with its weekday: `Mon 4 May 2026 at 09:00 (Europe/Vienna)`. */
export function weekdayMoment(at: Instant, zone: string): string {
  return `${DateTime.fromMillis(at, { zone, locale: "en-GB" }).toFormat("ccc")} ${moment(at, zone)}`;
}

/** A day (`YYYY-MM-DD`) as people say it: `3 May 2026`. */
export function dayWords(day: string): string {
  return DateTime.fromISO(day, { zone: "utc", locale: "en-GB" }).toFormat("d LLLL yyyy");
}

/** A span in words; exact where it is a whole number of days, hours or minutes. */
export function span(ms: number): string {
  const [unit, size] = unitOf(ms);
  const count = ms / size;
  if (unit === "second" || count > 99) return durationWords(ms);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function unitOf(ms: number): readonly [string, number] {
  if (ms % dayMs === 0) return ["day", dayMs];
  if (ms % hourMs === 0) return ["hour", hourMs];
  if (ms % minuteMs === 0) return ["minute", minuteMs];
  return ["second", 1000];
}
