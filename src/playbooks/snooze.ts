import type { Snooze } from "../scoring/by-hand.ts";
import type { Instant } from "../scoring/history.ts";
import { type AskGuards, type GuardQuestion, type GuardVerdict, noGuards } from "./guard.ts";
import { moment } from "./time-words.ts";

/** A snooze as a judgement needs it. */
export interface SnoozeNotice {
  /** No run begins before. */
  readonly until: Instant;
  /** `snoozed until 3 May 2026 at 14:05 (Europe/Vienna) by anna: on holiday`. */
  readonly words: string;
}

/** A pause of a playbook that is in force for the account. */
export interface PlaybookPause {
  readonly playbookId: string;
  readonly until: Instant;
  readonly author: string;
  readonly reason: string;
}

/** What is asleep for an account. */
interface SleepingAccount {
  readonly snooze: SnoozeNotice | null;
  readonly pauses: readonly PlaybookPause[];
  /** Moments are told in it. */
  readonly zone: string;
}

/** A snooze in words; moments are told in the zone. */
export function snoozeNotice(snooze: Snooze | null, zone: string): SnoozeNotice | null {
  if (snooze === null) return null;
  const by = snooze.by === "" ? "" : ` by ${snooze.by}`;
  const reason = snooze.reason === "" ? "" : `: ${snooze.reason}`;
  return { until: snooze.until, words: `snoozed until ${moment(snooze.until, zone)}${by}${reason}` };
}

/** No run begins while the account is snoozed, or the playbook is, for all accounts or for this one. The pause that ends last is told. */
export function snoozeVerdict({ playbook }: GuardQuestion, { snooze, pauses, zone }: SleepingAccount): GuardVerdict {
  const ofPlaybook = pauses
    .filter(({ playbookId }) => playbookId === playbook.id)
    .map(({ until, author, reason }) => {
      const words = `the playbook is snoozed until ${moment(until, zone)} by ${author}: ${reason}`;
      return { until, words };
    });
  const [last] = [...ofPlaybook, ...(snooze === null ? [] : [snooze])].sort((one, other) => other.until - one.until);
  return last === undefined ? { kind: "go" } : { kind: "defer", guard: "snooze", ...last };
}

/** The snooze of an account as the only guard, for what is judged outside the present. */
export function snoozeGuard(notice: SnoozeNotice | null | undefined): AskGuards {
  if (notice == null) return noGuards;
  return () => ({ kind: "defer", guard: "snooze", ...notice });
}
