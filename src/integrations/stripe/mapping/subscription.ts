import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf } from "../../record-values.ts";
import { dayIn, momentOf } from "./moments.ts";
import { chargeOf, licensedItems } from "./price.ts";
import { idOf, type Subscription } from "./shapes.ts";

type Fields = FieldsOf<"subscription">;
type Status = NonNullable<Fields["status"]>;

/** One not known is left out: what was known before stands. */
const statuses: Readonly<Record<string, Status>> = {
  active: "active",
  trialing: "trialing",
  past_due: "past_due",
  paused: "paused",
  canceled: "canceled",
  unpaid: "unpaid",
  incomplete: "incomplete",
  incomplete_expired: "canceled",
};

/** A subscription as an event tells it, at the time of the event. */
export function subscriptionAt(subscription: Subscription, at: string, zone: string): Mapped {
  return { inputs: [change(subscription, at, stateOf(subscription, at, zone))], ...unknownStatus(subscription) };
}

/**
 * A subscription as it is found when everything is read. Stripe does not say since when it is so, but for one that has ended. With
 * `history` also what can be told of the time before: when it began, when its trial ended, when notice was given.
 */
export function subscriptionSeen(
  subscription: Subscription,
  seen: { readonly at: string; readonly history: boolean },
  zone: string,
): Mapped {
  const past = seen.history ? historyOf(subscription, seen.at, zone) : [];
  const endedAt = subscription.ended_at;
  const state = stateOf(subscription, seen.at, zone);
  const told = unknownStatus(subscription);
  if (endedAt == null) return { inputs: past, states: [change(subscription, seen.at, state)], ...told };
  return { inputs: [...past, change(subscription, momentOf(endedAt), state)], ...told };
}

function change(subscription: Subscription, at: string, set: Fields): RecordInput {
  return { kind: "subscription", id: subscription.id, account: idOf(subscription.customer), at, set };
}

function unknownStatus({ id, status }: Subscription): Pick<Mapped, "skipped"> {
  return statuses[status] === undefined ? { skipped: `subscription ${id}: its status "${status}" is not known` } : {};
}

function stateOf(subscription: Subscription, at: string, zone: string): Fields {
  const status = statusOf(subscription);
  const isEnded = subscription.ended_at != null;
  const ends = endOf(subscription);
  const periodEnd = isEnded ? null : periodEndOf(subscription);
  return {
    ...termsOf(subscription, at, zone),
    ...(status !== undefined && { status, trial: status === "trialing" }),
    endsOn: ends === null ? null : dayIn(zone, ends),
    periodEndsOn: periodEnd === null ? null : dayIn(zone, periodEnd),
    autoRenew: ends === null && !isEnded,
    noticeOn: noticeOf(subscription, zone),
  };
}

/** What it is and costs; left out where it cannot be told from what Stripe sent. */
function termsOf(subscription: Subscription, at: string, zone: string): Fields {
  const items = licensedItems(subscription);
  const plan = planOf(subscription);
  return {
    startsOn: dayIn(zone, subscription.start_date ?? subscription.created),
    ...chargeOf(subscription, Math.floor(Date.parse(at) / 1_000)),
    ...(plan !== null && { plan }),
    seats: items.length === 0 ? null : items.reduce((all, { quantity }) => all + (quantity ?? 1), 0),
  };
}

/** While collection is paused and its invoices count for nothing, nothing is earned, though Stripe says `active`. */
function statusOf({ status, pause_collection: pause }: Subscription): Status | undefined {
  const known = statuses[status];
  const isPaused = pause?.behavior === "void" || pause?.behavior === "mark_uncollectible";
  return isPaused && (known === "active" || known === "past_due") ? "paused" : known;
}

function endOf(subscription: Subscription): number | null {
  const { ended_at: endedAt, cancel_at: cancelAt, cancel_at_period_end: atPeriodEnd } = subscription;
  return endedAt ?? cancelAt ?? (atPeriodEnd === true ? periodEndOf(subscription) : null);
}

/** Of several items the first period that ends; before 2025-03-31 the subscription had one of its own. */
function periodEndOf({ items, current_period_end: own }: Subscription): number | null {
  const ends = items.data.flatMap(({ current_period_end: end }) => end ?? []);
  return ends.length > 0 ? Math.min(...ends) : (own ?? null);
}

/** A subscription that Stripe ends because nobody pays was not given notice of. */
function noticeOf(
  { canceled_at: canceledAt, cancellation_details: details }: Subscription,
  zone: string,
): string | null {
  return canceledAt == null || details?.reason === "payment_failed" ? null : dayIn(zone, canceledAt);
}

/** What people call it: never an id, which would take turns with the name. */
function planOf({ items }: Subscription): string | null {
  const price = items.data[0]?.price;
  const product = typeof price?.product === "object" ? price.product?.name : null;
  return labelOf(product) ?? labelOf(price?.nickname) ?? labelOf(price?.lookup_key);
}

/** What it cost then is not known: the price of today stands for it. */
function historyOf(subscription: Subscription, at: string, zone: string): RecordInput[] {
  const { trial_start: trialStart, trial_end: trialEnd, canceled_at: canceledAt } = subscription;
  const begin = subscription.start_date ?? subscription.created;
  const end = subscription.ended_at ?? Date.parse(at) / 1_000;
  const wasTrial = trialStart != null && trialStart <= begin;
  const neverPaid = subscription.status.startsWith("incomplete");
  const beginning = neverPaid ? ("incomplete" as const) : ("active" as const);
  const past = [
    change(subscription, momentOf(begin), {
      ...termsOf(subscription, at, zone),
      status: wasTrial ? "trialing" : beginning,
      trial: wasTrial,
      endsOn: null,
      autoRenew: true,
      noticeOn: null,
    }),
  ];
  if (wasTrial && trialEnd != null && trialEnd > begin && trialEnd < end) {
    past.push(change(subscription, momentOf(trialEnd), { status: "active", trial: false }));
  }
  const noticeOn = noticeOf(subscription, zone);
  if (canceledAt != null && noticeOn !== null && canceledAt > begin && canceledAt < end) {
    const ends = endOf(subscription);
    const endsOn = ends === null ? null : dayIn(zone, ends);
    past.push(change(subscription, momentOf(canceledAt), { noticeOn, endsOn, autoRenew: false }));
  }
  return past;
}
