import type { VendorTruth } from "../source-tables.ts";
import { type StripeData, stripeData } from "./fake.ts";
import { customer, event, invoice, item, price, seconds, subscription } from "./objects.ts";

export const now = new Date("2026-03-10T12:00:00Z");

/** Three pages of customers of one second, and two pages of everything else. */
const crowd = Array.from({ length: 205 }, (_, index) => `cus_${index + 1}`);
const few = crowd.slice(0, 120);
const day = 86_400;
const today = seconds("2026-03-10T06:00:00Z");

/** A company with a bit of everything that is awkward at Stripe. */
export function awkwardCompany(): StripeData {
  const tiered = price({
    id: "price_tiers",
    nickname: null,
    billing_scheme: "tiered",
    unit_amount: null,
    unit_amount_decimal: null,
    tiers_mode: "graduated",
    product: "prod_big",
  });
  const before = subscription("sub_cus_1", { items: items(item({ quantity: 2 })) });
  const paidAt = today - 3 * day;
  const paid = invoice("in_paid", {
    status: "paid",
    amount_paid: 1000,
    amount_remaining: 0,
    status_transitions: { finalized_at: today - 9 * day, paid_at: paidAt },
  });
  const open = invoice("in_open", { customer: "cus_2", amount_paid: 400, due_date: null });
  return stripeData({
    customers: crowd.map((id) => customer(id)),
    subscriptions: [
      ...few.map((id) => subscription(`sub_${id}`, { customer: id, items: items(item({ quantity: 3 })) })),
      subscription("sub_tiers", {
        customer: "cus_7",
        items: items(item({ quantity: 12, price: tiered })),
        discounts: ["di_1"],
      }),
      subscription("sub_over", {
        customer: "cus_8",
        status: "canceled",
        canceled_at: today - 40 * day,
        ended_at: today - 20 * day,
      }),
    ],
    invoices: [
      ...few.map((id) => invoice(`in_${id}`, { customer: id })),
      paid,
      open,
      invoice("in_draft", { status: "draft" }),
    ],
    events: [
      event("evt_1", "customer.subscription.updated", today - 10 * day, before),
      ...crowd.map((id) => event(`evt_${id}`, "customer.updated", today - 5 * day, customer(id))),
      event("evt_then", "customer.updated", today - 5 * day, customer("cus_9", { name: "Before" })),
      event("evt_again", "customer.updated", today - 5 * day, customer("cus_9")),
      event("evt_2", "invoice.payment_failed", today - 2 * day, { ...open, amount_paid: 0 }),
      event("evt_3", "customer.deleted", today - day, customer("cus_gone")),
      event(
        "evt_4",
        "customer.subscription.updated",
        today,
        subscription("sub_cus_1", { items: items(item({ quantity: 3 })) }),
      ),
      event("evt_5", "radar.early_fraud_warning.created", today, {
        object: "radar.early_fraud_warning",
        id: "issfr_1",
      }),
    ],
    products: { prod_1: { name: "Team" }, prod_big: { name: "Enterprise" } },
    prices: { price_tiers: { ...tiered } },
    tiers: {
      price_tiers: [
        { up_to: 10, unit_amount: 500, flat_amount: 1000 },
        { up_to: null, unit_amount: 300 },
      ],
    },
    coupons: { quarter: { object: "coupon", percent_off: 25, duration: "forever" } },
    discounts: { di_1: { id: "di_1", object: "discount", end: null, source: { type: "coupon", coupon: "quarter" } } },
  });
}

function items(...data: readonly object[]): object {
  return { object: "list", data, has_more: false };
}

/** What the tables are to have of it, worked out by hand. */
export function awkwardTruth(): VendorTruth {
  const team = {
    plan: "Team",
    status: "active",
    currency: "EUR",
    interval: "month",
    startsOn: "2025-06-10",
    periodEndsOn: "2026-04-10",
  };
  const issued = { status: "open", amountMinor: 1000, currency: "EUR", issuedOn: "2026-02-10", dueOn: "2026-02-24" };
  return {
    records: {
      account: Object.fromEntries(
        crowd.map((id) => [id, { name: `Customer ${id}`, country: "DE", beganOn: "2025-01-10" }]),
      ),
      subscription: {
        ...Object.fromEntries(
          few.map((id) => [`sub_${id}`, { account: id, ...team, amountMinor: 3000, seats: 3, autoRenew: true }]),
        ),
        // Ten at 5.00 and two at 3.00 with 10.00 on top, a quarter off.
        sub_tiers: { ...team, account: "cus_7", plan: "Enterprise", amountMinor: 4950, seats: 12 },
        sub_over: {
          account: "cus_8",
          status: "canceled",
          endsOn: "2026-02-18",
          noticeOn: "2026-01-29",
          autoRenew: false,
        },
      },
      invoice: {
        ...Object.fromEntries(few.map((id) => [`in_${id}`, { account: id, ...issued }])),
        in_paid: {
          account: "cus_1",
          status: "paid",
          amountPaidMinor: 1000,
          paidAt: "2026-03-07T06:00:00.000Z",
          issuedOn: "2026-03-01",
        },
        in_open: {
          account: "cus_2",
          ...issued,
          dueOn: "2026-02-10",
          amountPaidMinor: 400,
          paymentFailedAt: "2026-03-08T06:00:00.001Z",
        },
      },
    },
  };
}
