import type { Db } from "../../src/store/db.ts";
import type { ActionState } from "../../src/store/schema.ts";

const at = new Date("2026-03-02T08:00:00Z");

/** An account of this key, with one run that actions can hang on. */
export async function insertRun(db: Db, key = "acme"): Promise<{ accountId: number; runId: number }> {
  const account = await db
    .insertInto("accounts")
    .values({ key, name: `${key} Ltd`, owner: "anna" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const run = await db
    .insertInto("runs")
    .values({
      accountId: account.id,
      playbookId: "save",
      episode: 1,
      revision: 1,
      state: "done",
      reason: "all steps done",
      startedAt: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { accountId: account.id, runId: run.id };
}

/** An e-mail of that run in this state. */
export async function insertEmail(
  db: Db,
  run: { accountId: number; runId: number },
  state: ActionState,
  stepId = "mail",
): Promise<number> {
  const message = {
    kind: "email",
    to: "kim@example.com",
    subject: "How are you?",
    text: "Hello Kim,\nhow are you?\n",
    html: "<p>Hello Kim</p>",
    messageId: "<1@example.com>",
    replyTo: null,
    audience: "customer",
  };
  const row = await db
    .insertInto("actions")
    .values({
      ...run,
      playbookId: "save",
      revision: 1,
      stepId,
      visit: 1,
      recipient: "kim@example.com",
      kind: "email",
      channel: "mail",
      message: JSON.stringify(message),
      state,
      reason: "as it is",
      attempt: 3,
      dueAt: new Date("2027-01-01T00:00:00Z"),
      firstAttemptAt: at,
      createdAt: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}
