import { DateTime } from "luxon";
import { dayMs } from "../../scoring/duration.ts";
import type { Instant } from "../../scoring/history.ts";

/** The newest time that a person was asked, whatever the survey and the account. */
export interface LastAsked {
  readonly at: Instant;
  /** Until when the newest one that was not answered takes an answer; null: there is none. */
  readonly openUntil: Instant | null;
}

/** Why a person is not asked again, in words; null when nothing speaks against it. */
export function pauseWords(last: LastAsked | null, pauseMs: number, zone: string, now: Instant): string | null {
  if (last === null) return null;
  const asked = `asked on ${dayOf(last.at, zone)}`;
  if (now - last.at < pauseMs) {
    return `${asked}, ${Math.floor((now - last.at) / dayMs)} of ${Math.round(pauseMs / dayMs)} days ago`;
  }
  if (last.openUntil === null || last.openUntil <= now) return null;
  return `${asked}, and may still answer until ${dayOf(last.openUntil, zone)}`;
}

function dayOf(at: Instant, zone: string): string {
  return DateTime.fromMillis(at, { zone, locale: "en-GB" }).toFormat("d LLLL yyyy");
}
