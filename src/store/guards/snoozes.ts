import type { Db, Tx } from "../db.ts";

/** A pause of a playbook, for one account or, where it is null, for all of them. */
export interface PlaybookSnooze {
  readonly id: number;
  readonly playbookId: string;
  readonly accountId: number | null;
  /** The account's key. */
  readonly account: string | null;
  readonly author: string;
  readonly reason: string;
  readonly createdAt: Date;
  readonly until: Date;
}

/** The pauses of playbooks that are in force, those of one account and of all of them where accounts are given. */
export async function readPlaybookSnoozes(
  db: Db | Tx,
  now: Date,
  accountIds?: readonly number[],
): Promise<PlaybookSnooze[]> {
  let query = db
    .selectFrom("playbookSnoozes as s")
    .leftJoin("accounts as a", "a.id", "s.accountId")
    .select([
      "s.id",
      "s.playbookId",
      "s.accountId",
      "a.key as account",
      "s.author",
      "s.reason",
      "s.createdAt",
      "s.until",
    ])
    .where("s.endedAt", "is", null)
    .where("s.until", ">", now)
    .orderBy("s.id");
  if (accountIds !== undefined) {
    query = query.where((is) => is.or([is("s.accountId", "is", null), is("s.accountId", "in", accountIds)]));
  }
  return query.execute();
}

/** Puts a playbook to sleep, in place of an earlier pause for the same account (null: for all). */
export async function setPlaybookSnooze(
  tx: Tx,
  snooze: Pick<PlaybookSnooze, "playbookId" | "accountId" | "author" | "reason" | "until">,
  now: Date,
): Promise<void> {
  await endPlaybookSnooze(tx, snooze, snooze.author, now);
  await tx
    .insertInto("playbookSnoozes")
    .values({ ...snooze, createdAt: now })
    .execute();
}

/** Ends the pause of a playbook for an account (null: for all); false where there is none. */
export async function endPlaybookSnooze(
  tx: Tx,
  { playbookId, accountId }: Pick<PlaybookSnooze, "playbookId" | "accountId">,
  endedBy: string,
  now: Date,
): Promise<boolean> {
  const ended = await tx
    .updateTable("playbookSnoozes")
    .set({ endedAt: now, endedBy })
    .where("playbookId", "=", playbookId)
    .where("accountId", accountId === null ? "is" : "=", accountId)
    .where("endedAt", "is", null)
    .where("until", ">", now)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}
