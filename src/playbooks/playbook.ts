import type { Weekday } from "../scoring/calendar.ts";
import type { CompiledCondition } from "../scoring/conditions.ts";
import type { CustomerSending } from "./mail/customer-sending.ts";
import type { Template } from "./render.ts";
import type { ArrivalKind } from "./schema/triggers.ts";
import type { Priority } from "./schema/words.ts";
import type { SurveyType } from "./survey/scale.ts";
import type { SurveyWords } from "./survey/words.ts";

/** A playbook ready to be judged and run: validated, durations in milliseconds, conditions and templates compiled. */
export interface CompiledPlaybook {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly priority: Priority;
  /** Higher priorities under conditions: the first that is true counts. */
  readonly severity: readonly { readonly when: CompiledCondition; readonly priority: Priority }[];
  /** Null: every account. */
  readonly audience: CompiledCondition | null;
  readonly trigger: CompiledTrigger;
  /** Changes when the trigger or the audience does: then who matches is taken as found, as after an activation. */
  readonly triggerKey: string;
  readonly entry: CompiledEntry;
  readonly guards: CompiledGuards;
  /** 0: nobody is held out. */
  readonly holdoutPercent: number;
  readonly goal: { readonly when: CompiledCondition; readonly withinMs: number } | null;
  readonly exit: CompiledCondition | null;
  /** The open tasks of a run that its exit or goal ends. */
  readonly openTasks: "keep" | "close";
  /** In reading order, those inside a branch behind it; a run goes from step to step by `next`. Never empty. */
  readonly steps: readonly CompiledStep[];
  /** What is done when an episode whose run had begun is over. */
  readonly onRecover: readonly (EmailStep | SlackStep | WebhookStep)[];
  /** Every fact that a condition or a template names. */
  readonly facts: readonly string[];
}

export interface CompiledEntry {
  readonly mode: "episode" | "once";
  /** Null: one run an episode. */
  readonly repeatMs: number | null;
  readonly cooldownMs: number;
  readonly onActivate: "baseline" | "fire";
}

/** What keeps runs from beginning; null where guards.json decides. */
export interface CompiledGuards {
  readonly window: "any" | "owner-working-hours" | "account-working-hours" | null;
  readonly maxPerAccount: { readonly runs: number; readonly perMs: number } | null;
  readonly stormBrake: CompiledBrake | false | null;
  /** Playbooks by id, or those of a higher priority. */
  readonly inhibitedBy: "priority" | readonly string[] | false | null;
  readonly budget: boolean | null;
}

export interface CompiledBrake {
  /** Of the audience. */
  readonly share: number;
  readonly perMs: number;
  readonly atLeast: number;
}

/** What makes an episode begin and end. 0 ms means: at once. */
export interface CompiledTrigger {
  readonly on:
    | "threshold"
    | "band"
    | "stage"
    | "milestone"
    | "renewal"
    | "change"
    | "event"
    | "survey"
    | "segment"
    | "schedule"
    | "disagreement";
  readonly when: CompiledCondition;
  readonly forMs: number;
  /** Null: when `when` is no longer true. */
  readonly recover: CompiledCondition | null;
  readonly keepForMs: number;
  /** What tells one episode from the next where `when` need not be false in between; null: nothing does. */
  readonly occasion: Occasion | null;
  /** Points in time, each an episode of its own if `when` is true then; null where `when` alone decides. */
  readonly awaits: AwaitedRecord | Timetable | null;
  /** True of whoever is elsewhere, which says nothing of when they left. */
  readonly isLeaving: boolean;
}

/** A record that comes to be as asked. */
export interface AwaitedRecord {
  readonly kind: "record";
  readonly record: ArrivalKind;
  /** On the record's fields; null: any will do. */
  readonly where: CompiledCondition | null;
  /** What became true so long before it was learnt is no news. */
  readonly withinMs: number;
}

/** Times of the calendar, in the account's zone. Null: any will do. */
export interface Timetable {
  readonly kind: "schedule";
  /** Minutes after midnight. */
  readonly atMinute: number;
  readonly weekdays: readonly Weekday[] | null;
  /** From 1, or back from the last day, which is -1. */
  readonly daysOfMonth: readonly number[] | null;
  /** From 1. */
  readonly months: readonly number[] | null;
}

/** A fact whose value an episode is about: another value, while the trigger is true, is another episode. */
export interface Occasion {
  readonly fact: string;
  /** For days: a value that moved by no more than this was put right and is no new one. Null for other values. */
  readonly slackDays: number | null;
}

export type CompiledStep =
  | EmailStep
  | SlackStep
  | TaskStep
  | WebhookStep
  | WaitStep
  | BranchStep
  | SurveyStep
  | SetFieldStep
  | UpdateCrmStep
  | SetStageStep
  | CallPlaybookStep
  | StopStep;

/** What every step has. */
export interface StepFrame {
  readonly id: string;
  /** The step behind it; null: the run is done. */
  readonly next: string | null;
  /** Passed over unless this is true; null: never. */
  readonly onlyIf: CompiledCondition | null;
  /** Passed over when it is reached so much later than it was due; null: never too late. */
  readonly skipAfterMs: number | null;
}

/** Who gets an e-mail: the customer's primary contact, the account's owner, or one fixed address. */
export type EmailRecipient = "primary-contact" | "owner" | { readonly address: string };

/** Told together with others: so long after the first, or at a time of day (minutes after midnight) of the owner. */
export type Digest = { readonly windowMs: number } | { readonly atMinute: number };

export interface EmailStep extends StepFrame {
  readonly kind: "email";
  readonly to: EmailRecipient;
  readonly subject: Template;
  readonly body: Template;
  readonly channel: string;
  /** The host after the @ of a Message-ID. */
  readonly domain: string;
  readonly customers: CustomerSending;
  readonly digest: Digest | null;
}

export interface SlackStep extends StepFrame {
  readonly kind: "slack";
  readonly channel: string;
  readonly text: Template;
  readonly digest: Digest | null;
}

/** `owner`, `manager` or an owner's id, or one of several. */
export type Assignee = string | { readonly kind: "least-loaded" | "round-robin"; readonly among: readonly string[] };

export interface TaskStep extends StepFrame {
  readonly kind: "task";
  readonly title: Template;
  readonly body: Template | null;
  readonly assignee: Assignee;
  readonly due: { readonly in: number; readonly unit: "days" | "working-days" } | null;
  /** The source whose CRM is to have it, too. */
  readonly sync: string | null;
}

export interface WebhookStep extends StepFrame {
  readonly kind: "webhook";
  readonly channel: string;
  readonly payload: ReadonlyMap<string, Template | number | boolean>;
}

export interface WaitStep extends StepFrame {
  readonly kind: "wait";
  /** The whole wait, or the longest; null where the others say it. */
  readonly forMs: number | null;
  readonly workingDays: number | null;
  readonly until: CompiledCondition | null;
  readonly untilDate: UntilDate | null;
}

export interface UntilDate {
  /** A day, or a number of days to come. */
  readonly fact: string;
  /** Days behind that day; negative: before. */
  readonly offsetDays: number;
  /** Minutes after midnight, in the account's zone. */
  readonly atMinute: number;
}

/** Goes on at the first case that is true, or by chance. Null: behind the branch there is nothing. */
export interface BranchStep extends StepFrame {
  readonly kind: "branch";
  readonly cases: readonly { readonly when: CompiledCondition; readonly to: string | null }[];
  /** Where no case is true. */
  readonly otherwise: string | null;
  /** Empty where conditions decide. */
  readonly random: readonly { readonly weight: number; readonly to: string | null }[];
}

export interface SurveyStep extends StepFrame {
  readonly kind: "survey";
  readonly survey: SurveyType;
  readonly to: "primary-contact";
  readonly subject: Template;
  readonly intro: Template | null;
  readonly question: Template;
  readonly words: SurveyWords;
  readonly channel: string;
  readonly domain: string;
  readonly customers: CustomerSending;
  readonly expiresMs: number;
}

export interface SetFieldStep extends StepFrame {
  readonly kind: "set-field";
  /** `segment`, `owner` or `account.fields.<name>`. */
  readonly field: string;
  /** Null empties the field. */
  readonly value: Template | number | boolean | null;
}

export interface UpdateCrmStep extends StepFrame {
  readonly kind: "update-crm";
  readonly source: string;
  readonly field: string;
  readonly value: Template | number | boolean | null;
}

export interface SetStageStep extends StepFrame {
  readonly kind: "set-stage";
  readonly stage: string;
  readonly reason: Template | null;
}

export interface CallPlaybookStep extends StepFrame {
  readonly kind: "call-playbook";
  readonly playbook: string;
}

export interface StopStep extends StepFrame {
  readonly kind: "stop";
  readonly reason: string | null;
}
