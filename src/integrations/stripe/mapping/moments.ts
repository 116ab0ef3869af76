import { dayOfInstant, formatDay } from "../../../scoring/days.ts";

/** Stripe's seconds as a moment; `milliseconds` orders what happened within one second. */
export function momentOf(seconds: number, milliseconds = 0): string {
  return new Date(seconds * 1_000 + milliseconds).toISOString();
}

/** The day Stripe's seconds fall on in a zone. */
export function dayIn(zone: string, seconds: number): string {
  return formatDay(dayOfInstant(zone, seconds * 1_000));
}
