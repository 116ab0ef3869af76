import { digestDueAt } from "../digest/due.ts";
import type { Digest, EmailStep, SlackStep } from "../playbook.ts";
import { moment } from "../time-words.ts";
import { type PlannedAction, skipped } from "./action.ts";
import type { Occasion } from "./occasion.ts";

/** A step that makes no message of its own: the account stands in the digest of its owner. */
export function planDigest(
  step: EmailStep | SlackStep,
  digest: Digest,
  recipient: string,
  occasion: Occasion,
): PlannedAction {
  const { owner, ownerZone: zone, calendarOf } = occasion.subject;
  const calendar = calendarOf(owner?.country ?? null, owner?.region ?? null);
  const dueAt = digestDueAt(digest, { zone, calendar }, occasion.now);
  const whose = owner === null ? "accounts without an owner" : owner.id;
  const reason = `told in the digest of ${whose}, by ${moment(dueAt, zone)}`;
  const planned = {
    recipient: step.kind === "email" ? recipient : (owner?.id ?? ""),
    ownerId: owner?.id ?? null,
    dueAt,
  };
  return { ...skipped(step, occasion, recipient, reason), digest: planned };
}
