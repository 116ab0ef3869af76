import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { openZendeskHook } from "../../../src/integrations/zendesk/hook.ts";
import { mapContext } from "../pull-context.ts";

const now = new Date("2026-06-01T12:00:00Z");
const secret = "a-signing-secret";
const hook = openZendeskHook([secret]);

const event = {
  account_id: 12_514_403,
  id: "7c2c3e3f-0001-4000-8000-000000000001",
  type: "zen:event-type:ticket.status_changed",
  subject: "zen:ticket:100",
  time: "2026-06-01T11:59:00Z",
  event: { current: "SOLVED", previous: "OPEN" },
  detail: { id: "100", status: "SOLVED" },
};

function signed(
  body: string,
  more: { at?: string; by?: string; headers?: Record<string, string> } = {},
): InboundRequest {
  const { at = now.toISOString(), by = secret, headers = {} } = more;
  const signature = createHmac("sha256", by).update(at).update(body).digest("base64");
  return requestOf(body, {
    "x-zendesk-webhook-signature": signature,
    "x-zendesk-webhook-signature-timestamp": at,
    ...headers,
  });
}

function requestOf(body: string, headers: Record<string, string>): InboundRequest {
  const url = "https://keepwell.example.com/webhooks/desk";
  return { raw: Buffer.from(body, "utf8"), headers, method: "POST", url, now };
}

function shifted(seconds: number): string {
  return new Date(now.getTime() + seconds * 1_000).toISOString();
}

describe("a delivery", () => {
  const body = JSON.stringify(event);

  test("that Zendesk signed is believed, by any of the secrets", () => {
    expect(hook.verify(signed(body))).toEqual({ ok: true });
    const rotating = openZendeskHook(["a-newer-one", secret]);
    expect(rotating.verify(signed(body))).toEqual({ ok: true });
    expect(rotating.verify(signed(body, { by: "a-newer-one" }))).toEqual({ ok: true });
  });

  test.each([
    ["without a signature", requestOf(body, {}), "unsigned"],
    ["without a timestamp", requestOf(body, { "x-zendesk-webhook-signature": "x" }), "unsigned"],
    ["signed by somebody else", signed(body, { by: "another secret" }), "bad signature"],
    ["with another body", { ...signed(body), raw: Buffer.from(`${body} `) }, "bad signature"],
    ["signed in the order of older pages", olderOrder(body), "bad signature"],
    ["signed for a time that is no time", signed(body, { at: "yesterday" }), "stale"],
  ])("%s is refused", (_, request, reason) => {
    expect(hook.verify(request)).toEqual({ ok: false, reason });
  });

  test.each([
    [-301, false],
    [-299, true],
    [299, true],
    [301, false],
  ])("signed %i seconds from now: believed is %s", (seconds, ok) => {
    expect(hook.verify(signed(body, { at: shifted(seconds) })).ok).toBe(ok);
  });
});

function olderOrder(body: string): InboundRequest {
  const at = now.toISOString();
  const signature = createHmac("sha256", secret).update(body).update(at).digest("base64");
  return requestOf(body, { "x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": at });
}

describe("an event", () => {
  test("is kept under its own id and time", () => {
    const [item, ...others] = hook.split(signed(JSON.stringify(event)));
    expect(others).toEqual([]);
    expect(item).toMatchObject({ dedupeKey: event.id, occurredAt: new Date("2026-06-01T11:59:00Z") });
  });

  test.each([
    ["zen:event-type:ticket.status_changed", "tickets"],
    ["zen:event-type:ticket.undeleted", "tickets"],
    ["zen:event-type:organization.name_changed", "organizations"],
    ["zen:event-type/user.identity_changed", "users"],
  ])("%s is a hint to ask for the present state", (type, stream) => {
    expect(readOf({ ...event, type })).toEqual({ refetch: [{ stream, id: "100" }] });
  });

  test.each([
    ["ticket.soft_deleted", "ticket"],
    ["ticket.permanently_deleted", "ticket"],
    ["organization.deleted", "account"],
    ["user.deleted", "contact"],
  ])("%s says that it is gone", (type, kind) => {
    expect(readOf({ ...event, type: `zen:event-type:${type}` })).toEqual({
      mapped: { deleted: [{ kind, id: "100", at: event.time }] },
    });
  });

  test("about anything else is nothing to us", () => {
    expect(readOf({ ...event, type: "zen:event-type:article.published" }).ignored).toBeDefined();
  });
});

describe("what a trigger sends", () => {
  test("names what to ask for", () => {
    expect(readOf({ ticket: "100", organization: "1", user: "" })).toEqual({
      refetch: [
        { stream: "organizations", id: "1" },
        { stream: "tickets", id: "100" },
      ],
    });
  });

  test("is the same when Zendesk calls again, and another when it is another call", () => {
    const key = (headers: Record<string, string>, at?: string) =>
      hook.split(signed('{"ticket":"1"}', { headers, ...(at !== undefined && { at }) }))[0]?.dedupeKey;
    const invocation = { "x-zendesk-webhook-invocation-id": "01INVOCATION" };
    expect(key(invocation, shifted(1))).toBe(key(invocation, shifted(2)));
    expect(key({})).toBe(key({}));
    expect(key({}, shifted(1))).not.toBe(key({}, shifted(2)));
  });

  test.each(["", "{", "17", "[]", "null"])("is refused as unreadable when it is %j", (body) => {
    expect(() => hook.split(signed(body))).toThrow(UnreadableBody);
  });

  test("in another form is kept, and said to be of no use", () => {
    expect(readOf({ hello: "there" }).ignored).toBeDefined();
    expect(readOf({ ticket: { id: 1 } }).ignored).toBeDefined();
  });
});

function readOf(body: unknown) {
  return hook.read(JSON.stringify(body), mapContext(now));
}

const vectorsFile = "../shared/specs/test-vectors.json";

describe.skipIf(!existsSync(vectorsFile))("vectors (skipped without ../shared/specs)", () => {
  const vector = z.looseObject({ secret: z.string(), timestamp: z.string(), body: z.string(), signature: z.string() });

  function verdictOf(name: string) {
    const all = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(vectorsFile, "utf8")));
    const { secret: by, timestamp, body, signature } = vector.parse(all[name]);
    const headers = {
      "x-zendesk-webhook-signature": signature,
      "x-zendesk-webhook-signature-timestamp": timestamp,
    };
    return openZendeskHook([by]).verify({ ...requestOf(body, headers), now: new Date(timestamp) });
  }

  test("the one of today's order is believed", () => {
    expect(verdictOf("zendesk_current")).toEqual({ ok: true });
  });

  test("the published one of the older order is refused", () => {
    expect(verdictOf("zendesk_legacy_published")).toEqual({ ok: false, reason: "bad signature" });
  });
});
