import { sql } from "kysely";
import { describe, expect } from "vitest";
import { listAccounts } from "../../../src/store/account-list.ts";
import { actionStates } from "../../../src/store/action-list.ts";
import { claimDueActions } from "../../../src/store/actions.ts";
import type { Db } from "../../../src/store/db.ts";
import { applyDeletions, type Deletion } from "../../../src/store/identity/deletions.ts";
import { readPortfolio } from "../../../src/store/portfolio.ts";
import { listTasks } from "../../../src/store/tasks.ts";
import { claimDueResponses, claimDueScores } from "../../../src/store/work.ts";
import { test } from "../../support/database.ts";
import { insertEmail, insertRun } from "../action-rows.ts";
import { accountInput, identities, later, now, say, take, ticket, unmatched } from "./scene.ts";

const keys = { idsAreKeys: true } as const;

function gone(db: Db, source: string, deletions: readonly Deletion[], at = now): Promise<number> {
  return db.transaction().execute((tx) => applyDeletions(tx, { source, deletions, now: at, recordedAt: "now" }));
}

async function changes(db: Db, id: string): Promise<unknown[]> {
  const { rows } = await sql<{ at: Date; set: unknown }>`
    select c.occurred_at as at, c.set from record_changes c join records r on r.id = c.record_id
    where r.external_id = ${id} order by c.occurred_at, c.recorded_at`.execute(db);
  return rows.map(({ at, set }) => [at.toISOString().slice(0, 10), set]);
}

describe("a record that its source has deleted", () => {
  const t1 = { kind: "ticket", id: "t1", at: "2026-02-10T00:00:00Z" } as const;

  test("is noted as of then, once, however often that is said, also later", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }]);
    await take(db, "crm", [ticket("t1", "12")]);
    expect(await gone(db, "crm", [t1])).toBe(1);
    expect(await gone(db, "crm", [t1, { ...t1, at: "2026-03-01T00:00:00Z" }])).toBe(0);
    expect(await changes(db, "t1")).toEqual([
      ["2026-02-01", { status: "open" }],
      ["2026-02-10", { deleted: true }],
    ]);
  });

  test("is back with a change of its own that came after, whichever of the two arrives first", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }]);
    const after = ticket("t1", "12", { status: "solved" }, "2026-02-20T00:00:00Z");
    await take(db, "crm", [ticket("t1", "12"), ticket("t2", "12")]);
    await gone(db, "crm", [t1]);
    await take(db, "crm", [after]);
    await take(db, "crm", [{ ...after, id: "t2" }]);
    await gone(db, "crm", [{ ...t1, id: "t2" }]);
    const [first, second] = [await changes(db, "t1"), await changes(db, "t2")];
    expect(first.at(-1)).toEqual(["2026-02-20", { status: "solved", deleted: false }]);
    expect(second.slice(-2)).toEqual([
      ["2026-02-20", { status: "solved" }],
      ["2026-02-20", { deleted: false }],
    ]);
    const rows = await db.selectFrom("records").select("deletedAt").where("kind", "=", "ticket").execute();
    expect(rows).toEqual([{ deletedAt: null }, { deletedAt: null }]);
  });

  test("stays deleted when an older change arrives late, or one that was dated ahead", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }]);
    await take(db, "crm", [ticket("t1", "12"), ticket("t1", "12", {}, "2026-05-01T00:00:00Z")]);
    await gone(db, "crm", [t1]);
    await take(db, "crm", [ticket("t1", "12", { priority: "high" }, "2026-02-05T00:00:00Z")]);
    const row = await db.selectFrom("records").select("deletedAt").where("kind", "=", "ticket").executeTakeFirst();
    expect(row?.deletedAt?.toISOString()).toBe("2026-02-10T00:00:00.000Z");
  });

  test("is noted also while it waits for its account", async ({ db }) => {
    await take(db, "crm", [ticket("t1", "12")]);
    await gone(db, "crm", [t1, { kind: "ticket", id: "nobody", at: t1.at }]);
    await say(db, "crm", [{ id: "12" }]);
    expect(await changes(db, "t1")).toContainEqual(["2026-02-10", { deleted: true }]);
  });
});

describe("an account that its source has deleted", () => {
  const account = { kind: "account", id: "12", at: "2026-03-01T00:00:00Z" } as const;

  test("lives on as long as somebody knows it", async ({ db }) => {
    await say(db, "app", [{ id: "acme" }], keys);
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await gone(db, "crm", [account]);
    expect(await identities(db)).toEqual({ "app acme": "acme", "crm 12 (ended)": "acme" });
    expect(await listAccounts(db, { order: "key", limit: 10 })).toHaveLength(1);
  });

  test("is archived when nobody knows it any more: neither scored nor judged nor listed, its runs stopped", async ({
    db,
  }) => {
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    const [{ id: accountId } = { id: 0 }] = await db.selectFrom("accounts").select("id").execute();
    const run = { accountId, playbookId: "save", episode: 1, revision: 1, state: "active", stepId: "call" } as const;
    await db
      .insertInto("runs")
      .values({ ...run, reason: "score 30", startedAt: now })
      .execute();
    await sql`update account_work set facts_seq = 1`.execute(db);
    const task = { accountId, actionId: null, title: "Call", state: "open", createdAt: now } as const;
    await db.insertInto("tasks").values(task).execute();
    await gone(db, "crm", [account]);
    const round = { afterId: 0, limit: 10, hasFamilies: true, parentsOnly: false };
    const claimed = await db
      .transaction()
      .execute(async (tx) => [
        ...(await claimDueScores(tx, round, later(1))),
        ...(await claimDueResponses(tx, 0, 10, later(1))),
      ]);
    expect([claimed, await listAccounts(db, { order: "key", limit: 10 }), await readPortfolio(db)]).toEqual([
      [],
      [],
      [],
    ]);
    const runs = await db.selectFrom("runs").select(["state", "reason"]).execute();
    expect(runs).toEqual([{ state: "stopped", reason: "score 30; stopped: the account was archived: deleted in crm" }]);
    expect(await listTasks(db, { limit: 10 })).toMatchObject([{ state: "open", accountArchived: "deleted in crm" }]);
  });

  test("is sent nothing any more: what waits is cancelled and its log says why, what a worker has in hand goes on", async ({
    db,
  }) => {
    const [acme, other] = [await insertRun(db, "acme"), await insertRun(db, "other")];
    for (const state of actionStates) await insertEmail(db, acme, state, state);
    await insertEmail(db, other, "pending");
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await gone(db, "crm", [account]);
    const rows = await db.selectFrom("actions").select("state").orderBy("id").execute();
    const states = actionStates.map((state) => (state === "pending" || state === "retry" ? "cancelled" : state));
    expect(rows.map(({ state }) => state)).toEqual([...states, "pending"]);
    const reason = "the account was archived: deleted in crm";
    const cancelled = await db
      .selectFrom("actions as n")
      .innerJoin("actionLog as l", "l.actionId", "n.id")
      .select(["n.stepId", "n.reason as why", "n.settledAt", "l.state", "l.attempt", "l.author", "l.reason", "l.at"])
      .orderBy("n.id")
      .execute();
    const logged = { state: "cancelled", attempt: 3, author: "keepwell", reason, at: now };
    expect(cancelled).toEqual(
      ["pending", "retry"].map((stepId) => ({ stepId, why: reason, settledAt: now, ...logged })),
    );
    await sql`update actions set due_at = now() - interval '1 s'`.execute(db);
    expect(await claimDueActions(db, 10, 60)).toHaveLength(1);
  });

  test("comes back with its record, and playbooks take it as they find it", async ({ db }) => {
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await sql`
      insert into trigger_states (account_id, playbook_id, trigger_key, state, since, reason)
      select id, 'save', 'k', 'pending', now(), 'score' from accounts`.execute(db);
    await gone(db, "crm", [account]);
    await say(db, "crm", [{ id: "12", key: "acme", at: "2026-02-20T00:00:00Z", set: { owner: "anna" } }]);
    expect(await listAccounts(db, { order: "key", limit: 10 })).toEqual([]);
    await say(db, "crm", [{ id: "12", key: "acme", at: "2026-03-02T00:00:00Z", set: { owner: "anna" } }]);
    expect(await identities(db)).toEqual({ "crm 12": "acme" });
    expect(await listAccounts(db, { order: "key", limit: 10 })).toHaveLength(1);
    const states = await db.selectFrom("triggerStates").select(["state", "held", "dueAt"]).execute();
    expect(states).toEqual([{ state: "inactive", held: true, dueAt: null }]);
  });

  test("comes back when another source finds it", async ({ db }) => {
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await gone(db, "crm", [account]);
    await say(db, "billing", [{ id: "cus_1", key: "acme" }], { accounts: "match" });
    expect(await listAccounts(db, { order: "key", limit: 10 })).toHaveLength(1);
  });

  test("leaves the list of those that nobody could place", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }], { accounts: "match" });
    await gone(db, "crm", [account]);
    expect(await unmatched(db)).toEqual({});
    await take(db, "crm", [accountInput({ id: "12", at: "2026-03-02T00:00:00Z" })], { accounts: "match" });
    expect(Object.keys(await unmatched(db))).toEqual(["crm 12"]);
  });
});
