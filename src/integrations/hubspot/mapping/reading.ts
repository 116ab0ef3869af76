import { dayOfInstant, formatDay } from "../../../scoring/days.ts";
import type { CrmObject } from "../objects.ts";

/** The years 1 to 9999: ISO 8601 writes others with a sign. */
const firstMoment = Date.parse("0001-01-01T00:00:00Z");
const lastMoment = Date.parse("9999-12-31T23:59:59Z");

/** A moment as HubSpot writes it: ISO 8601, or milliseconds since 1970. Null for anything else. */
export function moment(text: string | null | undefined): string | null {
  if (text == null) return null;
  const at = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
  return at >= firstMoment && at <= lastMoment ? new Date(at).toISOString() : null;
}

/** A day: HubSpot gives dates as such, and moments where a day is meant. */
export function day(text: string | null | undefined, zone: string): string | null {
  // The 31st of February is no day, though it can be read as one.
  if (text != null && /^\d{4}-\d{2}-\d{2}$/.test(text)) return moment(text)?.slice(0, 10) === text ? text : null;
  const at = moment(text);
  return at === null ? null : formatDay(dayOfInstant(zone, Date.parse(at)));
}

/** When a thing began to be, and when it became what it is now. Null where HubSpot does not say. */
export function timesOf({ createdAt, updatedAt }: CrmObject): { readonly from: string; readonly now: string } | null {
  const now = moment(updatedAt) ?? moment(createdAt);
  if (now === null) return null;
  const from = moment(createdAt);
  return { from: from === null || from > now ? now : from, now };
}

/** Something that became true at a time of its own. */
export interface Dated<F> {
  readonly at: string | null;
  readonly set: F;
}

/**
 * What was so before, each at its own time, and what is so now. What is not before "now" says nothing that "now" does not say; what has
 * no time is left out; what became true at one time is one change.
 */
export function inOrder<F extends object>(before: readonly Dated<F>[], now: { readonly at: string; readonly set: F }) {
  const changes = new Map<string, F>();
  for (const { at, set } of before) {
    if (at !== null && at < now.at) changes.set(at, { ...changes.get(at), ...set });
  }
  const earlier = [...changes].map(([at, set]) => ({ at, set })).sort((one, other) => (one.at < other.at ? -1 : 1));
  return [...earlier, now];
}
