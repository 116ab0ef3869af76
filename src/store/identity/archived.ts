import type { Db } from "../db.ts";

/** That an account is archived. */
export interface Archived {
  readonly since: Date;
  readonly reason: string;
  /** The key of the account in which it went up; null: in none. */
  readonly mergedInto: string | null;
}

/** Since when an account is archived, and why; null while it is not. */
export async function readArchived(db: Db, accountId: number): Promise<Archived | null> {
  const row = await db
    .selectFrom("accounts as a")
    .leftJoin("accounts as survivor", "survivor.id", "a.mergedInto")
    .select(["a.archivedAt", "a.archivedReason", "survivor.key as mergedInto"])
    .where("a.id", "=", accountId)
    .executeTakeFirst();
  if (row === undefined || row.archivedAt === null) return null;
  return { since: row.archivedAt, reason: row.archivedReason ?? "no reason kept", mergedInto: row.mergedInto };
}
