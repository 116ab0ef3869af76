import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { openIntercomHook } from "../../../src/integrations/intercom/hook.ts";
import { mapContext } from "../pull-context.ts";
import { company, contact, conversation, seconds } from "./workspace.ts";

const now = new Date("2026-06-01T12:00:00Z");
const secret = "a-client-secret";
const hook = openIntercomHook([secret], { isAuthority: true, ownerAttribute: undefined, accountFields: [] });

function notification(topic: string, item: unknown) {
  return {
    type: "notification_event",
    app_id: "abc123",
    id: "notif_00000000-0001",
    topic,
    data: { type: "notification_event_data", item },
    delivery_attempts: 1,
    first_sent_at: seconds("2026-06-01T11:59:00Z"),
    created_at: seconds("2026-06-01T11:59:00Z"),
  };
}

function signed(body: string, by = secret): InboundRequest {
  return requestOf(body, { "x-hub-signature": `sha1=${createHmac("sha1", by).update(body).digest("hex")}` });
}

function requestOf(body: string, headers: Record<string, string>): InboundRequest {
  const url = "https://keepwell.example.com/webhooks/chat";
  return { raw: Buffer.from(body, "utf8"), headers, method: "POST", url, now };
}

const body = JSON.stringify(notification("conversation.admin.closed", conversation("100")));

describe("a delivery", () => {
  test("that Intercom signed is believed, by any of the secrets", () => {
    expect(hook.verify(signed(body))).toEqual({ ok: true });
    const rotating = openIntercomHook(["newer", secret], {
      isAuthority: true,
      ownerAttribute: undefined,
      accountFields: [],
    });
    expect(rotating.verify(signed(body))).toEqual({ ok: true });
  });

  test.each([
    ["without a signature", requestOf(body, {}), "unsigned"],
    ["signed by somebody else", signed(body, "another"), "bad signature"],
    ["with another body", { ...signed(body), raw: Buffer.from(body.replace("100", "101")) }, "bad signature"],
    ["with half a signature", requestOf(body, { "x-hub-signature": "sha1=" }), "bad signature"],
    ["signed by another sum", requestOf(body, { "x-hub-signature": `sha256=${"0".repeat(64)}` }), "bad signature"],
  ])("%s is refused", (_, request, reason) => {
    expect(hook.verify(request)).toEqual({ ok: false, reason });
  });

  test("is kept under the number of its notification", () => {
    expect(hook.split(signed(body))).toMatchObject([
      { dedupeKey: "notif_00000000-0001", occurredAt: new Date("2026-06-01T11:59:00Z"), body },
    ]);
  });

  test.each(["", "{", "[]", "{}", '{"id":7}'])("is refused as unreadable when it is %j", (text) => {
    expect(() => hook.split(signed(text))).toThrow(UnreadableBody);
  });
});

describe("a notification", () => {
  test.each([
    ["conversation.user.created", conversation("100"), { stream: "conversations", id: "100" }],
    ["conversation.rating.added", conversation("100"), { stream: "conversations", id: "100" }],
    ["contact.user.updated", contact("ann", []), { stream: "contacts", id: "ann" }],
    ["company.contact.attached", { contact: { id: "ann" }, company: { id: "c1" } }, { stream: "contacts", id: "ann" }],
  ])("%s is a hint to ask for the present state", (topic, item, expected) => {
    expect(readOf(topic, item)).toEqual({ refetch: [expected] });
  });

  test("of a company is applied at the company's own time", () => {
    expect(readOf("company.updated", company("c1")).mapped?.states).toMatchObject([
      { kind: "account", id: "c1", at: "2026-05-02T10:00:00.000Z" },
    ]);
  });

  test.each([
    ["conversation.deleted", ["ticket", "survey"]],
    ["contact.deleted", ["contact"]],
    ["company.deleted", ["account"]],
  ])("%s says that it is gone", (topic, kinds) => {
    const at = "2026-06-01T11:59:00.000Z";
    expect(readOf(topic, { id: "x" })).toEqual({ mapped: { deleted: kinds.map((kind) => ({ kind, id: "x", at })) } });
  });

  test.each([
    ["ping", {}],
    ["admin.logged_in", { id: "1" }],
    ["conversation.user.created", {}],
    ["contact.user.created", null],
    ["company.contact.attached", { contact: "ann" }],
  ])("%s with %j is of no use, and says so", (topic, item) => {
    expect(readOf(topic, item).ignored).toBeDefined();
  });
});

function readOf(topic: string, item: unknown) {
  return hook.read(JSON.stringify(notification(topic, item)), mapContext(now));
}
