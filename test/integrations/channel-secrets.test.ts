import { describe, expect, test } from "vitest";
import { openOutboxChannel } from "../../src/integrations/outbox/channel.ts";
import { openSlackChannel } from "../../src/integrations/slack/channel.ts";
import { openSmtpChannel } from "../../src/integrations/smtp/channel.ts";
import { openWebhookChannel } from "../../src/integrations/webhook/channel.ts";
import { attemptOf, email, slack, webhook } from "./attempts.ts";
import { describeHttpChannel, expectNoSecret } from "./channel-suite.ts";
import { startHttpStub } from "./http-stub.ts";
import { type Fault, startSmtpStub } from "./smtp-stub.ts";

const slackToken = "canary0slack0token0XYZ";
const queryKey = "canary0query0key";
const signingKey = Buffer.from("canary signing key, thirty-two b").toString("base64");
const password = "canary pässword/+&=";

describeHttpChannel({
  name: "Slack",
  secrets: [slackToken],
  attempt: attemptOf(slack()),
  open: async (answer, deadlineMs) => {
    const { port, close } = await startHttpStub(answer);
    const url = `http://127.0.0.1:${port}/services/T0/B0/${slackToken}`;
    return { channel: openSlackChannel({ id: "alerts", url, deadlineMs, allowPrivate: true }), close };
  },
});

describeHttpChannel({
  name: "a webhook",
  secrets: [signingKey, queryKey],
  attempt: attemptOf(webhook()),
  open: async (answer, deadlineMs) => {
    const { port, close } = await startHttpStub(answer);
    const url = `http://127.0.0.1:${port}/hook?key=${queryKey}`;
    const secrets = [`whsec_${signingKey}`];
    return { channel: openWebhookChannel({ id: "crm", url, secrets, deadlineMs, allowPrivate: true }), close };
  },
});

describe("mail, whatever the server does,", () => {
  const plain = Buffer.from(`\u0000keepwell\u0000${password}`).toString("base64");
  const echo = `${password} ${Buffer.from(password).toString("base64")} ${plain} https://u:${queryKey}@example.com/x`;
  const faults: readonly Fault[] = [
    ...(["greeting", "ehlo", "auth", "mail", "rcpt", "data", "dot"] as const).flatMap((at): Fault[] => [
      { at, say: `451 ${echo}` },
      { at, say: `551 ${echo}` },
      { at, do: "close" },
    ]),
    { at: "dot", say: `250 ${echo}` },
    { at: "dot", do: "hang" },
  ];
  test.each(faults)("has an outcome without the password: %j", async (fault) => {
    const stub = await startSmtpStub(fault);
    const channel = openSmtpChannel({
      id: "mail",
      from: "keepwell@example.com",
      host: "127.0.0.1",
      port: stub.port,
      secure: false,
      user: "keepwell",
      password,
      tls: { required: false },
      deadlineMs: "do" in fault && fault.do === "hang" ? 1_000 : 20_000,
    });
    const outcome = await channel.send(attemptOf(email()));
    const check = await channel.check?.(new AbortController().signal);
    await stub.close();
    expect(outcome.reason).toMatch(/^\S.*\S$/);
    expectNoSecret([outcome, check, channel], [password, plain, queryKey]);
  });
});

describe("a channel given a message of another kind", () => {
  const channels = [
    openSlackChannel({ id: "s", url: "https://hooks.slack.com/services/T/B/x" }),
    openWebhookChannel({ id: "w", url: "https://example.com/hook", secrets: [`whsec_${signingKey}`] }),
    openSmtpChannel({ id: "m", from: "a@example.com", host: "localhost", port: 25, secure: false }),
  ];
  const messages = [slack(), webhook(), email()];
  test.each(
    channels.flatMap((channel) => messages.map((message) => [channel.kind, message.kind, channel, message] as const)),
  )("(%s given %s) fails without sending", async (kind, given, channel, message) => {
    if (kind === given) return;
    expect((await channel.send(attemptOf(message))).kind).toBe("failed");
  });
});

describe("the local outbox", () => {
  test.each(["email", "slack", "webhook"] as const)("keeps a message for %s and sends nothing", async (kind) => {
    const channel = openOutboxChannel({ id: "outbox", kind });
    const message = { email: email(), slack: slack(), webhook: webhook() }[kind];
    expect(channel).toMatchObject({ id: "outbox", kind, minIntervalMs: 0 });
    expect(await channel.send(attemptOf(message))).toEqual({
      kind: "sent",
      reason: "kept in the local outbox",
      receipt: { transport: "outbox" },
    });
    expect(await channel.check?.(new AbortController().signal)).toMatchObject({ ok: true });
  });
});
