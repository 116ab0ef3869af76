import { z } from "zod";
import { formatDay, parseDay } from "../scoring/days.ts";
import { daySchema } from "../scoring/records.ts";
import type { Page } from "./source-port.ts";

/** Where a pull by days stands: what is whole, and the day under way with the place in it. */
const cursorSchema = z.object({
  through: daySchema.nullable(),
  day: daySchema.nullable(),
  after: z.string().max(1_000).nullable(),
});
type DayCursor = z.infer<typeof cursorSchema>;

const beginning: DayCursor = { through: null, day: null, after: null };

export interface DayPlan {
  /** The first day of all. */
  readonly start: string;
  /** The last one that is over. */
  readonly last: string;
  /** So many of the newest days are pulled again each time: events come late. */
  readonly again: number;
}

/** A page of a day; `after` is the place to go on from, null at the day's end. */
export interface DaySlice {
  readonly raw: readonly unknown[];
  readonly after: string | null;
}

/** One page of a stream that is pulled day by day. */
export async function pullByDay(
  cursor: unknown,
  plan: DayPlan,
  pull: (day: string, after: string | null) => Promise<DaySlice>,
): Promise<Page> {
  const { through, day, after } = cursorSchema.safeParse(cursor).data ?? beginning;
  const current = day ?? firstDay(through, plan);
  if (current > plan.last) {
    return { raw: [], cursor: { through, day: null, after: null }, done: true, coveredThrough: through ?? undefined };
  }
  const slice = await pull(current, after);
  if (slice.after !== null) {
    return { raw: slice.raw, cursor: { through, day: current, after: slice.after }, done: false };
  }
  const whole = through !== null && through > current ? through : current;
  const done = current >= plan.last;
  const next = { through: whole, day: done ? null : daysAfter(current, 1), after: null };
  return { raw: slice.raw, cursor: next, done, coveredThrough: whole };
}

function firstDay(through: string | null, { start, last, again }: DayPlan): string {
  if (through === null) return start;
  return formatDay(Math.min(parseDay(through) + 1, parseDay(last) + 1 - again));
}

/** The day so many days later, or earlier. */
export function daysAfter(day: string, days: number): string {
  return formatDay(parseDay(day) + days);
}
