import { emailMessage, isPlainAddress } from "../email-message.ts";
import { admitMail } from "../mail/customer-mail.ts";
import type { EmailStep } from "../playbook.ts";
import type { Subject } from "../subject.ts";
import { type Effect, type PlannedAction, pending, renderAll, skipped, standInWords } from "./action.ts";
import { planDigest } from "./digest.ts";
import { type Occasion, runKeyOf } from "./occasion.ts";

/** A mail to the primary contact, the owner or a fixed address. */
export function planEmail(step: EmailStep, occasion: Occasion): Effect {
  const to = addressOf(step, occasion.subject);
  const skip = (recipient: string, reason: string) => ({ actions: [skipped(step, occasion, recipient, reason)] });
  if ("refusal" in to) return skip("nobody", to.refusal);
  if (step.digest !== null) return { actions: [planDigest(step, step.digest, to.address, occasion)] };
  const rendered = renderAll(occasion, [step.subject, step.body]);
  if ("refusal" in rendered) return skip(to.address, rendered.refusal);
  const [subject = "", body = ""] = rendered.texts;
  if (body === "") return skip(to.address, "the text came out empty");
  const letter = { to: to.address, subject: subject === "" ? occasion.playbook.name : subject, body };
  if (step.to === "owner") return { actions: [planToOwner(step, letter, occasion)] };
  const admission = admitMail(to.address, step.customers, occasion.subject);
  if (admission.kind === "skip") return skip(to.address, admission.reason);
  if (admission.kind === "wait") return { deferUntil: admission.until, reason: admission.reason };
  const message = emailMessage({
    ...letter,
    ...frameOf(step, occasion),
    audience: "customer",
    replyTo: occasion.subject.owner?.email ?? null,
    unsubscribeLink: admission.unsubscribeLink,
  });
  return { actions: [pending(step, occasion, to.address, message)] };
}

function planToOwner(
  step: EmailStep,
  letter: { readonly to: string; readonly subject: string; readonly body: string },
  occasion: Occasion,
): PlannedAction {
  const message = emailMessage({ ...letter, ...frameOf(step, occasion), audience: "team", replyTo: null });
  const action = pending(step, occasion, letter.to, message);
  return { ...action, reason: `${action.reason}${standInWords(occasion.subject)}` };
}

function frameOf(step: EmailStep, occasion: Occasion): { readonly messageId: string; readonly runKey: string } {
  const { runId, visit } = occasion.run;
  return { messageId: `<kw-${runId}-${step.id}-${visit}@${step.domain}>`, runKey: runKeyOf(occasion) };
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
