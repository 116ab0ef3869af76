import type { Attempt } from "../../src/integrations/ports.ts";
import type { EmailMessage, Message, SlackMessage, WebhookMessage } from "../../src/playbooks/message.ts";

/** Literal messages; a test sets only what it is about. */
export function email(over: Partial<EmailMessage> = {}): EmailMessage {
  return {
    kind: "email",
    to: "ada@customer.example.com",
    subject: "How is it going?",
    text: "Hello Ada",
    html: "<html><body><p>Hello Ada</p></body></html>",
    messageId: "<run-1.mail.0@keepwell.example.com>",
    replyTo: null,
    audience: "customer",
    ...over,
  };
}

export function slack(over: Partial<SlackMessage> = {}): SlackMessage {
  const section = { type: "section", text: { type: "mrkdwn", text: "*Acme* fell to 38" } };
  return { kind: "slack", text: "Acme fell to 38", blocks: [section], ...over };
}

export function webhook(over: Partial<WebhookMessage> = {}): WebhookMessage {
  return { kind: "webhook", id: "msg_run-1_hook_0", body: '{"type":"score.fell",  "name":"Zoë ❤"}', ...over };
}

export function attemptOf(message: Message, over: Partial<Omit<Attempt, "message">> = {}): Attempt {
  return {
    actionId: 1,
    message,
    attempt: 1,
    mayRepeat: false,
    signal: new AbortController().signal,
    now: new Date("2026-03-02T09:00:00.000Z"),
    ...over,
  };
}
