import type { Db } from "../../src/store/db.ts";

/** Accounts whose fields a CRM refused, the second one last; one where they were written, and one that is archived by now. */
export async function refuseFields(db: Db, source: string, now: Date): Promise<void> {
  const rows = [
    { key: "acme", state: "failed", reason: "Score must not fall", minute: 1 },
    { key: "umbrella", state: "failed", reason: "Band is required", minute: 2 },
    { key: "initech", state: "written", reason: "kept", minute: 3 },
    { key: "gone", state: "failed", reason: "the account is not known there", minute: 4 },
  ] as const;
  for (const { key, minute, ...fields } of rows) {
    const archivedAt = key === "gone" ? now : null;
    const { id: accountId } = await db
      .insertInto("accounts")
      .values({ key, name: key, archivedAt })
      .returning("id")
      .executeTakeFirstOrThrow();
    const dueAt = new Date(now.getTime() + minute * 60_000);
    await db
      .insertInto("crmFields")
      .values({ ...fields, source, accountId, wanted: JSON.stringify({ score: 31 }), dueAt })
      .execute();
  }
}
