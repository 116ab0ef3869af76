import { afterEach, describe, expect, test } from "vitest";
import { type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { organizationId, ownUser, type SalesforceFake, startSalesforceFake } from "./fake.ts";
import { messageOf } from "./messages.ts";
import { openOver } from "./open.ts";
import { idOf, moment } from "./organization.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const acme = idOf("001", 1);
const secrets = { KEY: "message key/+=", OLD_KEY: "the key before", TOKEN: "callout-token-1" };
const settings = {
  outboundMessages: { keys: [{ env: "KEY" }, { env: "OLD_KEY" }], organizations: [organizationId] },
  callouts: { tokens: { env: "TOKEN" } },
};

const fakes: SalesforceFake[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

function hookOf(source: Source = openOver("http://127.0.0.1:9", settings, secrets)) {
  if (source.hook === undefined) throw new Error("no hook");
  return source.hook;
}

function request(over: Partial<InboundRequest> & { readonly key?: string | null } = {}): InboundRequest {
  const { key = secrets.KEY, ...rest } = over;
  const query = key === null ? "" : `?key=${encodeURIComponent(key)}`;
  return {
    raw: Buffer.from(messageOf({ notifications: [notification()] })),
    headers: { "content-type": "text/xml; charset=UTF-8" },
    method: "POST",
    url: `https://keepwell.example.com/webhooks/salesforce${query}`,
    now,
    ...rest,
  };
}

function notification(fields: Readonly<Record<string, string | null>> = {}, object = "Account") {
  return { id: idOf("04l", 1), object, fields: { Id: acme, ...fields } };
}

function callout(body: unknown, authorization: string | undefined = `Bearer ${secrets.TOKEN}`): InboundRequest {
  const headers = { "content-type": "application/json; charset=utf-8", ...(authorization && { authorization }) };
  return request({ key: null, headers, raw: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });
}

const event = { eventId: "run-1", object: "Account", id: acme, at: "2026-03-01T10:00:00Z" };

describe("an outbound message is believed", () => {
  test.each([
    ["with the key", request()],
    ["with the key before it", request({ key: secrets.OLD_KEY })],
    ["from the organization by its long id", request()],
  ])("%s", (_what, delivery) => {
    expect(hookOf().verify(delivery)).toEqual({ ok: true });
  });
});

describe("an outbound message is refused", () => {
  const otherOrganization = messageOf({ organization: "00D000000000009AAA", notifications: [notification()] });
  const otherCase = messageOf({ organization: "00d000000000001AAA", notifications: [notification()] });
  test.each([
    ["without a key", request({ key: null }), "unsigned"],
    ["with an empty key", request({ key: "" }), "bad signature"],
    ["with another key", request({ key: `${secrets.KEY} ` }), "bad signature"],
    ["with the beginning of the key", request({ key: secrets.KEY.slice(0, -1) }), "bad signature"],
    ["with the token of callouts", request({ key: secrets.TOKEN }), "bad signature"],
    [
      "with two keys",
      request({ url: "https://k.example.com/webhooks/s?key=message%20key%2F%2B%3D&key=x" }),
      "unsigned",
    ],
    ["from another organization", request({ raw: Buffer.from(otherOrganization) }), "not allowed"],
    ["from an organization in other letters", request({ raw: Buffer.from(otherCase) }), "not allowed"],
  ])("%s", (_what, delivery, reason) => {
    expect(hookOf().verify(delivery)).toEqual({ ok: false, reason });
  });

  test("where only callouts are taken", () => {
    const source = openOver("http://127.0.0.1:9", { callouts: settings.callouts }, secrets);
    expect(hookOf(source).verify(request())).toEqual({ ok: false, reason: "not allowed" });
  });

  test("without reading its body while the key is wrong", () => {
    const raw = Buffer.from("<!DOCTYPE x>");
    expect(hookOf().verify(request({ raw, key: "x" }))).toEqual({ ok: false, reason: "bad signature" });
  });

  test("when the proxy in front did not see Salesforce's certificate", () => {
    const certificate = { clientCertificate: { header: "X-Client-Verify", value: "SUCCESS" } };
    const outboundMessages = { ...settings.outboundMessages, ...certificate };
    const hook = hookOf(openOver("http://127.0.0.1:9", { outboundMessages }, secrets));
    const headers = { "content-type": "text/xml" };
    expect(hook.verify(request({ headers }))).toEqual({ ok: false, reason: "not allowed" });
    expect(hook.verify(request({ headers: { ...headers, "x-client-verify": "NONE" } })).ok).toBe(false);
    expect(hook.verify(request({ headers: { ...headers, "x-client-verify": "SUCCESS" } }))).toEqual({ ok: true });
  });
});

describe("a body that cannot be read", () => {
  test.each([
    ["an attack", request({ raw: Buffer.from("<!DOCTYPE x>") })],
    ["another encoding by its header", request({ headers: { "content-type": 'text/xml; charset="iso-8859-1"' } })],
    ["no message", request({ raw: Buffer.from("<a/>") })],
    ["half a callout", callout('{"eventId":')],
    ["a callout without an event", callout({ object: "Account", id: acme })],
    ["a callout of something that is no id", callout({ ...event, id: "' OR Id != '" })],
    ["a callout with a nested field", callout({ ...event, fields: { Name: { first: "x" } } })],
    ["a callout in UTF-16", { ...callout(""), raw: Buffer.from(JSON.stringify(event), "utf16le") }],
    ["a callout of ten thousand brackets", callout("[".repeat(10_000))],
  ])("that is %s is refused in words that hold nothing of it", (_what, delivery) => {
    const hook = hookOf();
    expect(hook.verify(delivery)).toEqual({ ok: true });
    expect(() => hook.split(delivery)).toThrow(UnreadableBody);
  });
});

describe("a callout", () => {
  test("is believed with its token", () => {
    expect(hookOf().verify(callout(event))).toEqual({ ok: true });
  });

  test.each([
    ["no token", "", "unsigned"],
    ["another token", "Bearer nope", "bad signature"],
    ["another scheme", `Basic ${secrets.TOKEN}`, "unsigned"],
    ["the key of messages", "Bearer message", "bad signature"],
  ])("is refused with %s", (_what, authorization, reason) => {
    expect(hookOf().verify(callout(event, authorization))).toEqual({ ok: false, reason });
  });

  test("is refused where only messages are taken", () => {
    const source = openOver("http://127.0.0.1:9", { outboundMessages: settings.outboundMessages }, secrets);
    expect(hookOf(source).verify(callout(event))).toEqual({ ok: false, reason: "not allowed" });
  });

  test("has ids as the API gives them, also where a formula made them short", () => {
    const fields = { AccountId: "00D000000000062", Name: "00D000000000062" };
    const [item] = hookOf().split(callout({ ...event, object: "Contact", id: "003D0000001aBcD", fields }));
    expect(JSON.parse(item?.body ?? "")).toMatchObject({
      id: "003D0000001aBcDIAU",
      fields: { AccountId: "00D000000000062EAA", Name: "00D000000000062" },
    });
  });

  test("is one item under its own id and time", () => {
    const items = hookOf().split(callout({ ...event, more: "ignored" }));
    expect(items).toEqual([
      {
        dedupeKey: "callout:run-1",
        occurredAt: new Date("2026-03-01T10:00:00Z"),
        body: JSON.stringify({ object: "Account", id: acme, fields: { SystemModstamp: event.at } }),
      },
    ]);
  });
});

describe("the items of a message", () => {
  test("are known by the ids of its notifications, and by the times of their objects", () => {
    const notifications = [
      notification({
        SystemModstamp: moment("2026-03-01T10:00:00Z"),
        LastModifiedDate: moment("2026-03-01T09:00:00Z"),
      }),
      { ...notification(), id: idOf("04l", 2) },
    ];
    const items = hookOf().split(request({ raw: Buffer.from(messageOf({ notifications })) }));
    expect(items.map(({ dedupeKey, occurredAt }) => [dedupeKey, occurredAt])).toEqual([
      [`notification:${idOf("04l", 1)}`, new Date("2026-03-01T10:00:00Z")],
      [`notification:${idOf("04l", 2)}`, null],
    ]);
  });

  test("hold nothing of the session that came with them", () => {
    const raw = Buffer.from(messageOf({ sessionId: "00D000000000001!canary", notifications: [notification()] }));
    expect(JSON.stringify(hookOf().split(request({ raw })))).not.toMatch(/canary|!|Soap/);
  });

  test("are acknowledged in SOAP", () => {
    const { reply } = hookOf();
    expect(reply).toMatchObject({ status: 200, contentType: "text/xml; charset=utf-8" });
    expect(reply?.body).toContain(
      '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>',
    );
  });
});

describe("an item", () => {
  const at = moment("2026-03-01T10:00:00Z");
  const read = (fields: Readonly<Record<string, string | null>>, object = "Account", hook = hookOf()) => {
    const raw = Buffer.from(messageOf({ notifications: [notification(fields, object)] }));
    const [item] = hook.split(request({ raw }));
    return hook.read(item?.body ?? "", mapContext(now));
  };
  const whole = { Name: "Acme & Co", OwnerId: idOf("005", 1), Website: null, SystemModstamp: at };

  test("is applied at its own time where it says enough", () => {
    expect(read(whole).mapped?.inputs).toEqual([
      expect.objectContaining({
        kind: "account",
        id: acme,
        at: "2026-03-01T10:00:00.000Z",
        set: expect.objectContaining({ name: "Acme & Co", domain: null }),
      }),
    ]);
  });

  test("is applied with text for truth and numbers", () => {
    const fields = {
      AccountId: acme,
      Amount: "12.5",
      CloseDate: "2026-03-31",
      IsClosed: "true",
      IsWon: "false",
      LastModifiedDate: at,
    };
    expect(read(fields, "Opportunity").mapped?.inputs?.at(-1)).toMatchObject({
      kind: "opportunity",
      set: { outcome: "lost", amountMinor: 1250, closesOn: "2026-03-31" },
    });
  });

  test.each([
    ["no time", { ...whole, SystemModstamp: null }],
    ["a time that is none", { ...whole, SystemModstamp: "yesterday" }],
    ["too little", { Name: "Acme", SystemModstamp: at }],
  ])("is fetched where it has %s", (_what, fields) => {
    expect(read(fields)).toEqual({ refetch: [{ stream: "accounts", id: acme }] });
  });

  test("is fetched where a field that sources.json names is not in it", () => {
    const source = openOver("http://127.0.0.1:9", { ...settings, account: { key: "Key__c" } }, secrets);
    expect(read(whole, "Account", hookOf(source))).toEqual({ refetch: [{ stream: "accounts", id: acme }] });
  });

  test("of an object that is not pulled is ignored", () => {
    expect(read({}, "Design__c")).toEqual({ ignored: "Design__c is not pulled" });
  });

  test("that tells of what we wrote is ignored once we know who we are, and only of objects that we write", async () => {
    const fake = await startSalesforceFake({ clock: () => now });
    fakes.push(fake);
    const source = openOver(fake.url, settings, secrets);
    const ours = { ...whole, LastModifiedById: ownUser.slice(0, 15) };
    expect(read(ours, "Account", hookOf(source))).toHaveProperty("mapped");
    await source.pull("owners", null, pullContext(source, now));
    expect(read(ours, "Account", hookOf(source))).toEqual({ ignored: "it tells of what was written from here" });
    expect(read({ ...whole, LastModifiedById: idOf("005", 1) }, "Account", hookOf(source))).toHaveProperty("mapped");
    expect(read({ LastModifiedById: ownUser }, "Case", hookOf(source))).toHaveProperty("refetch");
  });

  test.each(["{}", "[]", "null", '{"object":7}'])("that is %s is ignored", (body) => {
    expect(hookOf().read(body, mapContext(now))).toEqual({ ignored: "it cannot be read" });
  });
});
