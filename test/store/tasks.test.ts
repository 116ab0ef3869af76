import { describe, expect } from "vitest";
import { insertTask } from "../../src/store/actions.ts";
import type { Db } from "../../src/store/db.ts";
import { finishTask, listTasks, reopenTask } from "../../src/store/tasks.ts";
import { test } from "../support/database.ts";
import { insertRun } from "./action-rows.ts";

const now = new Date("2026-03-02T09:00:00Z");

async function addTask(db: Db, accountId: number, title: string, dueOn: string | null): Promise<number> {
  const task = { accountId, actionId: null, title, body: "", assignee: "anna", dueOn };
  return db.transaction().execute((tx) => insertTask(tx, task, now));
}

describe("tasks", () => {
  test("are listed by due day, those without one last", async ({ db }) => {
    const { accountId } = await insertRun(db);
    await addTask(db, accountId, "some day", null);
    await addTask(db, accountId, "later", "2026-04-01");
    await addTask(db, accountId, "first", "2026-03-03");
    const tasks = await listTasks(db, { state: "open", assignee: "anna", limit: 10 });
    expect(tasks.map(({ title, dueOn }) => ({ title, dueOn }))).toEqual([
      { title: "first", dueOn: "2026-03-03" },
      { title: "later", dueOn: "2026-04-01" },
      { title: "some day", dueOn: null },
    ]);
    expect(await listTasks(db, { assignee: "nobody", limit: 10 })).toEqual([]);
  });

  test("are closed once, with an outcome, and can be opened again", async ({ db }) => {
    const { accountId } = await insertRun(db);
    const id = await addTask(db, accountId, "call", null);
    const finish = (outcome: string) =>
      db.transaction().execute((tx) => finishTask(tx, id, { outcome, author: "anna" }, now));
    expect(await finish("they stay")).toEqual({ kind: "changed", accountId });
    expect(await finish("they leave")).toEqual({ kind: "refused", state: "done" });
    expect(await listTasks(db, { limit: 10 })).toMatchObject([
      { state: "done", outcome: "they stay", settledBy: "anna", settledAt: now },
    ]);
    expect(await db.transaction().execute((tx) => reopenTask(tx, id))).toEqual({ kind: "changed", accountId });
    expect(await db.transaction().execute((tx) => reopenTask(tx, id))).toEqual({ kind: "refused", state: "open" });
    expect(await db.transaction().execute((tx) => reopenTask(tx, 999))).toEqual({ kind: "not-found" });
  });
});
