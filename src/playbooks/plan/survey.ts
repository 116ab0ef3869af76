import { emailMessage, isPlainAddress } from "../email-message.ts";
import { admitMail } from "../mail/customer-mail.ts";
import type { SurveyStep } from "../playbook.ts";
import { surveyHtml, surveyText } from "../survey/mail.ts";
import { type Effect, pending, renderAll, skipped } from "./action.ts";
import { type Occasion, runKeyOf } from "./occasion.ts";

/** A mail that asks the primary contact a question, with a link for each answer; nobody is asked too often. */
export function planSurvey(step: SurveyStep, occasion: Occasion): Effect {
  const { subject, run, now } = occasion;
  const { contact, links } = subject;
  const skip = (recipient: string, reason: string) => ({ actions: [skipped(step, occasion, recipient, reason)] });
  if (contact === null) return skip("nobody", "the account has no primary contact with an address");
  const address = contact.email;
  if (!isPlainAddress(address)) return skip("nobody", "the address is not one plain e-mail address");
  if (links === null) return skip(address, "nobody knows where its links are to lead: KEEPWELL_PUBLIC_URL is not set");
  const rendered = renderAll(occasion, [step.subject, step.intro, step.question]);
  if ("refusal" in rendered) return skip(address, rendered.refusal);
  const [title = "", intro = "", question = ""] = rendered.texts;
  if (question === "") return skip(address, "the question came out empty");
  const pause = subject.surveys.pauseOf(address, subject.zone);
  if (pause !== null) return skip(address, pause);
  const admission = admitMail(address, step.customers, subject);
  if (admission.kind === "skip") return skip(address, admission.reason);
  if (admission.kind === "wait") return { deferUntil: admission.until, reason: admission.reason };
  const expiresAt = now + step.expiresMs;
  subject.surveys.ask(address, expiresAt);
  const key = { runId: run.runId, stepId: step.id, visit: run.visit };
  const linkOf = (score: number) => links.answer(key, score);
  const { survey: type, words } = step;
  const content = { type, intro, question, words, linkOf };
  const message = emailMessage({
    to: address,
    subject: title === "" ? question : title,
    body: surveyText(content),
    markup: surveyHtml(content),
    audience: "customer",
    replyTo: subject.owner?.email ?? null,
    messageId: `<kw-${run.runId}-${step.id}-${run.visit}@${step.domain}>`,
    runKey: runKeyOf(occasion),
    unsubscribeLink: admission.unsubscribeLink,
  });
  const asked = { type, question, words, contact: contact.name, email: address, expiresAt };
  return { actions: [{ ...pending(step, occasion, address, message), asked }] };
}
