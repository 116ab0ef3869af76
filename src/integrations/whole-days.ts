import { dayOfInstant, formatDay } from "../scoring/days.ts";

/** The last day that is over in a zone at a moment: what a source has delivered whole once it is done. Throws when the zone is unknown. */
export function lastWholeDay(zone: string, at: Date): string {
  return formatDay(dayOfInstant(zone, at.getTime()) - 1);
}
