import { sql } from "kysely";
import Stripe from "stripe";
import { afterEach, describe, expect } from "vitest";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import { classifyStripe } from "../../../src/integrations/stripe/classify.ts";
import { stripeSettings } from "../../../src/integrations/stripe/settings.ts";
import { openStripeSource } from "../../../src/integrations/stripe/source.ts";
import type { Db } from "../../../src/store/db.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { readTables } from "../source-tables.ts";
import { awkwardCompany, now } from "./company.ts";
import { type StripeData, type StripeFake, startStripeFake, stripeData } from "./fake.ts";
import { customer, event, item, recordsOf, seconds, subscription } from "./objects.ts";

const key = "rk_test_51Nsecretsecretsecret";
const tomorrow = new Date("2026-03-11T12:00:00Z");

let fakes: StripeFake[] = [];
afterEach(async () => {
  for (const fake of fakes) await fake.close();
  fakes = [];
});

async function start(data: StripeData, at = now): Promise<StripeFake> {
  const fake = await startStripeFake(data, at, key);
  fakes.push(fake);
  return fake;
}

function open(fake: StripeFake, over: Readonly<Record<string, unknown>> = {}, secret = key) {
  const settings = {
    id: "stripe",
    kind: "stripe",
    key: { env: "STRIPE_KEY" },
    baseUrl: fake.url,
    allowPrivate: true,
    accounts: "create",
  };
  return openStripeSource(stripeSettings.parse({ ...settings, ...over }), () => secret);
}

async function collectAll(db: Db, fake: StripeFake, at: Date): Promise<void> {
  await sql`update streams set next_pull_at = null`.execute(db);
  const { failed } = await collectDue(collectDeps(db, [open(fake)]), at);
  expect(failed).toEqual([]);
}

async function changesOf(db: Db, id: string): Promise<unknown[]> {
  const { rows } = await sql<{ at: Date; set: object }>`
    select c.occurred_at as at, c.set from record_changes c join records r on r.id = c.record_id
    where r.external_id = ${id} order by c.occurred_at, c.recorded_at`.execute(db);
  return rows.map(({ at, set }) => [at.toISOString(), set]);
}

describe("everything read anew each night", () => {
  test("writes nothing where nothing has changed, and heals what no event told", async ({ db }) => {
    const data = stripeData({ customers: [customer("cus_1")], subscriptions: [subscription("sub_1")] });
    await collectAll(db, await start(data), now);
    const before = await changesOf(db, "sub_1");
    await collectAll(db, await start(data, tomorrow), tomorrow);
    expect(await changesOf(db, "sub_1")).toEqual(before);
    data.subscriptions = [subscription("sub_1", { items: { data: [item({ quantity: 5 })] } })];
    const later = new Date("2026-03-12T12:00:00Z");
    await collectAll(db, await start(data, later), later);
    expect((await changesOf(db, "sub_1")).slice(before.length)).toEqual([
      [later.toISOString(), { seats: 5, amountMinor: 5000 }],
    ]);
  });

  test("leaves the past as it was when a price changes", async ({ db }) => {
    const data = stripeData({ customers: [customer("cus_1")], subscriptions: [subscription("sub_1")] });
    await collectAll(db, await start(data), now);
    data.subscriptions = [subscription("sub_1", { items: { data: [item({ quantity: 5 })] } })];
    await collectAll(db, await start(data, tomorrow), tomorrow);
    expect((await changesOf(db, "sub_1"))[0]).toMatchObject(["2025-06-10T09:00:00.000Z", { amountMinor: 1000 }]);
  });

  test("deletes customers who are no longer listed, and no subscription or invoice ever", async ({ db }) => {
    const data = stripeData({
      customers: [customer("cus_1"), customer("cus_2"), customer("cus_3")],
      subscriptions: [subscription("sub_1"), subscription("sub_2", { customer: "cus_2" })],
    });
    await collectAll(db, await start(data), now);
    data.customers = data.customers.filter(({ id }) => id !== "cus_3");
    data.subscriptions = [];
    await collectAll(db, await start(data, tomorrow), tomorrow);
    const { records } = await readTables(db, "stripe");
    expect(Object.keys(records["account"] ?? {})).toEqual(["cus_1", "cus_2"]);
    expect(Object.keys(records["subscription"] ?? {})).toEqual(["sub_1", "sub_2"]);
  });

  test("begins anew when the customer it stood at is deleted meanwhile", async () => {
    const data = awkwardCompany();
    const fake = await start(data);
    const source = open(fake);
    const first = await source.pull("customers", null, pullContext(source, now));
    const last = recordsOf(source.map("customers", first.raw.at(-1), mapContext(now)))[0];
    data.customers = data.customers.filter(({ id }) => id !== last?.id);
    const again = await source.pull("customers", first.cursor, pullContext(source, now));
    expect(again).toMatchObject({ raw: [], done: false });
    const next = await source.pull("customers", again.cursor, pullContext(source, now));
    expect(next).toMatchObject({ sweep: first.sweep, done: false });
    expect(next.raw).toHaveLength(100);
  });

  test("asks for canceled subscriptions, too", async () => {
    const fake = await start(stripeData());
    const source = open(fake);
    await source.pull("subscriptions", null, pullContext(source, now));
    expect(fake.requests).toEqual([
      "GET /v1/subscriptions?limit=100&status=all&expand[]=data.discounts&expand[]=data.items.data.discounts",
    ]);
  });
});

describe("events in between", () => {
  const at = (text: string) => seconds(`2026-03-10T${text}Z`);

  test("are asked for from a little before the newest one on, thirty days back at most", async () => {
    const fake = await start(
      stripeData({ events: [event("evt_1", "customer.updated", at("11:00:00"), customer("cus_1"))] }),
    );
    const source = open(fake);
    const first = await source.pull("events", null, pullContext(source, now));
    await source.pull("events", first.cursor, pullContext(source, now));
    const longAfter = new Date("2026-06-10T12:00:00Z");
    await source.pull("events", first.cursor, pullContext(source, longAfter));
    const since = fake.requests.map((request) => Number(/created\[gte\]=(\d+)/.exec(request)?.[1]));
    expect(since).toEqual([seconds("2026-02-08T12:00:00Z"), at("10:50:00"), seconds("2026-05-11T12:00:00Z")]);
  });

  test("name at most twenty types, as Stripe allows", async () => {
    const fake = await start(stripeData());
    const source = open(fake);
    await source.pull("events", null, pullContext(source, now));
    expect(fake.requests[0]?.match(/types\[\]=/g)?.length).toBeLessThanOrEqual(20);
  });

  test("of one second count in the order in which they happened", async () => {
    const events = [
      event("evt_1", "customer.subscription.created", at("09:00:00"), subscription("sub_1", { status: "incomplete" })),
      event("evt_2", "customer.subscription.updated", at("09:00:00"), subscription("sub_1", { status: "past_due" })),
      event("evt_3", "customer.subscription.updated", at("09:00:00"), subscription("sub_1", { status: "active" })),
    ];
    const source = open(await start(stripeData({ events })));
    const { raw } = await source.pull("events", null, pullContext(source, now));
    const told = raw.flatMap((each) => recordsOf(source.map("events", each, mapContext(now))));
    expect(told.map((record) => [record.at, record.set])).toMatchObject([
      ["2026-03-10T09:00:00.000Z", { status: "incomplete" }],
      ["2026-03-10T09:00:00.001Z", { status: "past_due" }],
      ["2026-03-10T09:00:00.001Z", { status: "active" }],
    ]);
  });

  test("look up prices, products and coupons once, and discounts that are over not at all", async () => {
    const company = awkwardCompany();
    const tiered = company.subscriptions.find(({ id }) => id === "sub_tiers");
    company.events = [1, 2, 3].map((n) =>
      event(`evt_${n}`, "customer.subscription.updated", at(`09:00:0${n}`), {
        ...tiered,
        discounts: ["di_1", "di_over"],
      }),
    );
    const fake = await start(company);
    const source = open(fake);
    const { raw } = await source.pull("events", null, pullContext(source, now));
    const told = raw.flatMap((each) => recordsOf(source.map("events", each, mapContext(now))));
    expect(told.map(({ set }) => set)).toMatchObject([
      { amountMinor: 4950 },
      { amountMinor: 4950 },
      { amountMinor: 4950 },
    ]);
    const once = fake.requests.filter((request) => /prices|products|coupons/.test(request));
    expect(once).toEqual([
      "GET /v1/coupons/quarter",
      "GET /v1/prices/price_tiers?expand[]=tiers",
      "GET /v1/products/prod_big",
    ]);
  });
});

describe("single things for webhooks", () => {
  test("come as they are now, and those that are gone by name", async () => {
    const source = open(await start(awkwardCompany()));
    const { raw, deleted } = (await source.fetch?.(
      "subscriptions",
      ["sub_tiers", "sub_gone"],
      pullContext(source, now),
    )) ?? { raw: [], deleted: [] };
    expect(deleted).toEqual(["sub_gone"]);
    const mapped = raw.map((each) => source.map("subscriptions", each, mapContext(now)));
    expect(mapped).toMatchObject([
      {
        inputs: [],
        states: [{ id: "sub_tiers", at: now.toISOString(), set: { amountMinor: 4950, plan: "Enterprise" } }],
      },
    ]);
  });
});

describe("what Stripe's own client reads from the same server", () => {
  test("is what the tables have", async ({ db }) => {
    const fake = await start(awkwardCompany());
    const { hostname, port } = new URL(fake.url);
    const client = new Stripe(key, { host: hostname, port, protocol: "http", telemetry: false });
    const theirs = {
      account: await client.customers.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 }),
      subscription: await client.subscriptions.list({ limit: 100, status: "all" }).autoPagingToArray({ limit: 10_000 }),
      invoice: await client.invoices.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 }),
    };
    await collectAll(db, fake, now);
    const { records } = await readTables(db, "stripe");
    expect(Object.keys(records["account"] ?? {}).sort()).toEqual(theirs.account.map(({ id }) => id).sort());
    expect(
      Object.entries(records["subscription"] ?? {})
        .map(([id, { account, seats }]) => [id, account, seats])
        .sort(),
    ).toEqual(theirs.subscription.map(({ id, customer: whose, items }) => [id, whose, items.data[0]?.quantity]).sort());
    expect(
      Object.entries(records["invoice"] ?? {})
        .map(([id, { number, amountMinor }]) => [id, number, amountMinor])
        .sort(),
    ).toEqual(
      theirs.invoice
        .filter(({ status }) => status !== "draft")
        .map(({ id, number, amount_due: due }) => [id, number, due])
        .sort(),
    );
  });
});

describe("a key", () => {
  test("that may read everything is told so", async () => {
    const source = open(await start(stripeData()));
    expect(await source.check(pullContext(source, now))).toEqual({
      ok: true,
      detail: "reads everything in test mode",
      missing: [],
    });
  });

  test("that may not has its permissions named in Stripe's words, and is never shown", async () => {
    const fake = await start(stripeData());
    fake.forbidden.add("/v1/customers").add("/v1/events");
    const source = open(fake);
    const answer = await source.check(pullContext(source, now));
    expect(answer).toEqual({
      ok: false,
      detail: "the key may not read everything",
      missing: ["rak_customer_read", "rak_event_read"],
    });
    const halt = await source.pull("customers", null, pullContext(source, now)).catch((error: unknown) => error);
    expect(halt).toBeInstanceOf(SourceHalt);
    expect(String(halt)).not.toMatch(/rk_test/);
  });

  test("that is wrong is told so without being shown", async () => {
    const source = open(await start(stripeData()), {}, "rk_test_wrongwrongwrong");
    const { ok, detail } = await source.check(pullContext(source, now));
    expect(ok).toBe(false);
    expect(detail).toMatch(/^the vendor answered 401 Unauthorized: Invalid API Key provided/);
    expect(detail).not.toContain("rk_test");
  });
});

describe("an answer of Stripe", () => {
  const verdictOf = (status: number, error: object, headers = {}) =>
    classifyStripe({ status, headers, text: JSON.stringify({ error }) }, now);

  test.each([
    {
      what: "a cursor that is gone",
      status: 400,
      error: { code: "resource_missing", param: "starting_after", message: "No such customer" },
      verdict: { kind: "reset-cursor" },
    },
    {
      what: "nothing of that name",
      status: 404,
      error: { code: "resource_missing", param: "id" },
      verdict: { kind: "ok" },
    },
    {
      what: "a lock on one object",
      status: 429,
      error: { code: "lock_timeout", message: "busy" },
      verdict: { kind: "retry", scope: "call" },
    },
    {
      what: "too many requests",
      status: 429,
      error: { code: "rate_limit", message: "slow down" },
      verdict: { kind: "retry", scope: "bucket" },
    },
    {
      what: "a parameter that is wrong",
      status: 400,
      error: { message: "Invalid integer: limit" },
      verdict: { kind: "fatal" },
    },
    {
      what: "an address that does not exist",
      status: 404,
      error: { message: "Unrecognized request URL" },
      verdict: { kind: "fatal" },
    },
    { what: "no permission", status: 403, error: { message: "nope" }, verdict: { kind: "forbidden", missing: null } },
    {
      what: "its own fault",
      status: 500,
      error: { type: "api_error", message: "oops" },
      verdict: { kind: "retry", scope: "call" },
    },
  ])("says $what", ({ status, error, verdict }) => {
    expect(verdictOf(status, error)).toMatchObject(verdict);
  });
});
