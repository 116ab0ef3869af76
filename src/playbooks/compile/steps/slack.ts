import type { SlackStep } from "../../playbook.ts";
import { channelAt, templateAt } from "../compilation.ts";
import { digestOf, type Site, type StepOf } from "./site.ts";

/** A `slack` step, or null with its faults told. */
export function compileSlack(step: StepOf<"slack">, { at, frame, compilation }: Site): SlackStep | null {
  const text = templateAt(step.text, "slack", `${at}.text`, compilation);
  const channel = channelAt(step.to, "slack", `${at}.to`, compilation);
  return channel && text && { ...frame, kind: "slack", channel: channel.id, text, digest: digestOf(step.digest) };
}
