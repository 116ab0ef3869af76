import { IANAZone } from "luxon";
import type { DayNumber, Instant } from "./history.ts";

const dayMs = 86_400_000;
/** No zone of the IANA database was ever further from UTC than this. */
const furthestOffsetMs = 16 * 3_600_000;
/** Three years of midnights in each zone; a window of 90 days and its comparison need a few hundred. */
const keptStarts = 1_100;
/** More than there are zones in the IANA database, counting its aliases. */
const keptZones = 700;

/** Ten years of contract and due dates. */
const keptDays = 3_700;

interface ZoneDays {
  readonly zone: IANAZone;
  readonly starts: Map<DayNumber, Instant>;
}

const zones = new Map<string, ZoneDays>();
const parsed = new Map<string, DayNumber>();
const formatted = new Map<DayNumber, string>();

/**
 * The first instant of a local day: midnight, or the end of the gap where midnight does not exist. A day that a zone left out
 * altogether starts where the next one starts. Throws when the zone is unknown.
 */
export function startOfDay(zone: string, day: DayNumber): Instant {
  const days = daysOf(zone);
  const known = days.starts.get(day);
  if (known !== undefined) return known;
  const start = findStart(days.zone, day);
  if (days.starts.size >= keptStarts) days.starts.clear();
  days.starts.set(day, start);
  return start;
}

/** The local day an instant belongs to; never goes back as time goes on. Throws when the zone is unknown. */
export function dayOfInstant(zone: string, instant: Instant): DayNumber {
  let day = Math.floor(instant / dayMs);
  while (startOfDay(zone, day) > instant) day -= 1;
  while (startOfDay(zone, day + 1) <= instant) day += 1;
  return day;
}

/** The first start of a local day after `now`. */
export function nextLocalMidnight(zone: string, now: Instant): Instant {
  return startOfDay(zone, dayOfInstant(zone, now) + 1);
}

/**
 * The instant of a time of day, in minutes after midnight. Where clocks are set forward over it, so much later; where they are set back over it, the
 * first of the two. Throws when the zone is unknown.
 */
export function timeOfDay(zone: string, day: DayNumber, minute: number): Instant {
  const known = daysOf(zone).zone;
  const local = day * dayMs + minute * 60_000;
  const first = local - offsetMs(known, local - furthestOffsetMs);
  const second = local - offsetMs(known, local + furthestOffsetMs);
  const isShown = (instant: Instant) => instant + offsetMs(known, instant) === local;
  return !isShown(first) && isShown(second) ? second : first;
}

/** The day number of `YYYY-MM-DD`. Throws when that is no day of the calendar. */
export function parseDay(text: string): DayNumber {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const day = Date.parse(text) / dayMs;
  if (!Number.isInteger(day) || formatDay(day) !== text) {
    throw new RangeError(`"${text}" is not a day, expected YYYY-MM-DD`);
  }
  if (parsed.size >= keptDays) parsed.clear();
  parsed.set(text, day);
  return day;
}

/** The day as `YYYY-MM-DD`. */
export function formatDay(day: DayNumber): string {
  const known = formatted.get(day);
  if (known !== undefined) return known;
  const text = new Date(day * dayMs).toISOString().slice(0, 10);
  if (formatted.size >= keptDays) formatted.clear();
  formatted.set(day, text);
  return text;
}

function daysOf(name: string): ZoneDays {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = IANAZone.create(name);
  if (!zone.isValid) throw new RangeError(`"${name}" is not a time zone of the IANA database`);
  if (zones.size >= keptZones) zones.clear();
  const days = { zone, starts: new Map<DayNumber, Instant>() };
  zones.set(name, days);
  return days;
}

function findStart(zone: IANAZone, day: DayNumber): Instant {
  const midnight = day * dayMs;
  const before = offsetMs(zone, midnight - furthestOffsetMs);
  const after = offsetMs(zone, midnight + furthestOffsetMs);
  if (before === after) return midnight - before;
  const change = findOffsetChange(zone, midnight, after);
  // Clocks set back over midnight: the day starts when it comes for good.
  if (midnight - after > change) return midnight - after;
  return Math.min(midnight - before, change);
}

/** The first instant around a midnight at which the zone has the offset it has a day later. */
function findOffsetChange(zone: IANAZone, midnight: Instant, after: number): Instant {
  let low = midnight - furthestOffsetMs;
  let high = midnight + furthestOffsetMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle) === after) high = middle;
    else low = middle;
  }
  return high;
}

function offsetMs(zone: IANAZone, instant: Instant): number {
  const minutes = zone.offset(instant);
  if (!Number.isFinite(minutes)) throw new RangeError(`${instant} is not an instant`);
  return minutes * 60_000;
}
