import { IncomingWebhook } from "@slack/webhook";
import { expect, test } from "vitest";
import { openSlackChannel } from "../../src/integrations/slack/channel.ts";
import { attemptOf, slack } from "./attempts.ts";
import { type Answer, say, startHttpStub } from "./http-stub.ts";

/** What Slack says of incoming webhooks, as it documents it. */
const answers: readonly [string, Answer][] = [
  ["200 ok", say(200, {}, "ok")],
  ["400 invalid_payload", say(400, {}, "invalid_payload")],
  ["403 action_prohibited", say(403, {}, "action_prohibited")],
  ["404 channel_not_found", say(404, {}, "channel_not_found")],
  ["410 channel_is_archived", say(410, {}, "channel_is_archived")],
  ["429", say(429, { "retry-after": "30" }, "rate_limited")],
  ["500 rollup_error", say(500, {}, "rollup_error")],
];

test.each(answers)("Slack's own client and ours agree on whether %s was sent", async (_name, answer) => {
  const stub = await startHttpStub(answer);
  const url = `http://127.0.0.1:${stub.port}/services/T0/B0/x`;
  const message = slack();
  const theirs = await new IncomingWebhook(url)
    .send({ text: message.text, blocks: JSON.parse(JSON.stringify(message.blocks)) })
    .then(
      () => "sent",
      () => "not sent",
    );
  const channel = openSlackChannel({ id: "alerts", url, allowPrivate: true });
  const outcome = await channel.send(attemptOf(message));
  await stub.close();
  expect(outcome.kind === "sent" ? "sent" : "not sent").toBe(theirs);
  const [official, own] = stub.requests;
  expect(JSON.parse(own?.body.toString() ?? "")).toMatchObject(JSON.parse(official?.body.toString() ?? ""));
});
