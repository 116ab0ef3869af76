import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Input } from "../../src/scoring/records.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, take } from "./scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const week = (value: number) => Array.from({ length: 7 }, () => value);

/** An account below another one. */
function child(key: string, parent: string, logins: number): readonly Input[] {
  const at = "2025-01-02T00:00:00Z";
  return [...account(key, "2026-03-09", week(logins)), { kind: "account", id: key, at, set: { parent } }];
}

/** A group of three levels, the top first, so that ids say nothing of levels. */
async function threeLevels(db: Db): Promise<void> {
  await take(db, account("top", "2026-03-09", week(9)), now);
  await take(db, child("middle", "top", 8), now);
  await take(db, [...child("left", "middle", 7), ...child("right", "middle", 6)], now);
  await cover(db, "2026-03-09", now);
}

async function scoredInOrder(db: Db): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select a.key from changes c join accounts a on a.id = c.account_id where c.kind = 'score' order by c.id`.execute(
    db,
  );
  return rows.map(({ key }) => key);
}

const dueCount = async (db: Db) =>
  (await sql`select from account_work where dirty_seq > scored_seq or rolls_up`.execute(db)).rows.length;

test("three levels are scored in one pass, children before their parents", async ({ db }) => {
  await threeLevels(db);
  const deps = { db, configuration: configure(), log };
  expect(await scoreDue(deps, now)).toEqual({ scored: 4, failed: 0 });
  expect(await scoredInOrder(db)).toEqual(["left", "right", "middle", "top"]);
  expect(await dueCount(db)).toBe(0);
  expect(await scoreDue(deps, now)).toEqual({ scored: 0, failed: 0 });
});

test("a child whose score changed makes its parent due, and one that did not leaves it", async ({ db }) => {
  await threeLevels(db);
  const deps = { db, configuration: configure(), log };
  await scoreDue(deps, now);
  await take(db, account("left", "2026-03-09", week(2)), now);
  expect(await scoreDue(deps, now)).toEqual({ scored: 2, failed: 0 });
  expect(await scoreDue(deps, now)).toEqual({ scored: 0, failed: 0 });
  const contact: Input = {
    kind: "contact",
    id: "one",
    account: "left",
    at: "2026-03-01T00:00:00Z",
    set: { name: "Anna" },
  };
  await take(db, [contact], now);
  expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 0 });
});

test("a child whose recurring revenue changed makes its parent due", async ({ db }) => {
  const measures = [
    {
      id: "mrr",
      metric: "billing.mrr",
      weight: 1,
      missing: 50,
      curve: [
        [0, 100],
        [1_000_000, 100],
      ],
    },
  ];
  const configuration = configure([], 1, { minimumCoverage: 0, groups: [{ id: "money", weight: 1, measures }] });
  const deps = { db, configuration, log };
  const price = (amountMinor: number, at: string): Input => ({
    kind: "subscription",
    id: "plan",
    account: "left",
    at,
    set: { startsOn: "2026-01-01", amountMinor, currency: "EUR", interval: "month" },
  });
  await threeLevels(db);
  await take(db, [price(10_000, "2026-01-01T00:00:00Z")], now);
  await scoreDue(deps, now);
  await take(db, [price(20_000, "2026-02-01T00:00:00Z")], now);
  expect(await scoreDue(deps, now)).toEqual({ scored: 2, failed: 0 });
});

test("a child that cannot be scored does not hold its parents up", async ({ db }) => {
  await threeLevels(db);
  // No door lets such a zone in; a row written by hand can hold it.
  await sql`update record_changes set set = '{"name":"left","zone":"Nowhere/At_all"}'
    where account_id = (select id from accounts where key = 'left')`.execute(db);
  const deps = { db, configuration: configure(), log };
  expect(await scoreDue(deps, now)).toEqual({ scored: 3, failed: 1 });
  expect(await scoredInOrder(db)).toEqual(["right", "middle", "top"]);
  expect(await scoreDue(deps, now)).toEqual({ scored: 0, failed: 0 });
});

test("two workers score many families, every account once and no parent before its children", async ({ db, url }) => {
  const families = Array.from({ length: 20 }, (_, index) => index);
  await take(
    db,
    families.flatMap((index) => [
      ...account(`top-${index}`, "2026-03-09", week(index % 10)),
      ...child(`middle-${index}`, `top-${index}`, (index + 3) % 10),
      ...child(`left-${index}`, `middle-${index}`, (index + 5) % 10),
      ...child(`right-${index}`, `middle-${index}`, (index + 7) % 10),
    ]),
    now,
  );
  await cover(db, "2026-03-09", now);
  const other = openDatabase(url);
  const configuration = configure();
  const pass = () =>
    Promise.all([db, other.db].map((each) => scoreDue({ db: each, configuration, log, batchSize: 7 }, now)));
  const summaries = await pass();
  await other.close();
  expect(summaries.reduce((sum, { scored }) => sum + scored, 0)).toBe(80);
  expect(await dueCount(db)).toBe(0);
  const order = await scoredInOrder(db);
  for (const index of families) {
    const places = ["top", "middle", "left", "right"].map((level) => order.indexOf(`${level}-${index}`));
    const [top = -1, middle = -1, left = -1, right = -1] = places;
    expect(left >= 0 && right >= 0 && middle > left && middle > right && top > middle).toBe(true);
  }
});

test("news for a parent that another process holds is not lost", async ({ db, url }) => {
  await threeLevels(db);
  const deps = { db, configuration: configure(), log };
  await scoreDue(deps, now);
  await take(db, account("left", "2026-03-09", week(1)), now);
  const other = openDatabase(url);
  await other.db.transaction().execute(async (tx) => {
    await sql`select from account_work w join accounts a on a.id = w.account_id
      where a.key = 'middle' for update of w`.execute(tx);
    expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 0 });
  });
  await other.close();
  expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 0 });
  expect(await dueCount(db)).toBe(0);
});
