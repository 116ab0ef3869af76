import { describe, expect } from "vitest";
import { type CheckedChannel, diagnose, type Finding } from "../../src/queries/doctor.ts";
import type { Db } from "../../src/store/db.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { refuseFields } from "../store/field-rows.ts";
import { say } from "../store/identity/scene.ts";
import { test } from "../support/database.ts";
import { account, cover, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");

const find = (findings: readonly Finding[], subject: string) => findings.find((one) => one.subject === subject);
const look = async (db: Db, subject: string, channels: readonly CheckedChannel[] = []) =>
  find(await diagnose(db, channels), subject);

describe("what is found", () => {
  test("in a sound database is all well", async ({ db }) => {
    const findings = await diagnose(db, []);
    expect(findings.map(({ subject, state }) => [subject, state])).toEqual([
      ["database", "ok"],
      ["clock", "ok"],
      ["connections", "ok"],
      ["accounts", "ok"],
      ["actions", "ok"],
    ]);
    expect(find(findings, "database")?.detail).toMatch(/^PostgreSQL \d+/);
  });

  test("of a stream is up to which day it is complete, or why it fails", async ({ db }) => {
    await take(db, account("acme", "2026-03-09", [1]), now);
    expect(await look(db, "stream test usage")).toMatchObject({
      state: "ok",
      detail: expect.stringContaining("stale"),
    });
    await cover(db, "2026-03-09", now);
    expect(await look(db, "stream test usage")).toMatchObject({ detail: "complete through 2026-03-09" });
    await db.updateTable("streams").set({ lastError: "401 from the vendor" }).execute();
    expect(await look(db, "stream test usage")).toEqual({
      subject: "stream test usage",
      state: "fault",
      detail: "last pull failed: 401 from the vendor",
    });
  });

  test("of an account that was put aside is why", async ({ db }) => {
    await take(db, account("acme", "2026-03-09", []), now);
    expect(await look(db, "accounts")).toMatchObject({ detail: expect.stringMatching(/^1 accounts?, 1 wait/) });
    await db.updateTable("accountWork").set({ failures: 3, lastError: "no such zone", failedAt: now }).execute();
    expect(await look(db, "account acme")).toMatchObject({
      state: "fault",
      detail: "put aside after 3 failures: no such zone",
    });
  });

  test("of accounts that nobody could place is how many, and which command lists them", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }, { id: "13" }], { accounts: "match" });
    expect(await look(db, "accounts of crm")).toMatchObject({
      state: "warning",
      detail: "2 that nobody could place: keepwell sources unmatched --source crm",
    });
  });

  test("of fields that a CRM refused is of how many accounts, and why the last time", async ({ db }) => {
    await refuseFields(db, "crm", now);
    expect(await look(db, "fields in crm")).toEqual({
      subject: "fields in crm",
      state: "warning",
      detail: "of 2 accounts refused, the last: Band is required; tried again when they change",
    });
    await db.updateTable("crmFields").set({ state: "written" }).execute();
    expect(await look(db, "fields in crm")).toBeUndefined();
  });

  test("of actions is what an operator must decide, and which command does", async ({ db }) => {
    const run = await insertRun(db);
    await insertEmail(db, run, "unknown", "first");
    await insertEmail(db, run, "failed", "second");
    expect(await look(db, "actions")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("actions resolve"),
    });
    expect(await look(db, "failed actions")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("actions retry"),
    });
  });
});

describe("a channel", () => {
  const channel = (ok: boolean): CheckedChannel => ({
    id: "alerts",
    kind: "slack",
    check: async () => ({ ok, detail: ok ? "the address answers" : "the address cannot be reached" }),
  });

  test("is asked whether it would take messages", async ({ db }) => {
    const subject = "channel alerts (slack)";
    expect(await look(db, subject, [channel(true)])).toMatchObject({ state: "ok", detail: "the address answers" });
    expect(await look(db, subject, [channel(false)])).toMatchObject({ state: "fault" });
    expect(await look(db, subject, [{ id: "alerts", kind: "slack" }])).toMatchObject({ state: "ok" });
  });

  test("that is disabled is not asked, and told with the reason", async ({ db }) => {
    await db
      .insertInto("channelStates")
      .values({ channel: "alerts", disabledAt: now, disabledReason: "410 Gone" })
      .execute();
    expect(await look(db, "channel alerts (slack)", [channel(true)])).toMatchObject({
      state: "fault",
      detail: "disabled: 410 Gone; keepwell actions enable alerts when it is mended",
    });
  });
});
