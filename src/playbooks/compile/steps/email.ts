import { faultAt } from "../../../scoring/fault.ts";
import type { EmailStep } from "../../playbook.ts";
import { domainOf, emailChannel, sendingOf, templateAt } from "../compilation.ts";
import { digestOf, type Site, type StepOf } from "./site.ts";

/** An `email` step, or null with its faults told. */
export function compileEmail(step: StepOf<"email">, { at, frame, compilation }: Site): EmailStep | null {
  const subject = templateAt(step.subject, "line", `${at}.subject`, compilation);
  const body = templateAt(step.body, "text", `${at}.body`, compilation);
  const channel = emailChannel(step.via, at, compilation);
  if (step.digest !== undefined && step.to !== "owner") {
    compilation.faults.push(faultAt(`${at}.digest`, step.digest, "only mail to the owner is told together"));
  }
  if (subject === null || body === null || channel === null) return null;
  const digest = digestOf(step.digest);
  const domain = domainOf(channel.from);
  const customers = sendingOf(channel);
  return { ...frame, kind: "email", to: step.to, subject, body, channel: channel.id, domain, customers, digest };
}
