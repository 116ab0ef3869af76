import type { EmailMessage, Message, Outcome } from "../playbooks/message.ts";

/** One attempt to deliver one action. */
export interface Attempt {
  readonly actionId: number;
  readonly message: Message;
  /** 1 for the first try. */
  readonly attempt: number;
  /** An earlier attempt ended in doubt: the text must say that it may be a repeat. */
  readonly mayRepeat: boolean;
  /** Fires at the deadline of the attempt, which is shorter than the lease. */
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** A way out: one configured receiver. `send` never throws for what a receiver does; it returns the outcome. */
export interface Channel {
  readonly id: string;
  /** `crm`: takes tasks and fields of accounts. */
  readonly kind: "email" | "slack" | "webhook" | "crm";
  /** At most one message per this many milliseconds, shared by all processes; 0 for no limit. */
  readonly minIntervalMs: number;
  send(attempt: Attempt): Promise<Outcome>;
  /** The headers of a mail as it would go out, unfolded, each in one line; nothing is sent. */
  headersOf?(message: EmailMessage, now: Date): Promise<readonly string[]>;
  /** Are credentials and address good? In words; used by `doctor`. */
  check?(signal: AbortSignal): Promise<{ readonly ok: boolean; readonly detail: string }>;
  close?(): Promise<void>;
}
