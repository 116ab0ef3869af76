import { sql } from "kysely";
import { type ClaimedAction, markSending } from "./actions.ts";
import type { Db, Tx } from "./db.ts";
import { plainAddress } from "./erasure/addresses.ts";
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

/**
 * When mails to customers were made after a moment, of all playbooks, by address in small letters, oldest first. What was not sent, and will
 * not be, does not count.
 */
export async function readMailTimes(
  tx: Tx,
  addresses: readonly string[],
  after: Date,
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (addresses.length === 0) return new Map();
  const { rows } = await sql<{ address: string; madeAt: Date }>`
    select lower(recipient) as address, created_at as made_at from actions
    where kind = 'email' and message ->> 'audience' = 'customer' and state not in ('skipped', 'cancelled', 'failed')
      and lower(recipient) = any(${addresses.map(plainAddress)}::text[]) and created_at > ${after}
    order by created_at, id`.execute(tx);
  const times = new Map<string, number[]>();
  for (const { address, madeAt } of rows) times.set(address, [...(times.get(address) ?? []), madeAt.getTime()]);
  return times;
}
