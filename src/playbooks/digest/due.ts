import { addWorkingDays } from "../../scoring/calendar.ts";
import { dayOfInstant, timeOfDay } from "../../scoring/days.ts";
import type { Instant, WorkCalendar } from "../../scoring/history.ts";
import type { Digest } from "../playbook.ts";

/** When a digest goes out whose first item comes now: after its window, or at the next such time of a working day of whom it is for. */
export function digestDueAt(
  digest: Digest,
  reader: { readonly zone: string; readonly calendar: WorkCalendar },
  now: Instant,
): Instant {
  if ("windowMs" in digest) return now + digest.windowMs;
  const today = dayOfInstant(reader.zone, now);
  let day = addWorkingDays(reader.calendar, today, 0);
  let at = timeOfDay(reader.zone, day, digest.atMinute);
  while (at <= now) {
    day = addWorkingDays(reader.calendar, day, 1);
    at = timeOfDay(reader.zone, day, digest.atMinute);
  }
  return at;
}
