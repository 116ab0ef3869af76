import type { CompiledCondition } from "../scoring/conditions.ts";
import type { Template } from "./render.ts";

/** A playbook ready to be judged and run: validated, durations in milliseconds, conditions and templates compiled. */
export interface CompiledPlaybook {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly priority: "info" | "warning" | "escalation";
  /** Null: every account. */
  readonly audience: CompiledCondition | null;
  readonly trigger: CompiledTrigger;
  /** Changes when the trigger or the audience does: then who matches is taken as found, as after an activation. */
  readonly triggerKey: string;
  readonly entry: { readonly cooldownMs: number; readonly onActivate: "baseline" | "fire" };
  /** Never empty. */
  readonly steps: readonly CompiledStep[];
  /** Every fact that a condition or a template names. */
  readonly facts: readonly string[];
}

/** What makes an episode begin and end. 0 ms means: at once. */
export interface CompiledTrigger {
  readonly on: "threshold" | "band" | "stage" | "milestone" | "renewal" | "change";
  readonly when: CompiledCondition;
  readonly forMs: number;
  /** Null: when `when` is no longer true. */
  readonly recover: CompiledCondition | null;
  readonly keepForMs: number;
  /** What tells one episode from the next where `when` need not be false in between; null: nothing does. */
  readonly occasion: Occasion | null;
}

/** A fact whose value an episode is about: another value, while the trigger is true, is another episode. */
export interface Occasion {
  readonly fact: string;
  /** For days: a value that moved by no more than this was put right and is no new one. Null for other values. */
  readonly slackDays: number | null;
}

export type CompiledStep = EmailStep | SlackStep | TaskStep | WebhookStep | WaitStep;

/** Who gets an e-mail: the customer's primary contact, the account's owner, or one fixed address. */
export type EmailRecipient = "primary-contact" | "owner" | { readonly address: string };

export interface EmailStep {
  readonly kind: "email";
  readonly id: string;
  readonly to: EmailRecipient;
  readonly subject: Template;
  readonly body: Template;
  readonly channel: string;
  /** The host after the @ of a Message-ID. */
  readonly domain: string;
}

export interface SlackStep {
  readonly kind: "slack";
  readonly id: string;
  readonly channel: string;
  readonly text: Template;
}

export interface TaskStep {
  readonly kind: "task";
  readonly id: string;
  readonly title: Template;
  readonly body: Template | null;
  /** `owner` or an owner's id. */
  readonly assignee: string;
  readonly due: { readonly in: number; readonly unit: "days" | "working-days" } | null;
  /** The source whose CRM is to have it, too. */
  readonly sync: string | null;
}

export interface WebhookStep {
  readonly kind: "webhook";
  readonly id: string;
  readonly channel: string;
  readonly payload: ReadonlyMap<string, Template | number | boolean>;
}

export interface WaitStep {
  readonly kind: "wait";
  readonly id: string;
  readonly forMs: number;
}
