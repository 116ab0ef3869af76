/** What a step wants to have sent, fully rendered when the action is made: retries never render again. */
export type Message = EmailMessage | SlackMessage | WebhookMessage | CrmTaskMessage | CrmFieldMessage;

export interface EmailMessage {
  readonly kind: "email";
  /** Exactly one addr-spec. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** `<...@...>`, made once and stored before anything is sent. */
  readonly messageId: string;
  readonly replyTo: string | null;
  /** Who reads it: mail to a customer is never repeated in doubt, mail to our own team is. */
  readonly audience: "customer" | "team";
  /** Where the reader says that they want no more; messages kept by an earlier version have none. */
  readonly unsubscribeLink?: string | null | undefined;
}

export interface SlackMessage {
  readonly kind: "slack";
  /** Fallback text: always there. */
  readonly text: string;
  /** Block Kit blocks, already escaped. */
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
}

export interface WebhookMessage {
  readonly kind: "webhook";
  /** `webhook-id`: the same over all attempts; holds no dot. */
  readonly id: string;
  /** The exact bytes that are signed and sent, as text. */
  readonly body: string;
}

/** A task of ours as a CRM is to have it; made or updated there by its key. A type rather than an interface, so that it can be kept as plain JSON. */
export type CrmTaskMessage = {
  readonly kind: "crm-task";
  /** Unique in this installation, for ever. */
  readonly key: string;
  readonly title: string;
  readonly body: string;
  /** Our id of who is to do it. */
  readonly assignee: string;
  /** `YYYY-MM-DD`. */
  readonly dueOn: string | null;
};

/** A field of the account as a CRM is to have it; null empties it. */
export type CrmFieldMessage = {
  readonly kind: "crm-field";
  /** As the CRM names it. */
  readonly field: string;
  readonly value: string | number | boolean | null;
};

/** What came of one attempt. Reasons are for people and hold no secret. */
export type Outcome =
  | { readonly kind: "sent"; readonly reason: string; readonly receipt?: Readonly<Record<string, unknown>> }
  /** Surely not delivered; worth another try, not before `afterMs` where the receiver said so. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /** Surely not delivered, and never will be. `disableChannel`: the receiver wants no more of these (HTTP 410). */
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly disableChannel?: boolean;
      /** There is no such mailbox: mail to it only harms the name of the sender. */
      readonly isUnknownMailbox?: boolean;
    }
  /** Perhaps delivered: no answer after the sending began. */
  | { readonly kind: "unknown"; readonly reason: string };
