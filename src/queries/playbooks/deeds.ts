import { z } from "zod";
import { writeAudit } from "../../store/audit.ts";
import { holdAccount } from "../../store/by-hand.ts";
import type { Tx } from "../../store/db.ts";
import { decideBrake, lockBrakes } from "../../store/guards/brakes.ts";
import { endPlaybookSnooze, setPlaybookSnooze } from "../../store/guards/snoozes.ts";
import { wakeWaiting } from "../../store/guards/waiting.ts";
import { notify } from "../../store/notify.ts";
import { auditRow, endOf, type Hand, type HandOutcome, unknownWord } from "../by-hand/hand.ts";
import { endWish, snoozeWish } from "../by-hand/wishes.ts";

/** What a deed on a playbook came to, as both doors tell it. */
export const playbookDeedSchema = z.strictObject({
  /** Such as `playbook.snooze`. */
  deed: z.string(),
  playbook: z.string(),
  /** The account's key; null: all accounts. */
  account: z.string().nullable(),
  at: z.iso.datetime(),
  /** Of a brake: how many accounts had waited for it. */
  accounts: z.int().nullable(),
});
type PlaybookDeed = z.infer<typeof playbookDeedSchema>;

/** A playbook, and the account for which alone it is meant (null: for all). */
export interface NamedPlaybook {
  readonly playbookId: string;
  readonly account: { readonly accountId: number; readonly key: string } | null;
}

/** Which account a pause is for; without one, for all. */
const account = z.string().trim().min(1).max(300).optional();
export const playbookSnoozeWish = snoozeWish.extend({ account });
export const playbookWakeWish = endWish.extend({ account });

/** What is to become of those that wait for a storm brake. */
export const brakeWish = z.strictObject({ decision: z.enum(["release", "drop"]) });

/** Puts a playbook to sleep: it begins no run before. */
export async function snoozePlaybook(
  tx: Tx,
  named: NamedPlaybook,
  wish: z.infer<typeof snoozeWish>,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<PlaybookDeed>> {
  const { playbookId } = named;
  const stray = unknownWord("playbook", playbookId, hand.words.playbooks);
  if (stray !== null) return stray;
  const zone = named.account === null ? null : (await holdAccount(tx, named.account.accountId)).zone;
  const until = endOf(wish.until, zone ?? hand.words.zone, now);
  if (!(until instanceof Date)) return until;
  const { reason } = wish;
  const accountId = named.account?.accountId ?? null;
  await setPlaybookSnooze(tx, { playbookId, accountId, author: hand.author, reason, until }, now);
  return done(tx, "playbook.snooze", named, { until: until.toISOString(), reason }, hand, now);
}

/** Wakes a playbook before its pause ends; those that wait for it are due. */
export async function wakePlaybook(
  tx: Tx,
  named: NamedPlaybook,
  { reason = null }: { readonly reason?: string | null | undefined },
  hand: Hand,
  now: Date,
): Promise<HandOutcome<PlaybookDeed>> {
  const { playbookId } = named;
  const accountId = named.account?.accountId ?? null;
  if (!(await endPlaybookSnooze(tx, { playbookId, accountId }, hand.author, now))) {
    const whom = named.account === null ? "all accounts" : `the account ${named.account.key}`;
    return { kind: "missing", reason: `The playbook ${playbookId} is not asleep for ${whom}` };
  }
  await wakeWaiting(tx, { guard: "snooze", playbookId, accountId }, now);
  await notify(tx, "respond");
  return done(tx, "playbook.wake", named, { reason }, hand, now);
}

/** Decides of a storm brake that was pulled: those that wait for it begin, or their episodes are dropped. */
export async function decideOfBrake(
  tx: Tx,
  playbookId: string,
  wish: z.infer<typeof brakeWish>,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<PlaybookDeed>> {
  await lockBrakes(tx, [playbookId]);
  const decision = wish.decision === "release" ? "go" : "drop";
  const accounts = await decideBrake(tx, playbookId, { decision, by: hand.author }, now);
  if (accounts === null) return { kind: "missing", reason: `No storm brake of ${playbookId} is pulled` };
  await notify(tx, "respond");
  return done(tx, `playbook.brake-${wish.decision}`, { playbookId, account: null }, { accounts }, hand, now);
}

async function done(
  tx: Tx,
  deed: string,
  { playbookId, account }: NamedPlaybook,
  data: { readonly accounts?: number; readonly [name: string]: string | number | null | undefined },
  hand: Hand,
  now: Date,
): Promise<HandOutcome<PlaybookDeed>> {
  const accountId = account?.accountId ?? null;
  await writeAudit(tx, [auditRow(hand, { deed, accountId, subject: playbookId, data })], now);
  const told = { deed, playbook: playbookId, account: account?.key ?? null, at: now.toISOString() };
  return { kind: "done", done: { ...told, accounts: data.accounts ?? null } };
}
