import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { type Hook, type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { openStripeHook } from "../../../src/integrations/stripe/hook.ts";
import { mapContext } from "../pull-context.ts";
import { customer, event, every, invoice, item, price, recordsOf, seconds, subscription } from "./objects.ts";

const now = new Date("2026-03-10T12:00:00Z");
const stamp = now.getTime() / 1_000;
const secret = "whsec_first_secret_of_the_endpoint";
const older = "whsec_second_secret_still_active";
const stripe = new Stripe("sk_test_unused");
const rules = { accounts: "create", accountField: "account_id" } as const;
const hook = openStripeHook([secret, older], rules);

const payload = JSON.stringify(event("evt_1", "customer.updated", stamp, customer("cus_1")), null, 2);

function signed(body: string, by = secret, at = stamp): string {
  return stripe.webhooks.generateTestHeaderString({ payload: body, secret: by, timestamp: at });
}

function delivery(body: string, header: string | null): InboundRequest {
  const headers: Record<string, string> = header === null ? {} : { "stripe-signature": header };
  return { raw: Buffer.from(body), headers, method: "POST", url: "https://keepwell.example.com/webhooks/stripe", now };
}

describe("a delivery of Stripe", () => {
  test("is believed when Stripe's own library has signed it, by any secret that is active", () => {
    expect(hook.verify(delivery(payload, signed(payload)))).toEqual({ ok: true });
    expect(hook.verify(delivery(payload, signed(payload, older)))).toEqual({ ok: true });
  });

  test("is believed by any of several signatures, while a secret is replaced", () => {
    const other = signed(payload, "whsec_one_we_never_had").split("v1=")[1];
    const [time, own] = signed(payload).split(",");
    expect(hook.verify(delivery(payload, `${time},v1=${other},${own},v0=abc`))).toEqual({ ok: true });
  });

  test.each([
    { what: "without a signature", header: null, reason: "unsigned" },
    { what: "with an empty one", header: "", reason: "unsigned" },
    { what: "by a secret that is none of ours", header: signed(payload, "whsec_stranger"), reason: "bad signature" },
    { what: "of another body", header: signed(`${payload} `), reason: "bad signature" },
    { what: "without a time", header: signed(payload).replace(/^t=\d+,/, ""), reason: "bad signature" },
    { what: "with another time", header: signed(payload).replace(/^t=\d+/, `t=${stamp + 1}`), reason: "bad signature" },
    {
      what: "with two times, the first not its own",
      header: `t=${stamp + 1},${signed(payload)}`,
      reason: "bad signature",
    },
    { what: "in the old scheme alone", header: signed(payload).replace("v1=", "v0="), reason: "bad signature" },
    { what: "with half a signature", header: signed(payload).slice(0, -10), reason: "bad signature" },
    {
      what: "in capital letters",
      header: signed(payload).replace(/v1=.*/, (text) => text.toUpperCase()),
      reason: "bad signature",
    },
    {
      what: "with more signatures than Stripe sends",
      header: `${signed(payload)}${",v1=00".repeat(20)}`,
      reason: "bad signature",
    },
    { what: "301 seconds old", header: signed(payload, secret, stamp - 301), reason: "stale" },
    { what: "301 seconds from now", header: signed(payload, secret, stamp + 301), reason: "stale" },
  ])("is refused $what", ({ header, reason }) => {
    expect(hook.verify(delivery(payload, header))).toEqual({ ok: false, reason });
  });

  test.each([-300, -299, 299, 300])("is believed %i seconds away", (away) => {
    expect(hook.verify(delivery(payload, signed(payload, secret, stamp + away)))).toEqual({ ok: true });
  });

  test("is refused when it was written anew with the same meaning", () => {
    const again = JSON.stringify(JSON.parse(payload));
    expect(hook.verify(delivery(again, signed(payload)))).toEqual({ ok: false, reason: "bad signature" });
  });

  test("is refused after any change of one byte", () => {
    const header = signed(payload);
    fc.assert(
      fc.property(fc.nat(Buffer.byteLength(payload) - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const raw = Buffer.from(payload);
        raw[place] = (raw[place] ?? 0) ^ change;
        expect(hook.verify({ ...delivery(payload, header), raw })).toEqual({ ok: false, reason: "bad signature" });
      }),
    );
  });

  test("is known again by the event's id", () => {
    expect(hook.split(delivery(payload, null))).toEqual([{ dedupeKey: "evt_1", occurredAt: now, body: payload }]);
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    '{"id":7,"object":"event","created":1}',
    '{"id":"evt_1","object":"charge","created":1}',
    '{"id":"","object":"event","created":1}',
    `{"id":"${"x".repeat(201)}","object":"event","created":1}`,
    "\ufffe",
  ])("is refused as no event: %j", (body) => {
    expect(() => hook.split(delivery(body, null))).toThrow(UnreadableBody);
  });
});

describe("an event", () => {
  const read = (type: string, object: unknown, over: object = {}, by: Hook = hook) =>
    by.read(JSON.stringify({ ...event("evt_1", type, stamp, object), ...over }), mapContext(now));

  test("is applied at its own time, as a thing is made, changed and ended within one second", () => {
    const timeOf = (type: string) =>
      recordsOf(read(`customer.subscription.${type}`, subscription("sub_1")).mapped ?? {})[0]?.at;
    expect(["created", "updated", "deleted"].map(timeOf)).toEqual([
      "2026-03-10T12:00:00.000Z",
      "2026-03-10T12:00:00.001Z",
      "2026-03-10T12:00:00.002Z",
    ]);
  });

  test("of a customer claims the account by our key and the domain of the address", () => {
    const { mapped } = read(
      "customer.created",
      customer("cus_1", { email: "Ann@Acme.Example", metadata: { account_id: "acme" } }),
    );
    expect(mapped).toMatchObject({
      inputs: [{ kind: "account", id: "cus_1", set: { name: "Customer cus_1", country: "DE" } }],
      claims: [{ externalId: "cus_1", ourKey: "acme", domains: ["acme.example"] }],
    });
  });

  test("of a customer describes no account that another system describes", () => {
    const matching = openStripeHook([secret], { ...rules, accounts: "match" });
    const { mapped } = read("customer.updated", customer("cus_1"), {}, matching);
    expect(recordsOf(mapped ?? {})).toMatchObject([{ kind: "account", id: "cus_1", set: {} }]);
    expect(mapped?.claims).toHaveLength(1);
  });

  test("of a deleted customer deletes the account there", () => {
    expect(read("customer.deleted", customer("cus_1"))).toEqual({
      mapped: { deleted: [{ kind: "account", id: "cus_1", at: "2026-03-10T12:00:00.002Z" }] },
    });
  });

  test("of a failed payment notes the attempt, each at its own time", () => {
    const { mapped } = read("invoice.payment_failed", invoice("in_1"));
    expect(recordsOf(mapped ?? {})).toMatchObject([
      { at: "2026-02-10T10:00:00.000Z", set: { status: "open", issuedOn: "2026-02-10", dueOn: "2026-02-24" } },
      { at: "2026-03-10T12:00:00.001Z", set: { amountPaidMinor: 0 } },
      { at: "2026-03-10T12:00:00.001Z", set: { paymentFailedAt: "2026-03-10T12:00:00.001Z" } },
    ]);
  });

  test.each([
    { passed: { paid_at: stamp }, status: "paid", set: { status: "paid", paidAt: now.toISOString() } },
    { passed: { voided_at: stamp }, status: "void", set: { status: "void" } },
    { passed: { marked_uncollectible_at: stamp }, status: "uncollectible", set: { status: "uncollectible" } },
  ])("of an invoice that is $status says since when", ({ passed, status, set }) => {
    const { mapped } = read(
      "invoice.updated",
      invoice("in_1", { status, status_transitions: { finalized_at: stamp - 60, ...passed } }),
    );
    expect(recordsOf(mapped ?? {}).at(-1)).toMatchObject({ at: now.toISOString(), set });
  });

  test("of a draft is no invoice yet", () => {
    expect(recordsOf(read("invoice.updated", invoice("in_1", { status: "draft" })).mapped ?? {})).toEqual([]);
  });

  const tiers = price({ billing_scheme: "tiered", unit_amount: null, unit_amount_decimal: null });
  test.each([
    { what: "discounts by id", over: { discounts: ["di_1"] } },
    { what: "a coupon by id", over: { discounts: [{ id: "di_1", source: { coupon: "half" } }] } },
    { what: "tiers it does not hold", over: { items: { data: [item({ price: tiers })], has_more: false } } },
    { what: "more items than it holds", over: { items: { data: [item()], has_more: true } } },
  ])("of a subscription with $what is a hint to look again", ({ over }) => {
    expect(read("customer.subscription.updated", subscription("sub_1", over))).toEqual({
      refetch: [{ stream: "subscriptions", id: "sub_1" }],
    });
  });

  test("of a discount is a hint to look at its subscription", () => {
    const discount = { object: "discount", id: "di_1", subscription: "sub_1" };
    expect(read("customer.discount.deleted", discount)).toEqual({
      refetch: [{ stream: "subscriptions", id: "sub_1" }],
    });
    expect(read("customer.discount.created", { ...discount, subscription: null })).toHaveProperty("ignored");
  });

  test.each([
    {
      what: "of another type",
      reading: () => read("payout.paid", { object: "payout", id: "po_1" }),
      why: "events of type payout.paid are not used",
    },
    {
      what: "of a connected account",
      reading: () => read("customer.updated", customer("cus_1"), { account: "acct_2" }),
      why: "an event of a connected account",
    },
    {
      what: "about something new",
      reading: () => read("customer.updated", { object: "client", id: "cl_1" }),
      why: "events about a client are not used",
    },
    {
      what: "without a customer's id",
      reading: () => read("customer.updated", { object: "customer" }),
      why: /^customer: id/,
    },
    {
      what: "that is thin",
      reading: () =>
        hook.read(
          JSON.stringify({
            id: "evt_1",
            object: "v2.core.event",
            type: "v1.billing.meter.error",
            created: now.toISOString(),
          }),
          mapContext(now),
        ),
      why: /^a thin event/,
    },
  ])("$what is left alone, and says why", ({ reading, why }) => {
    expect(reading().ignored).toMatch(why);
  });

  test("keeps a subscription's price by the week whole", () => {
    const weekly = item({ price: price({ recurring: every("week"), unit_amount_decimal: "700" }) });
    const { mapped } = read("customer.subscription.created", subscription("sub_1", { items: { data: [weekly] } }));
    expect(recordsOf(mapped ?? {})[0]?.set).toMatchObject({ amountMinor: 36_500, interval: "year" });
  });
});

const recorded = new URL("../../../../shared/specs/stripe/webhook-fixtures/", import.meta.url);

describe.skipIf(!existsSync(recorded))(
  "events as Stripe sent them in 2020 (skipped without ../shared/specs/stripe)",
  () => {
    const files = existsSync(recorded) ? readdirSync(recorded).filter((name) => name.endsWith(".json")) : [];
    const read = (file: string) => {
      const body = readFileSync(new URL(file, recorded), "utf8");
      expect(hook.split(delivery(body, null))).toHaveLength(1);
      return hook.read(body, mapContext(now));
    };

    test.each(files)("%s is understood or left alone with a reason", (file) => {
      const { mapped, refetch, ignored } = read(file);
      expect(mapped?.skipped).toBeUndefined();
      expect([mapped, refetch, ignored].filter((part) => part !== undefined)).toHaveLength(1);
      const isOurs =
        /^(customer\.(created|updated|deleted)|customer\.subscription\.(created|updated|deleted)|invoice\.(finalized|paid|payment_failed|updated))\.json$/.test(
          file,
        );
      if (isOurs) expect(ignored).toBeUndefined();
    });

    test("the old shape of a subscription has its period of its own", () => {
      const [record] = recordsOf(read("customer.subscription.updated.json").mapped ?? {});
      expect(record).toMatchObject({
        ...{ kind: "subscription", account: "cus_00000000000000", at: "2022-03-26T18:41:46.001Z" },
        set: {
          status: "active",
          amountMinor: 1500,
          currency: "USD",
          interval: "month",
          seats: 1,
          startsOn: "2022-03-26",
          periodEndsOn: "2022-04-26",
        },
      });
    });
  },
);

const examples = new URL("../../../../shared/specs/stripe/fixtures3.json", import.meta.url);

describe.skipIf(!existsSync(examples))(
  "Stripe's own examples of today (skipped without ../shared/specs/stripe)",
  () => {
    const resources = existsSync(examples) ? JSON.parse(readFileSync(examples, "utf8")).resources : {};

    test.each(["customer", "subscription", "invoice"])("the example of a %s is understood", (name) => {
      const type = name === "subscription" ? "customer.subscription.updated" : `${name}.updated`;
      const object = { ...resources[name], status: name === "invoice" ? "open" : resources[name].status };
      const { mapped, ignored } = hook.read(JSON.stringify(event("evt_1", type, stamp, object)), mapContext(now));
      expect(ignored).toBeUndefined();
      expect(recordsOf(mapped ?? {}).length).toBeGreaterThan(0);
    });

    const ours: readonly (readonly [string, object])[] = [
      ["customer", customer("cus_1")],
      ["subscription", subscription("sub_1")],
      ["invoice", invoice("in_1")],
      ["price", price()],
      ["subscription_item", item()],
      ["event", event("evt_1", "customer.updated", seconds("2026-03-10T12:00:00Z"), {})],
    ];
    test.each(ours)("the tests' %s has no field that Stripe's has not", (name, object) => {
      const strange = Object.keys(object).filter((field) => !Object.hasOwn(resources[name], field));
      expect(strange).toEqual([]);
    });
  },
);
