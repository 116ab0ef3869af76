import { existsSync, readFileSync } from "node:fs";
import { Signature } from "@hubspot/api-client";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Hook, type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { mapContext } from "../pull-context.ts";
import { openSource } from "./company.ts";

const now = new Date("2026-02-10T12:00:00.000Z");
const secret = "3f6c1b5e-0000-4000-8000-5f1d3c2b1a09";
const url = "https://keepwell.example.com/webhooks/crm";
const event = {
  eventId: 3_816_279_340,
  subscriptionId: 25,
  portalId: 33,
  appId: 1_160_452,
  occurredAt: now.getTime() - 5_000,
  subscriptionType: "company.propertyChange",
  attemptNumber: 0,
  objectId: 11,
  propertyName: "name",
  propertyValue: "Acme",
  changeSource: "CRM",
};

function hookOf(settings: Readonly<Record<string, unknown>> = {}): Hook {
  const { hook } = openSource(
    "http://127.0.0.1:9",
    { clientSecret: { env: "HUBSPOT_CLIENT_SECRET" }, ...settings },
    secret,
  );
  if (hook === undefined) throw new Error("the source has no hook");
  return hook;
}

/** By HubSpot's own library, whose options have a place for the signature itself. */
function signatureOf(version: string, requestBody: string, calledAt: string, timestamp: number): string {
  const options = { clientSecret: secret, url: calledAt, requestBody, timestamp, signature: "" };
  return Signature.getSignature("POST", version, options);
}

function signed(body: string | Buffer, at: number = now.getTime(), calledAt: string = url): InboundRequest {
  const raw = Buffer.from(body);
  const signature = signatureOf("v3", raw.toString("utf8"), calledAt, at);
  const headers = { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(at) };
  return { raw, headers, method: "POST", url: calledAt, now };
}

function read(given: Readonly<Record<string, unknown>>, settings: Readonly<Record<string, unknown>> = {}) {
  return hookOf(settings).read(JSON.stringify({ ...event, ...given }), mapContext(now));
}

describe("a delivery signed in version 3", () => {
  test("is HubSpot's when the official library signed it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), fc.webQueryParameters(), (body, query) => {
        expect(hookOf().verify(signed(body, now.getTime(), `${url}?${query.replaceAll("%", "")}`))).toEqual({
          ok: true,
        });
      }),
    );
  });

  test("is judged with the signs in its URL that HubSpot writes plainly, and with all others as they came", () => {
    const request = signed("[]", now.getTime(), `${url}?at=10:30/x?@!$'()*,;&name=a%20b%26`);
    const called = `${url}?at=10%3A30%2fx%3F%40%21%24%27%28%29%2A%2C%3B&name=a%20b%26`;
    expect(hookOf().verify({ ...request, url: called })).toEqual({ ok: true });
  });

  test.each([
    ["299 s old", -299_000, { ok: true }],
    ["300 s old", -300_000, { ok: true }],
    ["301 s old", -301_000, { ok: false, reason: "stale" }],
    ["299 s ahead", 299_000, { ok: true }],
    ["301 s ahead", 301_000, { ok: false, reason: "stale" }],
  ])("that is %s is judged so", (_age, offset, verdict) => {
    expect(hookOf().verify(signed("[]", now.getTime() + offset))).toEqual(verdict);
  });

  test("is not HubSpot's when a bit of it was changed, wherever", () => {
    const body = JSON.stringify([event]);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 7 }), (place, bit) => {
        const request = signed(body);
        const raw = Buffer.from(request.raw);
        raw[place] = (raw[place] ?? 0) ^ (1 << bit);
        expect(hookOf().verify({ ...request, raw })).toEqual({ ok: false, reason: "bad signature" });
      }),
    );
  });

  test.each([
    ["no headers", {}, "unsigned"],
    ["no time", { "x-hubspot-signature-v3": "x" }, "unsigned"],
    ["a time that is none", { "x-hubspot-signature-v3": "x", "x-hubspot-request-timestamp": "soon" }, "unsigned"],
    ["another time", { "x-hubspot-request-timestamp": String(now.getTime() + 1) }, "bad signature"],
    ["an empty signature", { "x-hubspot-signature-v3": "" }, "bad signature"],
    ["a hexadecimal signature", { "x-hubspot-signature-v3": "ab".repeat(32) }, "bad signature"],
  ])("with %s is refused", (_what, headers, reason) => {
    const request = signed("[]");
    const kept = reason === "unsigned" ? headers : { ...request.headers, ...headers };
    expect(hookOf().verify({ ...request, headers: kept })).toEqual({ ok: false, reason });
  });

  test("to another method or address is refused", () => {
    const request = signed("[]");
    for (const other of [{ method: "PUT" }, { url: "https://keepwell.example.com/webhooks/other" }]) {
      expect(hookOf().verify({ ...request, ...other })).toEqual({ ok: false, reason: "bad signature" });
    }
  });

  test("may be signed with any of the secrets", () => {
    const both = { clientSecret: [{ env: "NEW" }, { env: "OLD" }] };
    expect(hookOf(both).verify(signed("[]"))).toEqual({ ok: true });
  });
});

describe("a delivery signed in an older version", () => {
  const body = JSON.stringify([event]);
  const request = (version: "v1" | "v2"): InboundRequest => {
    const signature = signatureOf(version, body, url, now.getTime());
    const headers = { "x-hubspot-signature": signature, "x-hubspot-signature-version": version };
    return { raw: Buffer.from(body), headers, method: "POST", url, now };
  };

  test.each(["v1", "v2"] as const)("%s is refused unless that is allowed", (version) => {
    expect(hookOf().verify(request(version))).toEqual({ ok: false, reason: "not allowed" });
    expect(hookOf({ allowOldSignatures: true }).verify(request(version))).toEqual({ ok: true });
  });

  test("is refused when it was changed", () => {
    const changed = { ...request("v1"), raw: Buffer.from(`${body} `) };
    expect(hookOf({ allowOldSignatures: true }).verify(changed)).toEqual({ ok: false, reason: "bad signature" });
  });

  test("does not stand in for a third one that is wrong", () => {
    const headers = { ...request("v1").headers, "x-hubspot-signature-v3": "x", "x-hubspot-request-timestamp": "1" };
    const verdict = hookOf({ allowOldSignatures: true }).verify({ ...request("v1"), headers });
    expect(verdict).toEqual({ ok: false, reason: "bad signature" });
  });
});

const vectorsPath = "../shared/specs/test-vectors.json";
describe.skipIf(!existsSync(vectorsPath))(`the vectors of ${vectorsPath} (skipped where they are not there)`, () => {
  const vector = z.looseObject({
    clientSecret: z.string(),
    method: z.string().default("POST"),
    url: z.string().default(url),
    body: z.string(),
    timestamp: z.number().optional(),
    signature: z.string(),
  });

  test.each(["hubspot_v1", "hubspot_v2_get", "hubspot_v2_post", "hubspot_v3"])("%s is taken", (name) => {
    const all = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(vectorsPath, "utf8")));
    const { clientSecret, method, url: called, body, timestamp, signature } = vector.parse(all[name]);
    const version = name.slice("hubspot_".length, "hubspot_".length + 2);
    const old = { "x-hubspot-signature": signature, "x-hubspot-signature-version": version };
    const third = { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(timestamp) };
    const settings = { clientSecret: { env: "HUBSPOT_CLIENT_SECRET" }, allowOldSignatures: true };
    const { hook } = openSource("http://127.0.0.1:9", settings, clientSecret);
    const request = {
      raw: Buffer.from(body),
      headers: timestamp === undefined ? old : third,
      method,
      url: called,
      now: new Date(timestamp ?? now),
    };
    expect(hook?.verify(request)).toEqual({ ok: true });
    expect(hook?.verify({ ...request, raw: Buffer.from(`${body} `) })).toEqual({ ok: false, reason: "bad signature" });
  });
});

describe("a body", () => {
  test("is split into its events, each with the time it happened", () => {
    const items = hookOf().split(signed(JSON.stringify([event, { ...event, eventId: 2 }])));
    expect(items.map(({ dedupeKey, occurredAt }) => [dedupeKey, occurredAt])).toEqual([
      [`33:25:3816279340:11:${event.occurredAt}:name`, new Date(event.occurredAt)],
      [`33:25:2:11:${event.occurredAt}:name`, new Date(event.occurredAt)],
    ]);
  });

  test("that comes again is the same, whichever attempt it is", () => {
    const keys = (given: object) =>
      hookOf()
        .split(signed(JSON.stringify([given])))
        .map(({ dedupeKey }) => dedupeKey);
    expect(keys({ ...event, attemptNumber: 3 })).toEqual(keys(event));
    // Of a sort nobody has heard of.
    expect(keys({ odd: true, attemptNumber: 3 })).toEqual(keys({ odd: true, attemptNumber: 0 }));
    expect(keys({ odd: true })).not.toEqual(keys({ odd: false }));
  });

  test("tells links apart that changed at one moment", () => {
    const { objectId: _, propertyName: __, ...rest } = event;
    const links = [1, 2].flatMap((from) => [3, 4].map((to) => ({ ...rest, fromObjectId: from, toObjectId: to })));
    const keys = hookOf()
      .split(signed(JSON.stringify(links)))
      .map(({ dedupeKey }) => dedupeKey);
    expect(new Set(keys).size).toBe(4);
  });

  test("has keys of 200 characters at most", () => {
    const [item] = hookOf().split(signed(JSON.stringify([{ ...event, propertyName: "x".repeat(500) }])));
    expect(item?.dedupeKey.length).toBeLessThanOrEqual(200);
  });

  test.each([
    ["an object", '{"eventId":1}'],
    ["a list of numbers", "[1]"],
    ["half a list", "[{"],
    ["nothing", ""],
    ["no UTF-8", Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
    ["nested without end", `[{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}]`],
  ])("that is %s cannot be read", (_what, body) => {
    expect(() => hookOf().split({ ...signed("[]"), raw: Buffer.from(body) })).toThrow(UnreadableBody);
  });
});

describe("an event", () => {
  test.each([
    ["company.creation", {}, "companies"],
    ["contact.propertyChange", {}, "contacts"],
    ["deal.restore", {}, "deals"],
    ["object.creation", { objectTypeId: "0-5" }, "tickets"],
    ["object.propertyChange", { objectTypeId: "0-19" }, "feedback_submissions"],
  ])("%s is a reason to look", (subscriptionType, given, stream) => {
    expect(read({ subscriptionType, ...given })).toEqual({ refetch: [{ stream, id: "11" }] });
  });

  test.each([
    ["contact.deletion", {}, "contact"],
    ["contact.privacyDeletion", {}, "contact"],
    ["object.deletion", { objectTypeId: "0-2" }, "account"],
    ["ticket.deletion", {}, "ticket"],
  ])("%s is taken at its own time", (subscriptionType, given, kind) => {
    const at = new Date(event.occurredAt).toISOString();
    expect(read({ subscriptionType, ...given })).toEqual({ mapped: { deleted: [{ kind, id: "11", at }] } });
  });

  test("of a merge of companies tells what became of which", () => {
    const at = new Date(event.occurredAt).toISOString();
    const given = {
      subscriptionType: "company.merge",
      primaryObjectId: 11,
      mergedObjectIds: [12, 13],
      newObjectId: 11,
    };
    const merged = [
      { from: "12", into: "11", at },
      { from: "13", into: "11", at },
    ];
    expect(read(given)).toEqual({ mapped: { merged }, refetch: [{ stream: "companies", id: "11" }] });
  });

  test("of a merge into something new ends both that were merged", () => {
    const at = new Date(event.occurredAt).toISOString();
    const given = { subscriptionType: "deal.merge", primaryObjectId: 31, mergedObjectIds: [32], newObjectId: 40 };
    const deleted = ["32", "31"].map((id) => ({ kind: "opportunity", id, at }));
    expect(read(given)).toEqual({ mapped: { deleted }, refetch: [{ stream: "deals", id: "40" }] });
  });

  test.each([
    ["CONTACT_TO_COMPANY", {}, { stream: "contacts", id: "1" }],
    ["COMPANY_TO_TICKET", {}, { stream: "tickets", id: "2" }],
    ["DEAL_TO_CONTACT", {}, { stream: "deals", id: "1" }],
    [undefined, { fromObjectTypeId: "0-2", toObjectTypeId: "0-3" }, { stream: "deals", id: "2" }],
  ])("of a link %s %j is a reason to look at what belongs to the other", (associationType, given, looked) => {
    const { objectId: _, ...rest } = event;
    const change = {
      ...rest,
      subscriptionType: "object.associationChange",
      associationType,
      fromObjectId: 1,
      toObjectId: 2,
    };
    expect(hookOf().read(JSON.stringify({ ...change, ...given }), mapContext(now))).toEqual({ refetch: [looked] });
  });

  test("about a property that we write is our own echo", () => {
    const settings = { writeFields: { score: "keepwell_score", band: "keepwell_band" } };
    expect(read({ propertyName: "keepwell_band" }, settings)).toEqual({ ignored: "we wrote it ourselves" });
    expect(read({ propertyName: "name" }, settings)).toEqual({ refetch: [{ stream: "companies", id: "11" }] });
  });

  test("about what is not pulled is passed over", () => {
    expect(read({ subscriptionType: "deal.creation" }, { skip: ["deals"] })).toEqual({
      ignored: "deals is not pulled",
    });
  });

  test.each([
    { subscriptionType: "conversation.newMessage" },
    { subscriptionType: "object.creation", objectTypeId: "2-5512" },
    { subscriptionType: "company.unheardOf" },
    { subscriptionType: 7 },
    { subscriptionType: "company.merge", primaryObjectId: undefined, objectId: undefined },
    { subscriptionType: "company.deletion", occurredAt: undefined },
    { subscriptionType: "constructor.creation" },
  ])("%j is passed over, with why", (given) => {
    expect(read(given).ignored).toMatch(/\S/);
  });
});
