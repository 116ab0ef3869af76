import { sql } from "kysely";
import { describe, expect } from "vitest";
import { parseDay } from "../../src/scoring/days.ts";
import { type Input, inputSchema } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { loadHistories } from "../../src/store/histories.ts";
import { ensureUsagePartitions } from "../../src/store/intake/usage-partitions.ts";
import { applyInputs, type IntakeBatch, type IntakeSummary } from "../../src/store/intake.ts";
import { test } from "../support/database.ts";

const now = new Date("2025-03-10T12:00:00Z");
const later = new Date("2025-03-11T12:00:00Z");
const acme: Input = { kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme" } };

function apply(db: Db, inputs: readonly Input[], batch: Partial<IntakeBatch> = {}): Promise<IntakeSummary> {
  return db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: "app", inputs, now, recordedAt: "now", unknownAccounts: "reject", ...batch }),
    );
}

function used(user: string | undefined, id: string, day = "2025-03-09", name = "logins"): Input {
  return { kind: "usage", mode: "event", account: "acme", name, day, value: 1, id, user };
}

async function usersOf(db: Db, name = "logins") {
  const accounts = await db.selectFrom("accounts").select(["id as accountId", "key"]).execute();
  const toDay = parseDay("2025-03-12");
  const [history] = await loadHistories(db, {
    accounts,
    kinds: [],
    usageNames: [],
    fromDay: toDay,
    toDay,
    users: { names: [name], fromDay: parseDay("2025-03-01") },
    forPast: false,
  });
  return history?.users.get(name) ?? [];
}

async function dirtySeq(db: Db): Promise<number> {
  const { rows } = await sql<{ seq: number }>`select dirty_seq as seq from account_work`.execute(db);
  return rows[0]?.seq ?? -1;
}

describe("who used what", () => {
  test("is kept once per user and day, however often and with whatever else it comes", async ({ db }) => {
    await apply(db, [acme, used("ann", "1"), used("ann", "2"), used("bob", "3"), used(undefined, "4")]);
    await apply(db, [used("ann", "1"), used("ann", "5")], { now: later });
    const users = await usersOf(db);
    expect(users).toHaveLength(2);
    expect(new Set(users.map(({ user }) => user)).size).toBe(2);
    expect(users).toMatchObject([
      { day: parseDay("2025-03-09"), recordedAt: now.getTime() },
      { day: parseDay("2025-03-09"), recordedAt: now.getTime() },
    ]);
  });

  test("does not hold the users' ids", async ({ db }) => {
    await apply(db, [acme, used("ann@example.com", "1")]);
    const { rows } = await sql<{ text: string }>`select u::text as text from usage_users u`.execute(db);
    expect(rows[0]?.text).not.toContain("ann");
    const [row] = await usersOf(db);
    expect(Number.isSafeInteger(row?.user)).toBe(true);
  });

  test("counts from when it was first known, also when that is told later", async ({ db }) => {
    await apply(db, [acme, used("ann", "1")], { now: later });
    await apply(db, [used("ann", "2")], { recordedAt: now, now: later });
    await apply(db, [used("ann", "3")], { now: later });
    expect(await usersOf(db)).toMatchObject([{ recordedAt: now.getTime() }]);
  });

  test("of a history counts from the earliest end of its day on earth", async ({ db }) => {
    await apply(db, [acme, used("ann", "1")], { recordedAt: "occurred" });
    expect(await usersOf(db)).toMatchObject([{ recordedAt: Date.parse("2025-03-09T10:00:00Z") }]);
  });

  test("is learned of an event that came without its user before, and makes the account due", async ({ db }) => {
    await apply(db, [acme, used(undefined, "1")]);
    const before = await dirtySeq(db);
    const summary = await apply(db, [used("ann", "1")], { now: later });
    expect(summary).toMatchObject({ written: 0, unchanged: 1, accountsTouched: 1 });
    expect(await usersOf(db)).toMatchObject([{ recordedAt: later.getTime() }]);
    expect(await dirtySeq(db)).toBe(before + 1);
    expect(await apply(db, [used("ann", "1")], { now: later })).toMatchObject({ accountsTouched: 0 });
  });

  test("tells events without ids apart", async ({ db }) => {
    const bare = (user: string): Input => ({
      kind: "usage",
      mode: "event",
      account: "acme",
      name: "logins",
      day: "2025-03-09",
      value: 1,
      user,
    });
    const summary = await apply(db, [acme, bare("ann"), bare("bob"), bare("ann")]);
    expect(summary).toMatchObject({ written: 3, unchanged: 1 });
    expect(await usersOf(db)).toHaveLength(2);
  });

  test("is not kept of an event that is rejected", async ({ db }) => {
    await apply(db, [acme, used("ann", "1")]);
    const summary = await apply(db, [{ ...used("bob", "1"), value: 2 } as Input]);
    expect(summary.rejected).toHaveLength(1);
    expect(await usersOf(db)).toHaveLength(1);
  });

  test("lies in a partition of its month where its days are named before", async ({ db }) => {
    await ensureUsagePartitions(db, [used("ann", "1"), used(undefined, "2", "2025-01-05")], now);
    await apply(db, [acme, used("ann", "1")]);
    const { rows } = await sql<{ part: string }>`select tableoid::regclass::text as part from usage_users`.execute(db);
    expect(rows).toEqual([{ part: "usage_users_2025_03" }]);
    const { rows: made } = await sql<{ made: boolean }>`
      select to_regclass('usage_users_2025_01') is not null as made`.execute(db);
    expect(made).toEqual([{ made: false }]);
  });

  test("is refused of a day's total", () => {
    const parsed = inputSchema.safeParse({ ...used("ann", "1"), mode: "daily", id: undefined });
    expect(parsed.error?.issues).toMatchObject([
      { path: ["user"], message: "a day's total has no user: only an event has" },
    ]);
  });
});
