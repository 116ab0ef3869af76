import type { Channel } from "../../src/integrations/ports.ts";
import { openSlackChannel } from "../../src/integrations/slack/channel.ts";
import { openSmtpChannel } from "../../src/integrations/smtp/channel.ts";
import { openWebhookChannel } from "../../src/integrations/webhook/channel.ts";

/** Signs what the tests send; of no use anywhere else. */
export const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The real adapters, towards receivers on loopback. */
export function openSinkChannels(ports: { readonly http: number; readonly smtp: number }): Map<string, Channel> {
  const base = `http://127.0.0.1:${ports.http}`;
  const channels = [
    openSlackChannel({ id: "alerts", url: `${base}/slack`, allowPrivate: true }),
    openWebhookChannel({ id: "crm", url: `${base}/webhook`, secrets: [webhookSecret], allowPrivate: true }),
    openSmtpChannel({ id: "mail", from: "keepwell@example.com", host: "127.0.0.1", port: ports.smtp, secure: false }),
  ];
  return new Map(channels.map((channel) => [channel.id, channel]));
}
