import { dayOfInstant, parseDay } from "../days.ts";
import type { MetricValue } from "../history.ts";
import type { RecordState } from "../record-state.ts";
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
  const begun = recordsOf(view, "subscription").filter((one) => isPaid(one) && hasBegun(view, one));
  if (begun.length === 0) return notApplicable(unit, "no contract yet");
  return { inForce: begun.filter((one) => isInForce(view, one)), ageDays: reach.ageDays };
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

function hasBegun(view: AccountView, { fields, firstAt }: Subscription): boolean {
  const startsOn = fields.startsOn === undefined ? dayOfInstant(view.zone, firstAt) : parseDay(fields.startsOn);
  return startsOn <= view.today;
}

function isInForce(view: AccountView, { fields }: Subscription): boolean {
  if (!isRunning(fields.status ?? "active")) return false;
  return fields.endsOn == null || parseDay(fields.endsOn) > view.today;
}

/**
 * `past_due` is in force while the payment is tried again. `unpaid`, `paused` and `canceled` bring no more money; who has given
 * notice but is still served is `active` with an `endsOn`.
 */
function isRunning(status: Status): boolean {
  return status === "active" || status === "past_due";
}
