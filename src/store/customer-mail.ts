import { sql } from "kysely";
import { type ClaimedAction, markSending } from "./actions.ts";
import type { Db, Tx } from "./db.ts";
import { findSuppression, lockAddress, suppressionWords } from "./mail-suppressions.ts";

/** Whether a mail to a customer goes out now. */
export type MailStart =
  | { readonly kind: "sending" }
  /** Another process has taken the action over. */
  | { readonly kind: "taken-over" }
  | { readonly kind: "cancelled"; readonly reason: string };

/**
 * Commits that the sending of a mail to a customer begins now, unless its address is suppressed: then the action is cancelled. The look and
 * the commit are under one lock with whoever suppresses: no sending begins after that has been committed.
 */
export async function beginCustomerMail(
  db: Db,
  action: Pick<ClaimedAction, "id" | "fence" | "attempt">,
  address: string,
  how: { readonly leaseSeconds: number; readonly author: string },
): Promise<MailStart> {
  return db.transaction().execute(async (tx): Promise<MailStart> => {
    await lockAddress(tx, address, "together");
    const suppression = await findSuppression(tx, address);
    if (suppression !== null) return cancel(tx, action, suppressionWords(suppression), how.author);
    const isOurs = await markSending(tx, action.id, action.fence, how.leaseSeconds);
    return { kind: isOurs ? "sending" : "taken-over" };
  });
}

async function cancel(
  tx: Tx,
  { id, fence, attempt }: Pick<ClaimedAction, "id" | "fence" | "attempt">,
  reason: string,
  author: string,
): Promise<MailStart> {
  const result = await sql`
    update actions set state = 'cancelled', reason = ${reason}, lease_until = null, settled_at = now()
    where id = ${id} and fence = ${fence} and state = 'claimed'`.execute(tx);
  if (Number(result.numAffectedRows ?? 0) !== 1) return { kind: "taken-over" };
  await tx.insertInto("actionLog").values({ actionId: id, attempt, state: "cancelled", author, reason }).execute();
  return { kind: "cancelled", reason };
}

/** What tells how many mails an address got: those sent or under way in a sliding time. */
export interface MailCount {
  readonly address: string;
  /** When they were made, oldest first. */
  readonly madeAt: readonly Date[];
}

/** Mails to customers that were made after a moment, of all playbooks, by address in small letters; those that were not sent are not counted. */
export async function readMailCounts(tx: Tx, addresses: readonly string[], after: Date): Promise<readonly MailCount[]> {
  if (addresses.length === 0) return [];
  const { rows } = await sql<MailCount>`
    select lower(recipient) as address, array_agg(created_at order by created_at) as made_at from actions
    where kind = 'email' and message ->> 'audience' = 'customer' and state not in ('skipped', 'cancelled', 'failed')
      and lower(recipient) = any(${addresses}::text[]) and created_at > ${after}
    group by 1`.execute(tx);
  return rows;
}
