import type { Day } from "./calendar.ts";

/** The days a pull delivers: after `after`, up to and including `to`. */
export interface Span {
  /** Null on the first pull: everything up to `to`. */
  readonly after: Day | null;
  readonly to: Day;
  /** The day the sample was first made: the stories are placed around it. */
  readonly firstDay: Day;
  /** Usage, tickets, surveys, invoices, opportunities and touchpoints begin here; what is older is only the accounts and their contracts. */
  readonly historyFrom: Day;
}

/** Does this day belong to what the pull delivers? */
export function isWithin(day: Day, span: Span): boolean {
  return (span.after === null || day > span.after) && day <= span.to;
}

/** The first day of history a pull has to look at, for what lasts `lasting` days from its beginning. */
export function firstDayOf(span: Span, beganOn: Day, lasting: number): Day {
  const after = span.after === null ? span.historyFrom : span.after + 1 - lasting;
  return Math.max(span.historyFrom, beganOn, after);
}
