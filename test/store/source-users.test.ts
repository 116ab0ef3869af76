import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { expect } from "vitest";
import type { Input } from "../../src/scoring/records.ts";
import { accountOfUser } from "../../src/scoring/user-account.ts";
import type { Db } from "../../src/store/db.ts";
import { ensureUsagePartitions } from "../../src/store/intake/usage-partitions.ts";
import { applyInputs } from "../../src/store/intake.ts";
import { applyFreed, placeUsers, type UserAccount } from "../../src/store/source-users.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-03-10T12:00:00Z");
const source = "product";

const account = (id: string): Input => ({ kind: "account", id, at: "2026-03-01T00:00:00Z", set: { name: id } });
const event = (user: string, id: string): Input => ({
  kind: "usage",
  mode: "event",
  account: accountOfUser(user),
  name: "logins",
  day: "2026-03-09",
  value: 1,
  id,
  user,
});
const member = (user: string, of: string, at = "2026-03-09T10:00:00Z"): UserAccount => ({ user, account: of, at });

/** What the collect stage does with what was mapped. */
async function apply(db: Db, inputs: readonly Input[], users: readonly UserAccount[] = [], idsAreKeys = true) {
  await ensureUsagePartitions(db, inputs, now);
  return db.transaction().execute(async (tx) => {
    const placed = await placeUsers(tx, { source, users, inputs });
    const applied = await applyInputs(tx, {
      source,
      inputs: placed.inputs,
      now,
      recordedAt: "now",
      unknownAccounts: "hold",
      idsAreKeys,
    });
    const held = await applyFreed(tx, { source, idsAreKeys }, placed.freed, now);
    return { written: applied.written + held.written, held: applied.held };
  });
}

async function usageOf(db: Db): Promise<Record<string, number>> {
  const { rows } = await sql<{ key: string; total: number }>`
    select a.key, sum(u.value)::float8 as total from usage_daily u join accounts a on a.id = u.account_id
    group by a.key order by a.key`.execute(db);
  return Object.fromEntries(rows.map(({ key, total }) => [key, total]));
}

test("what a user did goes to the account that the user belongs to", async ({ db }) => {
  await apply(db, [account("acme")], [member("u1", "acme")]);
  await apply(db, [event("u1", "e1"), event("u1", "e2")]);
  expect(await usageOf(db)).toEqual({ acme: 2 });
});

test("what a user did waits until somebody says whose user it is, and is counted once then", async ({ db }) => {
  expect(await apply(db, [event("u1", "e1"), event("u2", "e2")])).toEqual({ written: 0, held: 2 });
  expect(await apply(db, [event("u1", "e1")])).toEqual({ written: 0, held: 1 });
  await apply(db, [account("acme")], [member("u1", "acme")]);
  expect(await usageOf(db)).toEqual({ acme: 1 });
  await apply(db, [event("u1", "e1")], [member("u1", "acme")]);
  expect(await usageOf(db)).toEqual({ acme: 1 });
});

test("it waits on where the account is not known either", async ({ db }) => {
  await apply(db, [event("u1", "e1")]);
  await apply(db, [], [member("u1", "acme")]);
  expect(await usageOf(db)).toEqual({});
  await apply(db, [account("acme")]);
  expect(await usageOf(db)).toEqual({ acme: 1 });
});

test("what was held for an account that is there already is applied at once", async ({ db }) => {
  await apply(db, [account("acme"), event("u1", "e1")]);
  expect(await apply(db, [], [member("u1", "acme")])).toEqual({ written: 1, held: 0 });
  expect(await usageOf(db)).toEqual({ acme: 1 });
});

test("where the ids of a source are not our keys, it waits for the account that the source means", async ({ db }) => {
  const ours = { source: "api", inputs: [account("acme")], now, recordedAt: "now", unknownAccounts: "reject" } as const;
  await db.transaction().execute((tx) => applyInputs(tx, ours));
  await apply(db, [event("u1", "e1")], [], false);
  expect(await apply(db, [], [member("u1", "acme")], false)).toEqual({ written: 0, held: 0 });
  await apply(db, [account("acme")], [], false);
  expect(await usageOf(db)).toEqual({ "product-acme": 1 });
});

test("the latest statement says whose user it is, in whatever order they come", async ({ db }) => {
  await apply(db, [account("acme"), account("umbrella")]);
  await apply(db, [], [member("u1", "umbrella", "2026-03-09T12:00:00Z")]);
  await apply(db, [], [member("u1", "acme", "2026-03-09T11:00:00Z")]);
  await apply(db, [event("u1", "e1")]);
  await apply(db, [], [member("u1", "acme", "2026-03-09T13:00:00Z"), member("u1", "umbrella", "2026-03-09T12:30:00Z")]);
  await apply(db, [event("u1", "e2")]);
  expect(await usageOf(db)).toEqual({ acme: 1, umbrella: 1 });
});

test("a user of another source with the same id is somebody else", async ({ db }) => {
  await apply(db, [account("acme")], [member("u1", "acme")]);
  const other = await db
    .transaction()
    .execute((tx) => placeUsers(tx, { source: "other", users: [], inputs: [event("u1", "e1")] }));
  expect(other.inputs).toMatchObject([{ account: "user:u1" }]);
});

test("who says whose user it is waits for those who hold what the user did", async ({ db }) => {
  await apply(db, [account("acme")]);
  await ensureUsagePartitions(db, [event("u1", "e1")], now);
  let saying: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (tx) => {
    const { inputs } = await placeUsers(tx, { source, users: [], inputs: [event("u1", "e1")] });
    await applyInputs(tx, { source, inputs, now, recordedAt: "now", unknownAccounts: "hold" });
    let isOver = false;
    saying = apply(db, [], [member("u1", "acme")]).then(() => {
      isOver = true;
    });
    while (!isOver && !(await isSomebodyWaiting(db))) await setTimeout(5);
  });
  await saying;
  expect(await usageOf(db)).toEqual({ acme: 1 });
});

async function isSomebodyWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql`select from pg_locks where locktype = 'advisory' and not granted`.execute(db);
  return rows.length > 0;
}
