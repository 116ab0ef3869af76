import { dayOfInstant, parseDay } from "../days.ts";
import type { AccountHistory, CompanyFacts, DayNumber, Instant, StreamCoverage } from "../history.ts";
import { type AccountView, reachOf, recordsOf, viewAccount } from "../metrics/account-view.ts";
import { plainSettings } from "../metrics/settings.ts";
import { contractsAtEndOf } from "../metrics/subscriptions.ts";

/** Back within so many days is no churn; later it is a customer won again. */
export const returnDays = 30;

/** When an account was a customer, from all that is known now: for looking back, never for deciding as of then. */
export interface CustomerLife {
  /** Stretches with a paid contract in force, in order, those that lie less than the return apart joined. */
  readonly stretches: readonly CustomerStretch[];
  /** The last day that is known. */
  readonly knownThrough: DayNumber;
}

/** `until`: the first day that no longer counts, on which the account churned; null while it goes on, or may yet come back. */
export interface CustomerStretch {
  readonly from: DayNumber;
  readonly until: DayNumber | null;
}

/** The life of a customer; null where nobody knows its contracts. */
export function customerLife(
  history: AccountHistory,
  coverage: StreamCoverage,
  company: CompanyFacts,
  now: Instant,
): CustomerLife | null {
  const view = viewAccount(history, coverage, { company, settings: plainSettings }, now);
  const reach = reachOf(view, "subscription");
  if (reach === null) return null;
  const stretches = joined(stretchesOf(view, reach.end));
  const newest = stretches.at(-1);
  if (newest?.until != null && newest.until + returnDays > reach.end) newest.until = null;
  return { stretches, knownThrough: reach.end };
}

interface OpenStretch {
  readonly from: DayNumber;
  until: DayNumber | null;
}

function stretchesOf(view: AccountView, end: DayNumber): OpenStretch[] {
  const stretches: OpenStretch[] = [];
  for (const day of turningDays(view, end)) {
    const isCustomer = (contractsAtEndOf(view, day) ?? []).length > 0;
    const last = stretches.at(-1);
    const isWithin = last !== undefined && last.until === null;
    if (isCustomer && !isWithin) stretches.push({ from: day, until: null });
    if (!isCustomer && isWithin) last.until = day;
  }
  return stretches;
}

function joined(stretches: readonly OpenStretch[]): OpenStretch[] {
  const whole: OpenStretch[] = [];
  for (const stretch of stretches) {
    const last = whole.at(-1);
    if (last?.until != null && stretch.from - last.until <= returnDays) last.until = stretch.until;
    else whole.push({ ...stretch });
  }
  return whole;
}

/** Every day on which a contract may have begun or ended, in order, as far as is known. */
function turningDays(view: AccountView, end: DayNumber): readonly DayNumber[] {
  const days = recordsOf(view, "subscription").flatMap(({ changes }) =>
    changes.flatMap(({ occurredAt, set }) => [
      dayOfInstant(view.zone, occurredAt),
      ...[set.startsOn, set.endsOn].flatMap((day) => (day == null ? [] : [parseDay(day)])),
    ]),
  );
  return [...new Set(days)].filter((day) => day <= end).sort((one, other) => one - other);
}

/** Whether it was a customer on a day. */
export function isCustomerOn({ stretches }: CustomerLife, day: DayNumber): boolean {
  return stretches.some(({ from, until }) => from <= day && (until === null || day < until));
}
