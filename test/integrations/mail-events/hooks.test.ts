import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { type Hook, type InboundRequest, UnreadableBody } from "../../../src/integrations/hook-port.ts";
import { openMailEventsSource } from "../../../src/integrations/mail-events/source.ts";
import { parseSources } from "../../../src/integrations/sources-schema.ts";
import { mapContext } from "../pull-context.ts";

const now = new Date("2026-05-03T12:00:00Z");
const whsec = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const topicArn = "arn:aws:sns:eu-central-1:123456789012:mail";
const basic = { basic: { user: "mail", password: { env: "SECRET" } } };

function open(settings: Readonly<Record<string, unknown>>, secret = "s3cret"): Hook {
  const parsed = parseSources({ sources: [{ id: "mail", ...settings }] });
  if ("faults" in parsed) throw new Error(JSON.stringify(parsed.faults));
  const [source] = parsed.sources;
  if (source?.kind !== "mail-events" && source?.kind !== "ses" && source?.kind !== "postmark") throw new Error("no");
  const { hook } = openMailEventsSource(source, () => secret);
  if (hook === undefined) throw new Error("there is no hook");
  return hook;
}

function request(body: unknown, headers: Readonly<Record<string, string>> = {}): InboundRequest {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { raw, headers, method: "POST", url: "https://keepwell.example.com/webhooks/mail", now };
}

/** What a delivery comes to, and the name it is known by. */
function taken(hook: Hook, body: unknown) {
  const [item] = hook.split(request(body));
  if (item === undefined) throw new Error("nothing was kept");
  return { key: item.dedupeKey, at: item.occurredAt?.toISOString() ?? null, ...hook.read(item.body, mapContext(now)) };
}

const authorization = `Basic ${Buffer.from("mail:s3cret").toString("base64")}`;

describe("deliveries of any carrier", () => {
  const hook = open({ kind: "mail-events", auth: basic });
  const event = {
    type: "bounce",
    address: "Kim@example.com",
    hard: true,
    detail: "550 no such user",
    at: "2026-05-03T10:00:00Z",
  };

  test.each([
    ["a hard bounce", event, { address: "Kim@example.com", reason: "bounced", detail: "550 no such user" }],
    ["a complaint", { type: "complaint", address: "kim@example.com" }, { reason: "complained", detail: "" }],
    ["an end of a subscription", { type: "unsubscribe", address: "kim@example.com" }, { reason: "unsubscribed" }],
  ])("%s puts the address on the list", (_what, body, suppression) => {
    expect(taken(hook, body).mapped?.suppressions).toMatchObject([suppression]);
  });

  test.each([
    ["a bounce that may pass", { ...event, hard: false }],
    ["a bounce of which nobody says that it is for good", { type: "bounce", address: "kim@example.com" }],
  ])("%s changes nothing", (_what, body) => {
    expect(taken(hook, body)).toMatchObject({ ignored: "a bounce that may pass: mail goes on" });
  });

  test("a delivery is known by its id, else by its bytes", () => {
    expect(taken(hook, { ...event, id: "e1" })).toMatchObject({ key: "e1", at: "2026-05-03T10:00:00.000Z" });
    expect(taken(hook, event).key).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test.each([
    ["another type", { type: "open", address: "kim@example.com" }, "type"],
    ["no address", { type: "bounce", hard: true }, "address"],
    ["a list", [event], ""],
  ])("%s cannot be read, and the answer names what is wrong", (_what, body, field) => {
    expect(() => hook.split(request(body))).toThrow(UnreadableBody);
    expect(() => hook.split(request(body))).toThrow(`the body has no ${field}`);
  });

  test.each(["a@example.com, b@example.com", "Kim <kim@example.com>", "kim"])(
    "%s is no address to suppress",
    (address) => {
      expect(taken(hook, { ...event, address }).mapped).toEqual({ skipped: "it names no plain e-mail address" });
    },
  );

  test("believes a password, and who signs by Standard Webhooks", () => {
    const body = JSON.stringify(event);
    expect(hook.verify(request(body, { authorization }))).toEqual({ ok: true });
    expect(hook.verify(request(body))).toEqual({ ok: false, reason: "unsigned" });
    const signing = open({ kind: "mail-events", auth: { standardWebhooks: { env: "SECRET" } } }, whsec);
    const headers = {
      "webhook-id": "m1",
      "webhook-timestamp": String(now.getTime() / 1000),
      "webhook-signature": new Webhook(whsec).sign("m1", now, body),
    };
    expect(signing.verify(request(body, headers))).toEqual({ ok: true });
    expect(signing.verify(request(`${body} `, headers))).toEqual({ ok: false, reason: "bad signature" });
  });
});

describe("deliveries of SES", () => {
  const hook = open({ kind: "ses", auth: basic, topicArn });
  const envelope = (message: unknown, over: Readonly<Record<string, unknown>> = {}) => ({
    ...{ Type: "Notification", MessageId: "sns-1", TopicArn: topicArn, Timestamp: "2026-05-03T10:00:00.000Z" },
    ...{ Message: JSON.stringify(message), SignatureVersion: "1", Signature: "EXAMPLE" },
    ...over,
  });
  const bounce = (bounceType: string) => ({
    notificationType: "Bounce",
    bounce: {
      ...{ bounceType, bounceSubType: "General", timestamp: "2026-05-03T09:59:00.000Z", feedbackId: "f1" },
      bouncedRecipients: [
        {
          emailAddress: "kim@example.com",
          action: "failed",
          status: "5.1.1",
          diagnosticCode: "smtp; 550 5.1.1 unknown",
        },
      ],
    },
    mail: { messageId: "m1", destination: ["kim@example.com"] },
  });
  const complaint = {
    eventType: "Complaint",
    complaint: { complainedRecipients: [{ emailAddress: "lee@example.com" }], complaintFeedbackType: "abuse" },
  };

  test("a permanent bounce and a complaint put the address on the list, under both names of their type", () => {
    expect(taken(hook, envelope(bounce("Permanent")))).toMatchObject({
      ...{ key: "sns-1", at: "2026-05-03T10:00:00.000Z" },
      mapped: {
        suppressions: [
          { address: "kim@example.com", reason: "bounced", detail: "Permanent General smtp; 550 5.1.1 unknown" },
        ],
      },
    });
    expect(taken(hook, envelope(complaint)).mapped?.suppressions).toEqual([
      { address: "lee@example.com", reason: "complained", detail: "abuse" },
    ]);
  });

  test.each(["Transient", "Undetermined"])("a bounce that is %s changes nothing", (type) => {
    expect(taken(hook, envelope(bounce(type)))).toMatchObject({ ignored: "a bounce that may pass: mail goes on" });
  });

  test("what confirms the subscription is kept for the operator, with the address to open", () => {
    const SubscribeURL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
    const body = envelope("", { Type: "SubscriptionConfirmation", SubscribeURL, Token: "t" });
    expect(hook.split(request(body))[0]?.body).toContain(SubscribeURL);
    expect(taken(hook, body)).toMatchObject({ ignored: expect.stringContaining("confirm the subscription") });
  });

  test("only the topic of the settings may tell anything", () => {
    const judge = (body: unknown) => hook.verify(request(body, { authorization }));
    expect(judge(envelope(complaint))).toEqual({ ok: true });
    const other = envelope(complaint, { TopicArn: `${topicArn}2` });
    expect(judge(other)).toEqual({ ok: false, reason: "not allowed" });
    expect(hook.verify(request(other))).toEqual({ ok: false, reason: "unsigned" });
  });

  test("a delivery of another sort is passed over, one that is none of SES cannot be used", () => {
    expect(taken(hook, envelope({ notificationType: "Delivery" }))).toMatchObject({
      ignored: expect.stringContaining("Delivery"),
    });
    expect(taken(hook, envelope({ notificationType: "Bounce" }))).toMatchObject({ ignored: expect.any(String) });
    expect(taken(hook, { ...envelope(""), Message: "Hello" }).mapped).toEqual({
      skipped: "the message is none of SES",
    });
    expect(() => hook.split(request(bounce("Permanent")))).toThrow("raw delivery must be off");
  });
});

describe("deliveries of Postmark", () => {
  const hook = open({ kind: "postmark", auth: basic });
  const bounce = (Type: string) => ({
    ...{ RecordType: "Bounce", ID: 42, Type, TypeCode: 1, Email: "kim@example.com", Inactive: true },
    ...{ Description: "The server was unable to deliver your message", BouncedAt: "2026-05-03T10:00:00Z" },
  });
  const change = (over: Readonly<Record<string, unknown>>) => ({
    ...{ RecordType: "SubscriptionChange", MessageID: "m1", Recipient: "kim@example.com", Origin: "Recipient" },
    ...{ ChangedAt: "2026-05-03T10:00:00Z", SuppressSending: true, SuppressionReason: "ManualSuppression", ...over },
  });

  test.each([
    ["a mailbox that is not there", bounce("HardBounce"), "bounced", "Bounce:42"],
    ["an address that is none", bounce("BadEmailAddress"), "bounced", "Bounce:42"],
    ["a complaint", { ...bounce("SpamComplaint"), RecordType: "SpamComplaint" }, "complained", "SpamComplaint:42"],
    [
      "an end of a subscription",
      change({}),
      "unsubscribed",
      "SubscriptionChange:m1:2026-05-03T10:00:00Z:kim@example.com",
    ],
    ["a change by a bounce", change({ SuppressionReason: "HardBounce" }), "bounced", /^SubscriptionChange/],
    ["a change by a complaint", change({ SuppressionReason: "SpamComplaint" }), "complained", /^SubscriptionChange/],
  ])("%s puts the address on the list, with the reason", (_what, body, reason, key) => {
    const { key: name, mapped } = taken(hook, body);
    expect(name).toMatch(key);
    expect(mapped?.suppressions).toMatchObject([{ address: "kim@example.com", reason }]);
  });

  test.each([
    ["a bounce that may pass", bounce("SoftBounce"), /may pass/],
    ["a server that is away", bounce("DnsError"), /may pass/],
    ["an address that Postmark sends to again", change({ SuppressSending: false }), /until somebody takes it off/],
    ["an opened mail", { RecordType: "Open", Recipient: "kim@example.com" }, /type Open/],
  ])("%s changes nothing", (_what, body, ignored) => {
    expect(taken(hook, body).ignored).toMatch(ignored);
  });

  test("a bounce that lacks what it should have is told as such", () => {
    expect(taken(hook, { RecordType: "Bounce" }).mapped).toEqual({
      skipped: "the Bounce has not the fields it should have",
    });
    expect(() => hook.split(request({ hello: 1 }))).toThrow(UnreadableBody);
  });
});

test.each([
  ["a topic that is none", { kind: "ses", auth: basic, topicArn: "mail" }, "sources[0].topicArn"],
  ["no word on how the sender is known", { kind: "postmark" }, "sources[0].auth"],
  ["a secret in the clear", { kind: "mail-events", auth: { bearer: "swordfish" } }, "sources[0].auth"],
])("settings with %s are refused, and no secret is shown", (_what, settings, path) => {
  const parsed = parseSources({ sources: [{ id: "mail", ...settings }] });
  expect("faults" in parsed && parsed.faults.map((fault) => fault.path)).toContainEqual(expect.stringContaining(path));
  expect(JSON.stringify(parsed)).not.toContain("swordfish");
});
