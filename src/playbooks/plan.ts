import { addWorkingDays } from "../scoring/calendar.ts";
import { dayOfInstant, formatDay } from "../scoring/days.ts";
import type { Instant } from "../scoring/history.ts";
import { emailMessage, isPlainAddress } from "./email-message.ts";
import { clip } from "./escape.ts";
import type { Message } from "./message.ts";
import type { OnDuty, Owner } from "./owners.ts";
import type { CompiledPlaybook, EmailStep, SlackStep, TaskStep, WaitStep, WebhookStep } from "./playbook.ts";
import type { Template } from "./render.ts";
import { slackMessage } from "./slack-message.ts";
import type { Subject } from "./subject.ts";
import type { RunWords } from "./template-context.ts";
import { dayWords, moment } from "./time-words.ts";
import { webhookMessage } from "./webhook-message.ts";

/** Where a run stands. */
export interface RunPosition {
  readonly runId: number;
  readonly episode: number;
  /** The step to come next. */
  readonly stepId: string;
  readonly visit: number;
  /** Null: now. */
  readonly dueAt: Instant | null;
  /** Why the run was started. */
  readonly reason: string;
}

/** A step's effect, to be kept under the key (run, step, visit, recipient). */
export interface PlannedAction {
  readonly stepId: string;
  readonly visit: number;
  /** An e-mail address, the id of a channel or source, or `task`; `nobody` where there was none. */
  readonly recipient: string;
  readonly kind: "email" | "slack" | "webhook" | "task" | "crm-task";
  /** Null for tasks; of a CRM task the source whose CRM is to have it. */
  readonly channel: string | null;
  /** Rendered now, once; a task's content is the task to be kept with it; of a skipped action there is none. */
  readonly message: Message | TaskContent | NoMessage;
  /** Tasks are our own rows: theirs are done as soon as they are kept. */
  readonly state: "pending" | "sent" | "skipped";
  readonly reason: string;
}

/** A type rather than an interface, so that it can be kept as plain JSON. */
export type TaskContent = {
  readonly kind: "task";
  readonly title: string;
  readonly body: string;
  readonly assignee: string;
  /** A day in the account's zone. */
  readonly dueOn: string | null;
  /** It belongs to whoever owns the account: it moves when the owner changes. Who stands in keeps theirs. */
  readonly asOwner: boolean;
};
export type NoMessage = { readonly kind: "none" };

/** What a run does now, and where it goes on. */
export interface RunPlan {
  readonly actions: readonly PlannedAction[];
  readonly next:
    | { readonly kind: "waiting"; readonly stepId: string; readonly dueAt: Instant }
    | { readonly kind: "done" }
    | { readonly kind: "stopped" };
  readonly reason: string;
}

type ActingStep = EmailStep | SlackStep | TaskStep | WebhookStep;
type Occasion = {
  readonly playbook: CompiledPlaybook;
  readonly run: RunPosition;
  readonly subject: Subject;
  readonly words: RunWords;
  readonly now: Instant;
};

/** The steps from where the run stands up to the next wait or the end, by the playbook as it is now. */
export function advanceRun(playbook: CompiledPlaybook, run: RunPosition, subject: Subject, now: Instant): RunPlan {
  const from = playbook.steps.findIndex((step) => step.id === run.stepId);
  if (from < 0) return rest({ kind: "stopped" }, `the step "${run.stepId}" no longer exists`);
  if (run.dueAt !== null && run.dueAt > now) {
    const reason = `waiting until ${moment(run.dueAt, subject.zone)} for the step "${run.stepId}"`;
    return rest({ kind: "waiting", stepId: run.stepId, dueAt: run.dueAt }, reason);
  }
  const ahead = playbook.steps.slice(from);
  const untilWait = ahead.findIndex((step) => step.kind === "wait");
  const words = { playbookId: playbook.id, playbookName: playbook.name, runId: run.runId, reason: run.reason };
  const occasion = { playbook, run, subject, words, now };
  const reached = untilWait < 0 ? ahead : ahead.slice(0, untilWait);
  const actions = reached.filter((step) => step.kind !== "wait").flatMap((step) => planStep(step, occasion));
  const { next, reason } = goOn(ahead[untilWait], ahead[untilWait + 1]?.id, subject, now);
  return { actions, next, reason };
}

function rest(next: RunPlan["next"], reason: string): RunPlan {
  return { actions: [], next, reason };
}

function goOn(
  wait: CompiledPlaybook["steps"][number] | undefined,
  after: string | undefined,
  subject: Subject,
  now: Instant,
): Pick<RunPlan, "next" | "reason"> {
  if (wait?.kind !== "wait" || after === undefined) return { next: { kind: "done" }, reason: "every step was reached" };
  const dueAt = now + (wait.forMs ?? 0);
  const reason = `"${wait.id}": waiting until ${moment(dueAt, subject.zone)} for the step "${after}"`;
  return { next: { kind: "waiting", stepId: after, dueAt }, reason };
}

function planStep(
  step: Exclude<CompiledPlaybook["steps"][number], WaitStep>,
  occasion: Occasion,
): PlannedAction | readonly PlannedAction[] {
  switch (step.kind) {
    case "email":
      return planEmail(step, occasion);
    case "slack":
      return planSlack(step, occasion);
    case "task":
      return planTask(step, occasion);
    case "webhook":
      return planWebhook(step, occasion);
    default:
      return [];
  }
}

function planEmail(step: EmailStep, occasion: Occasion): PlannedAction {
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

function planSlack(step: SlackStep, occasion: Occasion): PlannedAction {
  const { playbook, subject, words } = occasion;
  const rendered = step.text.render(subject, words);
  if ("refusal" in rendered) return skipped(step, occasion, step.channel, rendered.refusal);
  const message = slackMessage({ text: rendered.text, playbook, subject, runKey: runKeyOf(occasion) });
  return pending(step, occasion, step.channel, message);
}

function planWebhook(step: WebhookStep, occasion: Occasion): PlannedAction {
  const { playbook, run, subject, words, now } = occasion;
  const payload: [string, string | number | boolean][] = [];
  for (const [key, value] of step.payload) {
    const rendered = typeof value === "object" ? value.render(subject, words) : { text: value };
    if ("refusal" in rendered) return skipped(step, occasion, step.channel, rendered.refusal);
    payload.push([key, rendered.text]);
  }
  const content = payload.length === 0 ? null : Object.fromEntries(payload);
  const message = webhookMessage({ stepId: step.id, playbook, run, subject, payload: content }, now);
  return pending(step, occasion, step.channel, message);
}

/** The task as a row of ours, and where it is synced, its way into the CRM. */
function planTask(step: TaskStep, occasion: Occasion): PlannedAction | readonly PlannedAction[] {
  const { subject } = occasion;
  const named = typeof step.assignee === "string" ? step.assignee : "";
  const isOwners = named === "owner";
  const { owner, standsInFor } = isOwners ? subject : subject.onDuty(named);
  const assignee = owner?.id ?? (isOwners ? null : named);
  if (assignee === null) {
    return skipped(step, occasion, "nobody", "the account has no owner, and there is no fallback");
  }
  const rendered = renderAll(occasion, [step.title, step.body]);
  if ("refusal" in rendered) return skipped(step, occasion, "task", rendered.refusal);
  const [title = "", body = ""] = rendered.texts;
  const dueOn = dueDay(step, owner, occasion);
  const message = {
    kind: "task",
    title: clip(title === "" ? occasion.playbook.name : title, 300),
    body,
    assignee,
    dueOn,
    asOwner: isOwners && standsInFor === null,
  } as const;
  const due = dueOn === null ? "" : `, due on ${dueOn}`;
  const reason = `task for ${assignee}${standInWords({ standsInFor })}${due}`;
  const task = { ...pending(step, occasion, "task", message), state: "sent", reason } as const;
  return step.sync === null ? task : [task, planSync(step.sync, step, occasion, message)];
}

function planSync(source: string, step: TaskStep, occasion: Occasion, task: TaskContent): PlannedAction {
  const { run } = occasion;
  const { title, body, assignee, dueOn } = task;
  const key = `${run.runId}-${run.visit}-${step.id}`;
  const message = { kind: "crm-task", key, title, body, assignee, dueOn } as const;
  return { ...pending(step, occasion, source, message), kind: "crm-task", channel: source };
}

/** A day in the account's zone; working days are those of whoever is to do it. */
function dueDay({ due }: TaskStep, owner: Owner | null, { subject, now }: Occasion): string | null {
  if (due === null) return null;
  const today = dayOfInstant(subject.zone, now);
  if (due.unit === "days") return formatDay(today + due.in);
  const calendar = subject.calendarOf(owner?.country ?? null, owner?.region ?? null);
  return formatDay(addWorkingDays(calendar, today, due.in));
}

function standInWords({ standsInFor }: Pick<OnDuty, "standsInFor">): string {
  if (standsInFor === null) return "";
  return `, for ${standsInFor.owner.id}, who is away until ${dayWords(standsInFor.until)}`;
}

/** The texts in the order of their templates (no template: no text), or the first refusal. */
function renderAll(
  { subject, words }: Occasion,
  templates: readonly (Template | null)[],
): { readonly texts: readonly string[] } | { readonly refusal: string } {
  const texts: string[] = [];
  for (const template of templates) {
    const rendered = template === null ? { text: "" } : template.render(subject, words);
    if ("refusal" in rendered) return rendered;
    texts.push(rendered.text);
  }
  return { texts };
}

function pending(
  step: ActingStep,
  { run }: Occasion,
  recipient: string,
  message: PlannedAction["message"],
): PlannedAction {
  return {
    stepId: step.id,
    visit: run.visit,
    recipient,
    kind: step.kind,
    channel: step.kind === "task" ? null : step.channel,
    message,
    state: "pending",
    reason: `reached in run ${run.runId}`,
  };
}

function skipped(step: ActingStep, occasion: Occasion, recipient: string, reason: string): PlannedAction {
  return { ...pending(step, occasion, recipient, { kind: "none" }), state: "skipped", reason };
}

/** Stands in every message to our team, so that a repeat is known as one. */
function runKeyOf({ playbook, run }: Occasion): string {
  return `keepwell run ${run.runId} · ${playbook.id}`;
}
