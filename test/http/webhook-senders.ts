import { createHmac } from "node:crypto";
import { Signature } from "@hubspot/api-client";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { hubspotSettings } from "../../src/integrations/hubspot/settings.ts";
import { openHubSpotSource } from "../../src/integrations/hubspot/source.ts";
import { intercomSettings } from "../../src/integrations/intercom/settings.ts";
import { openIntercomSource } from "../../src/integrations/intercom/source.ts";
import { jsonHookSettings } from "../../src/integrations/json-hook/settings.ts";
import { openJsonHookSource } from "../../src/integrations/json-hook/source.ts";
import { mailEventsSettings, postmarkSettings, sesSettings } from "../../src/integrations/mail-events/settings.ts";
import { openMailEventsSource } from "../../src/integrations/mail-events/source.ts";
import { salesforceSettings } from "../../src/integrations/salesforce/settings.ts";
import { openSalesforceSource } from "../../src/integrations/salesforce/source.ts";
import { segmentSettings } from "../../src/integrations/segment/settings.ts";
import { openSegmentSource } from "../../src/integrations/segment/source.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import type { ReadSecret } from "../../src/integrations/source-settings.ts";
import { standardWebhooksSettings } from "../../src/integrations/standard-webhooks/settings.ts";
import { openStandardWebhooksSource } from "../../src/integrations/standard-webhooks/source.ts";
import { stripeSettings } from "../../src/integrations/stripe/settings.ts";
import { openStripeSource } from "../../src/integrations/stripe/source.ts";
import { zendeskSettings } from "../../src/integrations/zendesk/settings.ts";
import { openZendeskSource } from "../../src/integrations/zendesk/source.ts";

type Headers = Readonly<Record<string, string>>;

/** Somebody who sends webhooks: what of a delivery is signed, and how. */
export interface Sender {
  readonly name: string;
  open(read: ReadSecret): Source;
  /** A body it may send; each number another delivery. */
  body(number: number): string;
  /** Signs the body: the signature alone or with a time, where it signs one. */
  sign(delivery: {
    readonly raw: Buffer;
    readonly at: Date;
    readonly secret: string;
    readonly url: string;
    readonly number: number;
  }): Headers;
  /** False for a secret that only comes along: whoever has seen it can send anything. */
  readonly signsBody: boolean;
  readonly signsTime: boolean;
}

/** Whether its secrets are those of Standard Webhooks. */
export const isStandard = (name: string) => name === "standard-webhooks" || name === "mail-events";

/** The secrets of a sender: what is in use, what was before, and another source's. */
export const secretsOf = (name: string) => {
  const make = (fill: number) =>
    isStandard(name) ? `whsec_${Buffer.alloc(32, fill).toString("base64")}` : `secret-${fill}-of-${name}`;
  return { current: make(1), next: make(2), rotatedOut: make(3) };
};

const secret = [{ env: "CURRENT" }, { env: "NEXT" }];
const hex = (algorithm: string, key: string, ...parts: readonly (string | Buffer)[]) =>
  parts.reduce((hmac, part) => hmac.update(part), createHmac(algorithm, key)).digest("hex");
const mapping = {
  account: "$.account",
  records: [{ kind: "event", id: "$.id", at: "$.at", set: { name: { constant: "ping" } } }],
} as const;
const event = (number: number) =>
  JSON.stringify({ id: `e${number}`, at: "2026-03-10T11:00:00Z", account: "acme", text: "ü" });
const topicArn = "arn:aws:sns:eu-central-1:123456789012:mail";
const byHeader = { header: "x-token", value: secret };
const stripe = new Stripe("sk_test_placeholder");

/** Every hook there is, with a sender of its own. */
export const senders: readonly Sender[] = [
  {
    name: "standard-webhooks",
    open: (read) =>
      openStandardWebhooksSource(
        standardWebhooksSettings.parse({
          id: "standard-webhooks",
          kind: "standard-webhooks",
          secret,
          account: "$.data.a",
        }),
        read,
      ),
    body: (number) => JSON.stringify({ type: "a.b", timestamp: "2026-03-10T11:00:00Z", data: { a: "acme", number } }),
    sign: ({ raw, at, secret: key, number }) => ({
      "webhook-id": `msg_${number}`,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(key).sign(`msg_${number}`, at, raw.toString("utf8")),
    }),
    signsBody: true,
    signsTime: true,
  },
  {
    name: "json-hook",
    open: (read) =>
      openJsonHookSource(
        jsonHookSettings.parse({
          ...{ id: "json-hook", kind: "json-hook", mapping, dedupe: "$.id" },
          auth: {
            hmac: {
              header: "x-signature",
              secret,
              prefix: "v0=",
              timestamp: { header: "x-time" },
              signs: "v0:{timestamp}:{body}",
            },
          },
        }),
        read,
      ),
    body: event,
    sign({ raw, at, secret: key }) {
      const time = String(Math.floor(at.getTime() / 1000));
      return { "x-time": time, "x-signature": `v0=${hex("sha256", key, `v0:${time}:`, raw)}` };
    },
    signsBody: true,
    signsTime: true,
  },
  {
    name: "bearer",
    open: (read) =>
      openJsonHookSource(
        jsonHookSettings.parse({ id: "bearer", kind: "json-hook", mapping, dedupe: "$.id", auth: { bearer: secret } }),
        read,
      ),
    body: event,
    sign: ({ secret: key }) => ({ authorization: `Bearer ${key}` }),
    signsBody: false,
    signsTime: false,
  },
  {
    name: "hubspot",
    open: (read) =>
      openHubSpotSource(
        hubspotSettings.parse({ id: "hubspot", kind: "hubspot", token: { env: "CURRENT" }, clientSecret: secret }),
        read,
      ),
    body: (number) =>
      JSON.stringify([
        {
          eventId: number,
          subscriptionId: 1,
          portalId: 1,
          occurredAt: 1_773_140_400_000,
          subscriptionType: "company.creation",
          objectId: 7,
        },
      ]),
    sign({ raw, at, secret: key, url }) {
      const timestamp = at.getTime();
      const signature = Signature.getSignature("POST", "v3", {
        ...{ clientSecret: key, requestBody: raw.toString("utf8"), url, timestamp, signature: "" },
      });
      return { "x-hubspot-request-timestamp": String(timestamp), "x-hubspot-signature-v3": signature };
    },
    signsBody: true,
    signsTime: true,
  },
  {
    name: "stripe",
    open: (read) =>
      openStripeSource(
        stripeSettings.parse({ id: "stripe", kind: "stripe", key: { env: "CURRENT" }, webhookSecret: secret }),
        read,
      ),
    body: (number) =>
      JSON.stringify({
        id: `evt_${number}`,
        object: "event",
        created: 1_773_140_400,
        type: "customer.created",
        data: { object: {} },
      }),
    sign: ({ raw, at, secret: key }) => ({
      "stripe-signature": stripe.webhooks.generateTestHeaderString({
        ...{ payload: raw.toString("utf8"), secret: key, timestamp: Math.floor(at.getTime() / 1000) },
      }),
    }),
    signsBody: true,
    signsTime: true,
  },
  {
    name: "zendesk",
    open: (read) =>
      openZendeskSource(
        zendeskSettings.parse({
          ...{ id: "zendesk", kind: "zendesk", subdomain: "acme", webhookSecret: secret },
          login: { accessToken: { env: "CURRENT" } },
        }),
        read,
      ),
    body: (number) =>
      JSON.stringify({
        id: `z${number}`,
        type: "zen:event-type:ticket.created",
        time: "2026-03-10T11:00:00Z",
        detail: { id: "3" },
      }),
    sign({ raw, at, secret: key }) {
      const time = at.toISOString();
      const signature = createHmac("sha256", key).update(time).update(raw).digest("base64");
      return { "x-zendesk-webhook-signature-timestamp": time, "x-zendesk-webhook-signature": signature };
    },
    signsBody: true,
    signsTime: true,
  },
  {
    name: "intercom",
    open: (read) =>
      openIntercomSource(
        intercomSettings.parse({ id: "intercom", kind: "intercom", token: { env: "CURRENT" }, clientSecret: secret }),
        read,
      ),
    body: (number) =>
      JSON.stringify({
        type: "notification_event",
        id: `notif_${number}`,
        topic: "company.created",
        created_at: 1_773_140_400,
        data: { item: {} },
      }),
    sign: ({ raw, secret: key }) => ({ "x-hub-signature": `sha1=${hex("sha1", key, raw)}` }),
    signsBody: true,
    signsTime: false,
  },
  {
    name: "segment",
    open: (read) =>
      openSegmentSource(
        segmentSettings.parse({ id: "segment", kind: "segment", writeKeys: { env: "CURRENT" }, webhookSecret: secret }),
        read,
      ),
    body: (number) =>
      JSON.stringify({
        type: "track",
        messageId: `m${number}`,
        event: "Report Made",
        userId: "u1",
        timestamp: "2026-03-10T11:00:00Z",
      }),
    sign: ({ raw, secret: key }) => ({ "x-signature": hex("sha1", key, raw) }),
    signsBody: true,
    signsTime: false,
  },
  {
    name: "salesforce",
    open: (read) =>
      openSalesforceSource(
        salesforceSettings.parse({
          ...{ id: "salesforce", kind: "salesforce", domain: "acme.my.salesforce.com", currency: "EUR" },
          ...{ clientId: { env: "CURRENT" }, clientSecret: { env: "CURRENT" }, callouts: { tokens: secret } },
        }),
        read,
      ),
    body: (number) => JSON.stringify({ eventId: `c${number}`, object: "Account", id: "001000000000001AAA" }),
    sign: ({ secret: key }) => ({ authorization: `Bearer ${key}` }),
    signsBody: false,
    signsTime: false,
  },
  {
    name: "mail-events",
    open: (read) =>
      openMailEventsSource(
        mailEventsSettings.parse({ id: "mail-events", kind: "mail-events", auth: { standardWebhooks: secret } }),
        read,
      ),
    body: (number) => JSON.stringify({ type: "complaint", address: "kim@example.com", id: `e${number}` }),
    sign: ({ raw, at, secret: key, number }) => ({
      "webhook-id": `msg_${number}`,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(key).sign(`msg_${number}`, at, raw.toString("utf8")),
    }),
    signsBody: true,
    signsTime: true,
  },
  {
    name: "ses",
    open: (read) => openMailEventsSource(sesSettings.parse({ id: "ses", kind: "ses", topicArn, auth: byHeader }), read),
    body: (number) =>
      JSON.stringify({ Type: "Notification", MessageId: `sns-${number}`, TopicArn: topicArn, Message: "{}" }),
    sign: ({ secret: key }) => ({ "x-token": key }),
    signsBody: false,
    signsTime: false,
  },
  {
    name: "postmark",
    open: (read) =>
      openMailEventsSource(postmarkSettings.parse({ id: "postmark", kind: "postmark", auth: byHeader }), read),
    body: (number) =>
      JSON.stringify({ RecordType: "Bounce", ID: number, Type: "HardBounce", Email: "kim@example.com" }),
    sign: ({ secret: key }) => ({ "x-token": key }),
    signsBody: false,
    signsTime: false,
  },
];
