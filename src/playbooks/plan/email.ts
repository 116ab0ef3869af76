import { emailMessage, isPlainAddress } from "../email-message.ts";
import type { EmailStep } from "../playbook.ts";
import type { Subject } from "../subject.ts";
import { type PlannedAction, pending, renderAll, skipped, standInWords } from "./action.ts";
import { type Occasion, runKeyOf } from "./occasion.ts";

/** A mail to the primary contact, the owner or a fixed address. */
export function planEmail(step: EmailStep, occasion: Occasion): PlannedAction {
  const to = addressOf(step, occasion.subject);
  const isCustomer = step.to !== "owner";
  if ("refusal" in to) return skipped(step, occasion, "nobody", to.refusal);
  const rendered = renderAll(occasion, [step.subject, step.body]);
  if ("refusal" in rendered) return skipped(step, occasion, to.address, rendered.refusal);
  const [subject = "", body = ""] = rendered.texts;
  if (body === "") return skipped(step, occasion, to.address, "the text came out empty");
  const message = emailMessage({
    to: to.address,
    subject: subject === "" ? occasion.playbook.name : subject,
    body,
    audience: isCustomer ? "customer" : "team",
    replyTo: isCustomer ? (occasion.subject.owner?.email ?? null) : null,
    messageId: `<kw-${occasion.run.runId}-${step.id}-${occasion.run.visit}@${step.domain}>`,
    runKey: runKeyOf(occasion),
  });
  const action = pending(step, occasion, to.address, message);
  return isCustomer ? action : { ...action, reason: `${action.reason}${standInWords(occasion.subject)}` };
}

/** Any fixed address counts as the customer's: mail to it is never repeated in doubt, as nobody can know who reads it. */
function addressOf(step: EmailStep, subject: Subject): { readonly address: string } | { readonly refusal: string } {
  if (typeof step.to === "object") return step.to;
  const [person, missing] =
    step.to === "owner"
      ? [subject.owner, "the account has no owner, and there is no fallback"]
      : [subject.contact, "the account has no primary contact with an address"];
  if (person === null) return { refusal: missing };
  if (!isPlainAddress(person.email)) return { refusal: "the address is not one plain e-mail address" };
  return { address: person.email };
}
