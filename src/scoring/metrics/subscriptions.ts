import { dayOfInstant, parseDay, startOfDay } from "../days.ts";
import type { DayNumber, MetricValue } from "../history.ts";
import { type RecordState, stateBefore } from "../record-state.ts";
import { type AccountView, reachOf, recordsOf } from "./account-view.ts";
import { noData, notApplicable } from "./metric.ts";

export type Subscription = RecordState<"subscription">;
type Status = NonNullable<Subscription["fields"]["status"]>;

/** The account's paid contracts: those in force at the view's moment, or none any more. */
export interface Contracts {
  readonly inForce: readonly Subscription[];
  readonly ageDays: number;
}

/** The account's contracts, or the answer of every contract metric where it never had one. */
export function contractsOf(view: AccountView, unit: string): Contracts | MetricValue {
  const reach = reachOf(view, "subscription");
  if (reach === null) return noData(unit, "no source delivers subscriptions");
  const inForce = inForceOn(view, recordsOf(view, "subscription"), view.today);
  return inForce === null ? notApplicable(unit, "no contract yet") : { inForce, ageDays: reach.ageDays };
}

/**
 * The paid contracts that were in force at the end of a past day, as far as is known now; null when none had begun. One that was heard of
 * later, and had begun by then, counts as it was first known.
 */
export function contractsAtEndOf(view: AccountView, day: DayNumber): readonly Subscription[] | null {
  const end = startOfDay(view.zone, day + 1);
  const then = recordsOf(view, "subscription").map((subscription) => stateBefore(subscription, end));
  return inForceOn(view, then, day);
}

function inForceOn(
  view: AccountView,
  subscriptions: readonly Subscription[],
  day: DayNumber,
): readonly Subscription[] | null {
  const begun = subscriptions.filter((one) => isPaid(one) && hasBegun(view, one, day));
  return begun.length === 0 ? null : begun.filter((one) => isInForce(one, day));
}

/** Neither free nor a trial, now or ever. A price that is not known may well be one. */
function isPaid(subscription: Subscription): boolean {
  const { trial, amountMinor } = subscription.fields;
  return trial !== true && (amountMinor === undefined || amountMinor > 0) && hasPassedTrial(subscription);
}

/** A status that only ever was `trialing` or `incomplete` until it ended is a contract that never came to be. */
function hasPassedTrial({ changes }: Subscription): boolean {
  let hasTried = false;
  for (const { set } of changes) {
    if (set.status === "active" || set.status === "past_due") return true;
    if (set.status === "trialing" || set.status === "incomplete") hasTried = true;
  }
  return !hasTried;
}

function hasBegun({ zone }: AccountView, { fields, firstAt }: Subscription, day: DayNumber): boolean {
  const startsOn = fields.startsOn === undefined ? dayOfInstant(zone, firstAt) : parseDay(fields.startsOn);
  return startsOn <= day;
}

function isInForce({ fields }: Subscription, day: DayNumber): boolean {
  if (!isRunning(fields.status ?? "active")) return false;
  return fields.endsOn == null || parseDay(fields.endsOn) > day;
}

/**
 * `past_due` is in force while the payment is tried again. `unpaid`, `paused` and `canceled` bring no more money; who has given
 * notice but is still served is `active` with an `endsOn`.
 */
function isRunning(status: Status): boolean {
  return status === "active" || status === "past_due";
}
