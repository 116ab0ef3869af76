import type { Instant } from "../../scoring/history.ts";
import type { Message } from "../message.ts";
import type { OnDuty } from "../owners.ts";
import type { CompiledStep } from "../playbook.ts";
import type { Template } from "../render.ts";
import type { SurveyType } from "../survey/scale.ts";
import type { SurveyWords } from "../survey/words.ts";
import { dayWords } from "../time-words.ts";
import type { Occasion } from "./occasion.ts";

/** A step's effect, to be kept under the key (run, step, visit, recipient). */
export interface PlannedAction {
  readonly stepId: string;
  readonly visit: number;
  /** An e-mail address, the id of a channel, source or playbook, `task`, `account`, `run`; `nobody` where there was none. */
  readonly recipient: string;
  readonly kind: PlannedKind;
  /** Of a message its channel, of what goes into a CRM the source; else null. */
  readonly channel: string | null;
  /** Rendered now, once; a task's content is the task to be kept with it; of a skipped action there is none. */
  readonly message: Message | TaskContent | RecordContent | CallContent | NoMessage;
  /** What is our own row, or was only decided, is done as soon as it is kept. */
  readonly state: "pending" | "sent" | "skipped";
  readonly reason: string;
  /** Of what is told together with others: where and until when; it is no message of its own then. */
  readonly digest?: PlannedDigest;
  /** Of a task that goes round: how often it has gone on then. */
  readonly turns?: number;
  /** Of a mail that asks: what is kept to take the answer. */
  readonly asked?: AskedQuestion;
}

/** What a step makes; or until when the run waits before it. */
export type Effect =
  | { readonly actions: readonly PlannedAction[] }
  | { readonly deferUntil: Instant; readonly reason: string };

export type PlannedKind =
  | "email"
  | "slack"
  | "webhook"
  | "task"
  | "crm-task"
  | "crm-field"
  | "field"
  | "stage"
  | "call"
  | "wait"
  | "branch"
  | "stop";

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
/** The digest that tells of a step. */
export interface PlannedDigest {
  /** The address of an e-mail; in a channel that many read, the id of the owner whom it is for, or nothing. */
  readonly recipient: string;
  readonly ownerId: string | null;
  /** When it goes out at the latest. */
  readonly dueAt: Instant;
}
/** A survey's question as it was put, and to whom. */
export interface AskedQuestion {
  readonly type: SurveyType;
  readonly question: string;
  readonly words: SurveyWords;
  readonly email: string;
  readonly contact: string | null;
  /** First moment at which no answer is taken any more. */
  readonly expiresAt: Instant;
}
/** What is to be written of the account as a record of ours. */
export type RecordContent =
  | { readonly kind: "field"; readonly field: string; readonly value: string | number | boolean | null }
  | { readonly kind: "stage"; readonly stage: string; readonly reason: string };
/** The playbook of which a run begins. */
export type CallContent = { readonly kind: "call"; readonly playbook: string };
export type NoMessage = { readonly kind: "none" };

/** What each kind of step leaves behind. */
const kinds = {
  email: "email",
  slack: "slack",
  task: "task",
  webhook: "webhook",
  survey: "email",
  "set-field": "field",
  "set-stage": "stage",
  "update-crm": "crm-field",
  "call-playbook": "call",
  wait: "wait",
  branch: "branch",
  stop: "stop",
} as const satisfies Record<CompiledStep["kind"], PlannedKind>;

/** An effect that is to come. */
export function pending(
  step: CompiledStep,
  { run }: Occasion,
  recipient: string,
  message: PlannedAction["message"],
): PlannedAction {
  return {
    stepId: step.id,
    visit: run.visit,
    recipient,
    kind: kinds[step.kind],
    channel: "channel" in step ? step.channel : null,
    message,
    state: "pending",
    reason: `reached in run ${run.runId}`,
  };
}

/** A step that is not made, and why. */
export function skipped(step: CompiledStep, occasion: Occasion, recipient: string, reason: string): PlannedAction {
  return { ...pending(step, occasion, recipient, { kind: "none" }), state: "skipped", reason };
}

/** What a step decided of the run's own way. */
export function decided(step: CompiledStep, occasion: Occasion, reason: string): PlannedAction {
  return { ...pending(step, occasion, "run", { kind: "none" }), state: "sent", reason };
}

/** The texts in the order of their templates (no template: no text), or the first refusal. */
export function renderAll(
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

/** For whom somebody stands in, as the end of a reason; empty where nobody does. */
export function standInWords({ standsInFor }: Pick<OnDuty, "standsInFor">): string {
  if (standsInFor === null) return "";
  return `, for ${standsInFor.owner.id}, who is away until ${dayWords(standsInFor.until)}`;
}
