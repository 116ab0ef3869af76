import { durationWords } from "../scoring/duration.ts";
import type { Instant } from "../scoring/history.ts";
import type { Message, Outcome } from "./message.ts";

/** What settling needs to know of an action that was tried. */
export interface TriedAction {
  readonly kind: Message["kind"];
  /** 1 for the first try; counted when the action is claimed. */
  readonly attempt: number;
  readonly firstAttemptAt: Instant | null;
  /** A customer reads it: never repeated in doubt. */
  readonly isCustomer: boolean;
  /** An earlier attempt ended in doubt. */
  readonly mayRepeat: boolean;
}

/** An action whose worker was not heard of until its lease ran out. */
export interface AbandonedAction extends TriedAction {
  readonly state: "claimed" | "sending";
}

/** What becomes of an action after an attempt. */
export interface Settlement {
  readonly state: "sent" | "retry" | "failed" | "unknown";
  /** When to try again; null unless the state is `retry`. */
  readonly dueAt: Instant | null;
  readonly reason: string;
  readonly mayRepeat: boolean;
  /** The receiver wants no more of these. */
  readonly disableChannel: boolean;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const crmWaits = [5 * second, minute, 5 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, 24 * hour];

/** Waits between attempts before jitter, per kind: webhooks 75.6 h in all, CRMs 39.6 h, e-mail 27.9 h, Slack 15.7 h (an alert is stale after that). */
const retryWaits = {
  webhook: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
  email: [minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, 12 * hour],
  "crm-task": crmWaits,
  "crm-field": crmWaits,
  slack: [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour],
} as const satisfies Record<Message["kind"], readonly number[]>;

/** Jitter only lengthens a wait, by up to half: receivers that come back are not met by everyone at once, and no span gets shorter. */
const jitterShare = 0.5;

/** A receiver may ask us to wait this long at most: beyond it the action would outlive its use. */
const longestAskedWaitMs = 24 * hour;

/** An action is given up once it was claimed this often: it probably ends the process that takes it. More than any row of waits. */
const maxAttempts = 15;

/** The next state of an action by what came of its attempt. `jitter` is 0–1. */
export function settleAttempt(action: TriedAction, outcome: Outcome, jitter: number, now: Instant): Settlement {
  switch (outcome.kind) {
    case "sent":
      return ended(action, "sent", outcome.reason);
    case "failed":
      return { ...ended(action, "failed", outcome.reason), disableChannel: outcome.disableChannel === true };
    case "retry":
      return retryOrGiveUp(action, outcome.reason, outcome.afterMs, jitter, now);
    case "unknown":
      return settleDoubt(action, outcome.reason, jitter, now);
  }
}

/**
 * The next state of an action whose lease ran out. `claimed` was never begun: it is free again at once. `sending` may have been
 * delivered: it is settled as an attempt without an answer.
 */
export function settleAbandoned(action: AbandonedAction, jitter: number, now: Instant): Settlement {
  if (action.state === "sending") {
    return settleDoubt(action, "the worker ended while sending: perhaps delivered", jitter, now);
  }
  if (action.attempt >= maxAttempts) {
    return ended(
      action,
      "failed",
      `given up: claimed ${action.attempt} times, and each time the worker ended before sending`,
    );
  }
  const reason = "the worker ended before sending: free again";
  return { state: "retry", dueAt: now, reason, mayRepeat: action.mayRepeat, disableChannel: false };
}

/** Perhaps delivered. Webhooks carry an id their receiver dedupes by, CRM tasks a key that is looked up first, a CRM's field says the same afterwards; our team may be told twice; a customer may not. */
function settleDoubt(action: TriedAction, reason: string, jitter: number, now: Instant): Settlement {
  const isRepeatable = action.kind === "webhook" || action.kind === "crm-task" || action.kind === "crm-field";
  if (isRepeatable) return retryOrGiveUp(action, reason, undefined, jitter, now);
  if (action.kind === "email" && action.isCustomer) {
    return ended(action, "unknown", `${reason}; mail to a customer is never repeated in doubt: decide by hand`);
  }
  if (action.mayRepeat) return ended(action, "unknown", `${reason}; in doubt for the second time: decide by hand`);
  const again = retryOrGiveUp(
    action,
    `${reason}; tried once more, marked as a possible repeat`,
    undefined,
    jitter,
    now,
  );
  return again.state === "failed" ? { ...again, state: "unknown" } : { ...again, mayRepeat: true };
}

function retryOrGiveUp(
  action: TriedAction,
  reason: string,
  afterMs: number | undefined,
  jitter: number,
  now: Instant,
): Settlement {
  const wait = retryWaits[action.kind][action.attempt - 1];
  if (wait === undefined) {
    const tried = action.firstAttemptAt === null ? "" : ` over ${durationWords(now - action.firstAttemptAt)}`;
    return ended(action, "failed", `given up after ${action.attempt} attempts${tried}: ${reason}`);
  }
  const ownWait = Math.round(wait * (1 + jitterShare * clamp(jitter, 0, 1)));
  const dueAt = now + Math.max(ownWait, clamp(afterMs ?? 0, 0, longestAskedWaitMs));
  return { state: "retry", dueAt, reason, mayRepeat: action.mayRepeat, disableChannel: false };
}

function ended(action: TriedAction, state: "sent" | "failed" | "unknown", reason: string): Settlement {
  return { state, dueAt: null, reason, mayRepeat: action.mayRepeat, disableChannel: false };
}

/** Not a number counts as the lower bound. */
function clamp(value: number, low: number, high: number): number {
  return value > low ? Math.min(value, high) : low;
}
