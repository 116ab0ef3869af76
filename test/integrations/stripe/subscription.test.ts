import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { subscriptionSchema } from "../../../src/integrations/stripe/mapping/shapes.ts";
import { subscriptionAt, subscriptionSeen } from "../../../src/integrations/stripe/mapping/subscription.ts";
import { every, item, price, recordsOf, seconds, subscription } from "./objects.ts";

const at = "2026-03-10T12:00:00.000Z";

type Over = Readonly<Record<string, unknown>>;

function fieldsOf(over: Over): Over {
  const parsed = subscriptionSchema.parse(subscription("sub_1", over));
  return { ...recordsOf(subscriptionAt(parsed, at, "UTC"))[0]?.set };
}

function items(...data: readonly Over[]): Over {
  return { items: { data, has_more: false } };
}

function priced(over: Over, quantity = 1): Over {
  return items(item({ quantity, price: price(over) }));
}

const coupon = (over: Over) => ({ id: "c", duration: "forever", percent_off: null, amount_off: null, ...over });
const discount = (over: Over, more: Over = {}) => ({ id: "di_1", source: { coupon: coupon(over) }, ...more });
const tiers = [
  { up_to: 10, unit_amount: 500, flat_amount: 1000 },
  { up_to: null, unit_amount_decimal: "250.5", flat_amount: null },
];

describe("the price of a subscription", () => {
  test.each([
    { name: "a monthly price", over: priced({}), money: { amountMinor: 1000, interval: "month" } },
    { name: "seats", over: priced({}, 7), money: { amountMinor: 7000, interval: "month", seats: 7 } },
    {
      name: "every three months",
      over: priced({ recurring: every("month", 3) }),
      money: { amountMinor: 1000, interval: "quarter" },
    },
    { name: "a year", over: priced({ recurring: every("year") }), money: { amountMinor: 1000, interval: "year" } },
    {
      name: "twelve months",
      over: priced({ recurring: every("month", 12) }),
      money: { amountMinor: 1000, interval: "year" },
    },
    {
      name: "half a year",
      over: priced({ recurring: every("month", 6) }),
      money: { amountMinor: 2000, interval: "year" },
    },
    { name: "two years", over: priced({ recurring: every("year", 2) }), money: { amountMinor: 500, interval: "year" } },
    {
      name: "five months, rounded once a year",
      over: priced({ recurring: every("month", 5), unit_amount_decimal: "1001" }),
      money: { amountMinor: 2402, interval: "year" },
    },
    {
      name: "a week",
      over: priced({ recurring: every("week"), unit_amount_decimal: "700" }),
      money: { amountMinor: 36500, interval: "year" },
    },
    {
      name: "a day",
      over: priced({ recurring: every("day"), unit_amount_decimal: "10" }),
      money: { amountMinor: 3650, interval: "year" },
    },
    {
      name: "parts of a cent",
      over: priced({ unit_amount: null, unit_amount_decimal: "0.05" }, 1030),
      money: { amountMinor: 52 },
    },
    {
      name: "a currency without minor units",
      over: priced({ currency: "jpy", unit_amount_decimal: "5000" }, 2),
      money: { amountMinor: 10000, currency: "JPY" },
    },
    {
      name: "a currency with thousandths",
      over: priced({ currency: "kwd", unit_amount_decimal: "1250" }, 2),
      money: { amountMinor: 2500, currency: "KWD" },
    },
    {
      name: "packages, a part counting whole",
      over: priced({ transform_quantity: { divide_by: 10, round: "up" } }, 11),
      money: { amountMinor: 2000, seats: 11 },
    },
    {
      name: "tiers by volume",
      over: priced(
        { billing_scheme: "tiered", unit_amount: null, unit_amount_decimal: null, tiers_mode: "volume", tiers },
        12,
      ),
      money: { amountMinor: 3006 },
    },
    {
      name: "graduated tiers",
      over: priced(
        { billing_scheme: "tiered", unit_amount: null, unit_amount_decimal: null, tiers_mode: "graduated", tiers },
        12,
      ),
      money: { amountMinor: 6501 },
    },
    {
      name: "several items",
      over: items(item(), item({ id: "si_2", quantity: 2, price: price({ unit_amount_decimal: "50" }) })),
      money: { amountMinor: 1100, interval: "month", seats: 3 },
    },
    {
      name: "items of different intervals, by the year",
      over: items(item(), item({ id: "si_2", price: price({ recurring: every("year") }) })),
      money: { amountMinor: 13000, interval: "year" },
    },
    {
      name: "metered items beside a fixed one",
      over: items(
        item(),
        item({ id: "si_2", quantity: undefined, price: price({ recurring: every("month", 1, "metered") }) }),
      ),
      money: { amountMinor: 1000, seats: 1 },
    },
    {
      name: "a share off for ever",
      over: { discounts: [discount({ percent_off: 25.5 })] },
      money: { amountMinor: 745 },
    },
    {
      name: "an amount off while it lasts",
      over: {
        discounts: [
          discount(
            { amount_off: 300, currency: "eur", duration: "repeating" },
            { end: seconds("2026-05-01T00:00:00Z") },
          ),
        ],
      },
      money: { amountMinor: 700 },
    },
    {
      name: "one discount after the other",
      over: { discounts: [discount({ percent_off: 50 }), discount({ amount_off: 100, currency: "eur" })] },
      money: { amountMinor: 400 },
    },
    {
      name: "a discount of one item",
      over: items(item({ discounts: [discount({ percent_off: 50 })] }), item({ id: "si_2" })),
      money: { amountMinor: 1500 },
    },
    {
      name: "a discount as it was before 2025-09-30",
      over: { discount: { id: "di_1", coupon: coupon({ percent_off: 10 }) } },
      money: { amountMinor: 900 },
    },
    {
      name: "never less than nothing",
      over: { discounts: [discount({ amount_off: 9999, currency: "eur" })] },
      money: { amountMinor: 0 },
    },
    {
      name: "not what lowers one invoice only",
      over: { discounts: [discount({ percent_off: 50, duration: "once" })] },
      money: { amountMinor: 1000 },
    },
    {
      name: "not a discount that is over",
      over: {
        discounts: [discount({ percent_off: 50, duration: "repeating" }, { end: seconds("2026-03-01T00:00:00Z") })],
      },
      money: { amountMinor: 1000 },
    },
    {
      name: "not an amount in another currency",
      over: { discounts: [discount({ amount_off: 300, currency: "usd" })] },
      money: { amountMinor: 1000 },
    },
  ])("is $name", ({ over, money }) => {
    expect(fieldsOf(over)).toMatchObject(money);
  });

  test.each([
    { name: "metered alone", over: priced({ recurring: every("month", 1, "metered") }) },
    { name: "of an interval that nobody knows", over: priced({ recurring: every("fortnight") }) },
    { name: "larger than a number can hold", over: priced({ unit_amount_decimal: "9007199254740993" }) },
    { name: "without any item", over: items() },
  ])("is left out where it is $name", ({ over }) => {
    const fields = fieldsOf(over);
    expect(fields).not.toHaveProperty("amountMinor");
    expect(fields).toMatchObject({ status: "active" });
  });

  test("stays exact to the minor unit for every monthly, quarterly and yearly price", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.constantFrom(["month", 1, "month"], ["month", 3, "quarter"], ["month", 12, "year"], ["year", 1, "year"]),
        (unit, quantity, [interval, count, ours]) => {
          const over = priced(
            { unit_amount_decimal: String(unit), recurring: every(String(interval), Number(count)) },
            quantity,
          );
          expect(fieldsOf(over)).toMatchObject({ amountMinor: unit * quantity, interval: ours });
        },
      ),
    );
  });
});

describe("the state of a subscription", () => {
  const end = seconds("2026-04-10T23:30:00Z");

  test.each([
    { status: "active", fields: { status: "active", trial: false, autoRenew: true, endsOn: null, noticeOn: null } },
    { status: "trialing", fields: { status: "trialing", trial: true } },
    { status: "past_due", fields: { status: "past_due" } },
    { status: "incomplete_expired", fields: { status: "canceled" } },
    { status: "unpaid", fields: { status: "unpaid" } },
  ])("is told for $status", ({ status, fields }) => {
    expect(fieldsOf({ status })).toMatchObject(fields);
  });

  test("keeps the status known before where Stripe has a new word for it, and says so", () => {
    const mapped = subscriptionAt(subscriptionSchema.parse(subscription("sub_1", { status: "dormant" })), at, "UTC");
    expect(recordsOf(mapped)[0]?.set).not.toHaveProperty("status");
    expect(mapped.skipped).toBe('subscription sub_1: its status "dormant" is not known');
  });

  test.each([
    ["void", "paused"],
    ["mark_uncollectible", "paused"],
    ["keep_as_draft", "active"],
  ])("collection paused with %s is %s", (behavior, status) => {
    expect(fieldsOf({ pause_collection: { behavior } })).toMatchObject({ status });
  });

  test("ends with its period once it was canceled for then", () => {
    const over = {
      cancel_at_period_end: true,
      canceled_at: seconds("2026-03-01T08:00:00Z"),
      ...items(item({ current_period_end: end })),
    };
    expect(fieldsOf(over)).toMatchObject({
      endsOn: "2026-04-10",
      autoRenew: false,
      noticeOn: "2026-03-01",
      status: "active",
    });
  });

  test("ends on the day of the company's zone", () => {
    const parsed = subscriptionSchema.parse(subscription("sub_1", { cancel_at: end }));
    expect(recordsOf(subscriptionAt(parsed, at, "Europe/Vienna"))[0]?.set).toMatchObject({ endsOn: "2026-04-11" });
  });

  test("of one that Stripe ended for want of payment nobody gave notice", () => {
    const over = {
      status: "canceled",
      ended_at: end,
      canceled_at: end,
      cancellation_details: { reason: "payment_failed" },
    };
    expect(fieldsOf(over)).toMatchObject({
      status: "canceled",
      endsOn: "2026-04-10",
      noticeOn: null,
      autoRenew: false,
    });
  });

  test("has the first period that ends, of its items or, before 2025-03-31, of its own", () => {
    const two = items(item({ current_period_end: end }), item({ id: "si_2", current_period_end: end + 86_400 }));
    expect(fieldsOf(two)).toMatchObject({ periodEndsOn: "2026-04-10" });
    const old = { ...items(item({ current_period_end: undefined })), current_period_end: end };
    expect(fieldsOf(old)).toMatchObject({ periodEndsOn: "2026-04-10" });
  });

  test("takes its plan's name from the product, the price's nickname or its look-up key, never from an id", () => {
    const named = (over: Over) => fieldsOf(priced({ nickname: null, ...over }))["plan"];
    expect(named({ product: { id: "prod_1", name: "Enterprise" } })).toBe("Enterprise");
    expect(named({ nickname: "Team" })).toBe("Team");
    expect(named({ lookup_key: "team_eur" })).toBe("team_eur");
    expect(named({})).toBeUndefined();
  });
});

describe("a subscription seen for the first time", () => {
  const begin = seconds("2025-06-10T09:00:00Z");
  const day = 86_400;

  function changesOf(over: Over): readonly (readonly [string, Over])[] {
    const parsed = subscriptionSchema.parse(subscription("sub_1", over));
    const mapped = subscriptionSeen(parsed, { at, history: true }, "UTC");
    return recordsOf(mapped).map((record) => [record.at, { ...record.set }] as const);
  }

  test("is told from its beginning on", () => {
    const [first, last] = changesOf({ status: "past_due" });
    expect(first).toMatchObject([
      "2025-06-10T09:00:00.000Z",
      { status: "active", startsOn: "2025-06-10", amountMinor: 1000 },
    ]);
    expect(last).toMatchObject([at, { status: "past_due" }]);
  });

  test("knows its trial, its notice and its end, each at its own time", () => {
    const changes = changesOf({
      status: "canceled",
      trial_start: begin,
      trial_end: begin + 14 * day,
      canceled_at: begin + 60 * day,
      ended_at: begin + 90 * day,
    });
    expect(changes).toMatchObject([
      ["2025-06-10T09:00:00.000Z", { status: "trialing", trial: true, endsOn: null }],
      ["2025-06-24T09:00:00.000Z", { status: "active", trial: false }],
      ["2025-08-09T09:00:00.000Z", { noticeOn: "2025-08-09", autoRenew: false }],
      ["2025-09-08T09:00:00.000Z", { status: "canceled", endsOn: "2025-09-08" }],
    ]);
  });

  test("that ended in its trial never was a contract", () => {
    const changes = changesOf({
      status: "canceled",
      trial_start: begin,
      trial_end: begin + 14 * day,
      ended_at: begin + 14 * day,
    });
    expect(changes.map(([, { status }]) => status)).toEqual(["trialing", "canceled"]);
  });

  test("that was never paid never was a contract", () => {
    expect(changesOf({ status: "incomplete_expired" }).map(([, { status }]) => status)).toEqual([
      "incomplete",
      "canceled",
    ]);
  });
});
