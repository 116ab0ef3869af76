import type { SlackStep } from "../playbook.ts";
import { slackMessage } from "../slack-message.ts";
import { type PlannedAction, pending, skipped } from "./action.ts";
import { planDigest } from "./digest.ts";
import { type Occasion, runKeyOf } from "./occasion.ts";

/** A message to a Slack channel. */
export function planSlack(step: SlackStep, occasion: Occasion): PlannedAction {
  const { playbook, subject, words } = occasion;
  if (step.digest !== null) return planDigest(step, step.digest, step.channel, occasion);
  const rendered = step.text.render(subject, words);
  if ("refusal" in rendered) return skipped(step, occasion, step.channel, rendered.refusal);
  const message = slackMessage({ text: rendered.text, playbook, subject, runKey: runKeyOf(occasion) });
  return pending(step, occasion, step.channel, message);
}
