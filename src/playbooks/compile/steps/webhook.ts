import type { WebhookStep } from "../../playbook.ts";
import type { Template } from "../../render.ts";
import { channelAt, templateAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `webhook` step, or null with its faults told. */
export function compileWebhook(step: StepOf<"webhook">, { at, frame, compilation }: Site): WebhookStep | null {
  const channel = channelAt(step.to, "webhook", `${at}.to`, compilation);
  const payload = new Map<string, Template | number | boolean>();
  for (const [key, value] of Object.entries(step.payload ?? {})) {
    const entry = typeof value === "string" ? templateAt(value, "text", `${at}.payload.${key}`, compilation) : value;
    if (entry !== null) payload.set(key, entry);
  }
  return channel && { ...frame, kind: "webhook", channel: channel.id, payload };
}
