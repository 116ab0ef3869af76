import { Webhook } from "standardwebhooks";
import type { Source } from "../../src/integrations/source-port.ts";
import { standardWebhooksSettings } from "../../src/integrations/standard-webhooks/settings.ts";
import { openStandardWebhooksSource } from "../../src/integrations/standard-webhooks/source.ts";

const appSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** A source `app` that takes signed deliveries as events of `$.data.account`. */
export function signedApp(secret = appSecret): Source {
  const settings = { id: "app", kind: "standard-webhooks", secret: { env: "S" }, account: "$.data.account" };
  return openStandardWebhooksSource(standardWebhooksSettings.parse(settings), () => secret);
}

/** A delivery's body, as the specification asks. */
export function appBody(account: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ type: "report.made", timestamp: "2026-03-10T11:00:00Z", data: { account, ...more } });
}

/** The headers that the official library signs. */
export function appHeaders(id: string, body: string, at: Date, secret = appSecret): Record<string, string> {
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}
