import type { WorkCalendar } from "../../scoring/history.ts";
import type { Configuration } from "../configuration.ts";
import type { Owner } from "../owners.ts";

/** In whose zone, and by whose working days, a digest of theirs is timed. */
export function readerOf(
  { scorer: { company } }: Configuration,
  owner: Owner | null,
): { readonly zone: string; readonly calendar: WorkCalendar } {
  const calendar = company.calendarOf(owner?.country ?? null, owner?.region ?? null);
  return { zone: owner?.zone ?? company.zone, calendar };
}
