import { z } from "zod";
import { isPlainAddress } from "../../playbooks/email-message.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Tx } from "../../store/db.ts";
import { liftSuppression, type Suppression, suppress, suppressionReasons } from "../../store/mail-suppressions.ts";
import { auditRow, type Hand, type HandOutcome } from "./hand.ts";

/** Who is to get no more mail, or some again. */
export const suppressionWish = z.strictObject({
  address: z.string().trim().refine(isPlainAddress, { error: "expected one e-mail address" }),
  note: z.string().trim().max(300).optional(),
});
export type SuppressionWish = z.infer<typeof suppressionWish>;

/** An address on the list, as it is told. */
export const suppressionSchema = z.strictObject({
  /** In small letters; of an erased person a keyed hash. */
  address: z.string(),
  reason: z.enum(suppressionReasons),
  detail: z.string(),
  at: z.iso.datetime(),
});

/** A suppression as it is told. */
export function toSuppressionJson(suppression: Suppression): z.infer<typeof suppressionSchema> {
  return { ...suppression, at: suppression.at.toISOString() };
}

/** Puts an address on the list of those who get no mail as customers. */
export async function suppressByHand(
  tx: Tx,
  { address, note }: SuppressionWish,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<{ readonly address: string }>> {
  const detail = note === undefined ? `by ${hand.author}` : `by ${hand.author}: ${note}`;
  if ((await suppress(tx, [{ address, reason: "by-hand", detail }], now)) === 0) {
    return { kind: "conflict", reason: `${address} is on the list already` };
  }
  const row = { deed: "suppression.added", accountId: null, subject: address, data: { note: note ?? null } };
  await writeAudit(tx, [auditRow(hand, row)], now);
  return { kind: "done", done: { address } };
}

/** Takes an address off the list; kept in the audit with what had been known, as it may have been the person's own wish. */
export async function liftByHand(
  tx: Tx,
  { address, note }: SuppressionWish,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<Suppression>> {
  const lifted = await liftSuppression(tx, address);
  if (lifted === null) return { kind: "missing", reason: `${address} is not on the list` };
  const { reason, detail, at } = lifted;
  const data = { reason, detail, at: at.toISOString(), note: note ?? null };
  await writeAudit(tx, [auditRow(hand, { deed: "suppression.removed", accountId: null, subject: address, data })], now);
  return { kind: "done", done: lifted };
}
