import type { AccountHistory, Instant, Override } from "./history.ts";
import { type RecordState, recordsAsOf } from "./record-state.ts";
import type { RecordKind } from "./records.ts";

/** A pause of an account: no playbook begins a run for it. */
export interface Snooze {
  readonly until: Instant;
  readonly reason: string;
  readonly by: string;
}

/** A stage that a person has set. */
export interface HandStage {
  readonly stage: string;
  readonly since: Instant;
  readonly reason: string;
  readonly by: string;
}

/** The override in force at `now`, null when there is none. */
export function overrideAsOf(history: AccountHistory, now: Instant): Override | null {
  const fields = newest(history, "override", now)?.fields;
  const score = fields?.score ?? null;
  const band = fields?.band ?? null;
  const until = fields?.until == null ? null : Date.parse(fields.until);
  if ((score === null && band === null) || (until !== null && until <= now)) return null;
  return { score, band, until, reason: fields?.reason ?? "", by: fields?.by ?? "" };
}

/** The snooze in force at `now`, null when there is none. */
export function snoozeAsOf(history: AccountHistory, now: Instant): Snooze | null {
  const fields = newest(history, "snooze", now)?.fields;
  if (fields?.until == null) return null;
  const until = Date.parse(fields.until);
  return until <= now ? null : { until, reason: fields.reason ?? "", by: fields.by ?? "" };
}

/** The stage a person has set, null while the CRM and the rules decide. */
export function stageByHand(history: AccountHistory, now: Instant): HandStage | null {
  const record = newest(history, "stage", now);
  if (record?.fields.stage == null) return null;
  const { stage, reason, by } = record.fields;
  return { stage, since: record.lastAt, reason: reason ?? "", by: by ?? "" };
}

/** There is one such record per account; should there be more, the one that changed last counts. */
function newest<K extends RecordKind>(history: AccountHistory, kind: K, now: Instant): RecordState<K> | null {
  let last: RecordState<K> | null = null;
  for (const record of recordsAsOf(history, kind, now)) {
    if (last === null || record.lastAt >= last.lastAt) last = record;
  }
  return last;
}
