import type { Mapped } from "../../../src/integrations/mapped-port.ts";
import type { RecordInput } from "../../../src/scoring/records.ts";

/** Stripe's objects as its API gives them, both before 2025-03-31 (`old`) and since; tests set only what they are about. */

export type StripeObject = { readonly id: string; readonly object: string; readonly created: number } & {
  readonly [field: string]: unknown;
};

/** Seconds. */
export function seconds(text: string): number {
  return Date.parse(text) / 1_000;
}

export function customer(id: string, over: Readonly<Record<string, unknown>> = {}): StripeObject {
  return {
    id,
    object: "customer",
    created: seconds("2025-01-10T09:00:00Z"),
    name: `Customer ${id}`,
    email: `billing@${id.replaceAll("_", "-")}.example`,
    address: { country: "DE" },
    metadata: {},
    ...over,
  };
}

export function price(over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: "price_month",
    object: "price",
    currency: "eur",
    nickname: "Team",
    lookup_key: null,
    product: "prod_1",
    billing_scheme: "per_unit",
    unit_amount: 1000,
    unit_amount_decimal: "1000",
    tiers_mode: null,
    transform_quantity: null,
    recurring: { interval: "month", interval_count: 1, usage_type: "licensed" },
    ...over,
  };
}

export function every(interval: string, count = 1, usage = "licensed"): Readonly<Record<string, unknown>> {
  return { interval, interval_count: count, usage_type: usage };
}

export function item(over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: "si_1",
    object: "subscription_item",
    quantity: 1,
    price: price(),
    discounts: [],
    current_period_end: seconds("2026-04-10T09:00:00Z"),
    ...over,
  };
}

export function subscription(id: string, over: Readonly<Record<string, unknown>> = {}): StripeObject {
  return {
    id,
    object: "subscription",
    customer: "cus_1",
    status: "active",
    created: seconds("2025-06-10T09:00:00Z"),
    start_date: seconds("2025-06-10T09:00:00Z"),
    currency: "eur",
    items: { object: "list", data: [item()], has_more: false },
    discounts: [],
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { reason: null },
    ended_at: null,
    trial_start: null,
    trial_end: null,
    pause_collection: null,
    ...over,
  };
}

export function invoice(id: string, over: Readonly<Record<string, unknown>> = {}): StripeObject {
  const finalizedAt = seconds("2026-02-10T10:00:00Z");
  return {
    id,
    object: "invoice",
    customer: "cus_1",
    number: `N-${id}`,
    status: "open",
    currency: "eur",
    created: seconds("2026-02-10T09:00:00Z"),
    due_date: seconds("2026-02-24T10:00:00Z"),
    amount_due: 1000,
    amount_paid: 0,
    amount_remaining: 1000,
    parent: { type: "subscription_details", subscription_details: { subscription: "sub_1" } },
    status_transitions: { finalized_at: finalizedAt, paid_at: null, voided_at: null, marked_uncollectible_at: null },
    ...over,
  };
}

export function event(id: string, type: string, created: number, object: unknown): StripeObject {
  return { id, object: "event", type, created, api_version: "2026-10-28.endive", data: { object }, livemode: false };
}

/** The records something was mapped to: those with a time of their own, then those that were only seen. */
export function recordsOf({ inputs = [], states = [] }: Mapped): readonly RecordInput[] {
  return [...inputs, ...states].flatMap((input) => (input.kind === "usage" ? [] : [input]));
}
