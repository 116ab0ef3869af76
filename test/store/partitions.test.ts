import { sql } from "kysely";
import { expect } from "vitest";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { ensurePartitions, ensurePartitionsOf, ensureScorePartitions } from "../../src/store/partitions.ts";
import { test } from "../support/database.ts";

const now = new Date("2025-03-10T12:00:00Z");

async function insertDay(db: Db, day: string): Promise<string> {
  const { rows } = await sql<{ partition: string }>`
    insert into usage_daily (account_id, name_id, day, value, recorded_at) values (1, 1, ${day}, 1, now())
    returning tableoid::regclass::text as partition`.execute(db);
  return rows[0]?.partition ?? "";
}

test("makes one partition per month once, also across a year's end", async ({ db }) => {
  expect(await ensurePartitions(db, "usage_daily", "2024-11-30", "2025-01-01", now)).toEqual([
    "usage_daily_2024_11",
    "usage_daily_2024_12",
    "usage_daily_2025_01",
  ]);
  expect(await ensurePartitions(db, "usage_daily", "2024-11-01", "2025-01-31", now)).toEqual([]);
  expect(await insertDay(db, "2024-12-31")).toBe("usage_daily_2024_12");
  expect(await insertDay(db, "2025-02-01")).toBe("usage_daily_default");
});

test("a month that already has rows in the default partition stays there", async ({ db }) => {
  await insertDay(db, "2025-02-10");
  expect(await ensurePartitionsOf(db, "usage_daily", ["2025-02-11", "2025-01-02"], now)).toEqual([
    "usage_daily_2025_01",
  ]);
  expect(await insertDay(db, "2025-02-11")).toBe("usage_daily_default");
});

test("days far from now make no partitions", async ({ db }) => {
  expect(await ensurePartitionsOf(db, "usage_daily", ["0001-01-01", "9998-12-31"], now)).toEqual([]);
  expect((await ensurePartitions(db, "usage_daily", "0001-01-01", "9998-12-31", now)).length).toBe(15 * 12 + 4);
});

test("two processes may make the same partitions at once", async ({ db, url }) => {
  const other = openDatabase(url, { max: 2 });
  try {
    const made = await Promise.all([ensureScorePartitions(db, now), ensureScorePartitions(other.db, now)]);
    expect(made.flat().length).toBe(new Set(made.flat()).size);
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from pg_inherits where inhparent = 'scores'::regclass`.execute(db);
    expect(rows).toEqual([{ n: 4 }]);
  } finally {
    await other.close();
  }
});
