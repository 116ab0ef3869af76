import type { WebhookStep } from "../playbook.ts";
import { webhookMessage } from "../webhook-message.ts";
import { type PlannedAction, pending, skipped } from "./action.ts";
import type { Occasion } from "./occasion.ts";

/** A signed webhook with the payload that the step names. */
export function planWebhook(step: WebhookStep, occasion: Occasion): PlannedAction {
  const { playbook, run, subject, words, event, now } = occasion;
  const payload: [string, string | number | boolean][] = [];
  for (const [key, value] of step.payload) {
    const rendered = typeof value === "object" ? value.render(subject, words) : { text: value };
    if ("refusal" in rendered) return skipped(step, occasion, step.channel, rendered.refusal);
    payload.push([key, rendered.text]);
  }
  const content = payload.length === 0 ? null : Object.fromEntries(payload);
  const message = webhookMessage({ stepId: step.id, playbook, run, subject, payload: content, event }, now);
  return pending(step, occasion, step.channel, message);
}
