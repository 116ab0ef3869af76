import { describe, expect } from "vitest";
import { actionStates, listActions, readAction, resolveAction, retryAction } from "../../src/store/action-list.ts";
import { claimDueActions } from "../../src/store/actions.ts";
import { test } from "../support/database.ts";
import { insertEmail, insertRun } from "./action-rows.ts";

const now = new Date("2026-03-02T09:00:00Z");
const hand = { author: "anna", now };

describe("a list of actions", () => {
  test("shows the newest first, and only what was asked for", async ({ db }) => {
    const run = await insertRun(db);
    const other = await insertRun(db, "globex");
    const sent = await insertEmail(db, run, "sent", "one");
    const unknown = await insertEmail(db, run, "unknown", "two");
    const elsewhere = await insertEmail(db, other, "sent");
    const ids = async (filter: Omit<Parameters<typeof listActions>[1], "limit">) =>
      (await listActions(db, { ...filter, limit: 10 })).map(({ id }) => id);
    expect(await ids({})).toEqual([elsewhere, unknown, sent]);
    expect(await ids({ state: "sent" })).toEqual([elsewhere, sent]);
    expect(await ids({ account: "acme" })).toEqual([unknown, sent]);
    expect(await ids({ channel: "other" })).toEqual([]);
    expect(await listActions(db, { limit: 1 })).toHaveLength(1);
  });
});

describe("an action retried by hand", () => {
  test("that had failed is due at once, with a fresh schedule, and says who did it", async ({ db }) => {
    const id = await insertEmail(db, await insertRun(db), "failed");
    const change = await db.transaction().execute((tx) => retryAction(tx, id, hand));
    expect(change).toEqual({ kind: "changed", from: "failed", to: "retry" });
    expect((await readAction(db, id))?.log).toMatchObject([{ state: "retry", author: "anna", attempt: 0 }]);
    expect(await claimDueActions(db, 10, 60)).toMatchObject([{ id, attempt: 1 }]);
  });

  test("that waits is brought forward, and keeps its count of attempts", async ({ db }) => {
    const id = await insertEmail(db, await insertRun(db), "retry");
    expect(await claimDueActions(db, 10, 60)).toEqual([]);
    await db.transaction().execute((tx) => retryAction(tx, id, hand));
    expect(await claimDueActions(db, 10, 60)).toMatchObject([{ id, attempt: 4 }]);
  });

  test("is refused in every other state, in doubt above all", async ({ db }) => {
    const run = await insertRun(db);
    for (const state of actionStates.filter((one) => one !== "failed" && one !== "retry")) {
      const id = await insertEmail(db, run, state, `step-${state}`);
      const change = await db.transaction().execute((tx) => retryAction(tx, id, hand));
      expect(change).toEqual({ kind: "refused", state });
      expect(await readAction(db, id)).toMatchObject({ state, log: [] });
    }
    expect(await db.transaction().execute((tx) => retryAction(tx, 999, hand))).toEqual({ kind: "not-found" });
  });
});

describe("an action resolved by hand", () => {
  test.for([{ as: "sent" }, { as: "failed" }] as const)("in doubt becomes $as, once", async ({ as }, { db }) => {
    const id = await insertEmail(db, await insertRun(db), "unknown");
    const resolve = () => db.transaction().execute((tx) => resolveAction(tx, id, as, hand));
    const changes = await Promise.all([resolve(), resolve()]);
    expect(changes.map(({ kind }) => kind).sort()).toEqual(["changed", "refused"]);
    expect(await readAction(db, id)).toMatchObject({ state: as, settledAt: now, log: [{ state: as, author: "anna" }] });
  });

  test("is refused where there is no doubt", async ({ db }) => {
    const id = await insertEmail(db, await insertRun(db), "sending");
    const change = await db.transaction().execute((tx) => resolveAction(tx, id, "sent", hand));
    expect(change).toEqual({ kind: "refused", state: "sending" });
  });
});
