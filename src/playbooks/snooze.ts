import type { Snooze } from "../scoring/by-hand.ts";
import type { Instant } from "../scoring/history.ts";
import { type AskGuards, noGuards } from "./guard.ts";
import { moment } from "./time-words.ts";

/** A snooze as a judgement needs it. */
export interface SnoozeNotice {
  /** No run begins before. */
  readonly until: Instant;
  /** `snoozed until 3 May 2026 at 14:05 (Europe/Vienna) by anna: on holiday`. */
  readonly words: string;
}

/** A snooze in words; moments are told in the zone. */
export function snoozeNotice(snooze: Snooze | null, zone: string): SnoozeNotice | null {
  if (snooze === null) return null;
  const by = snooze.by === "" ? "" : ` by ${snooze.by}`;
  const reason = snooze.reason === "" ? "" : `: ${snooze.reason}`;
  return { until: snooze.until, words: `snoozed until ${moment(snooze.until, zone)}${by}${reason}` };
}

/** No run begins while the account is snoozed. */
export function snoozeGuard(notice: SnoozeNotice | null | undefined): AskGuards {
  if (notice == null) return noGuards;
  return () => ({ kind: "defer", guard: "snooze", until: notice.until, words: notice.words });
}
