import { sql } from "kysely";
import { expect } from "vitest";
import { ensurePartitions } from "../../src/store/partitions.ts";
import { readSizes } from "../../src/store/sizes.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");

test("every table counts with its partitions and indexes", async ({ db }) => {
  await ensurePartitions(db, "usage_daily", "2026-01-01", "2026-03-10", now);
  await take(db, account("acme", "2026-03-09", Array(60).fill(1)), now);
  const { tables, bytes, accounts } = await readSizes(db);
  expect(accounts).toBe(1);
  const { rows } = await sql<{ bytes: number }>`
    select sum(pg_total_relation_size(oid))::bigint as bytes from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(db);
  expect(bytes).toBe(rows[0]?.bytes);
  expect(tables.map((each) => each.table)).not.toContain("usage_daily_2026_01");
  expect(tables.find((each) => each.table === "usage_daily")?.bytes).toBeGreaterThan(40_000);
});

test("the accounts with the most rows are named, five at most", async ({ db }) => {
  const of = (key: string, days: number) => account(key, "2026-03-09", Array(days).fill(1));
  await take(db, [...of("a", 3), ...of("b", 30), ...of("c", 4), ...of("d", 5), ...of("e", 6), ...of("f", 7)], now);
  const { biggest } = await readSizes(db);
  expect(biggest.map((each) => each.account)).toEqual(["b", "f", "e", "d", "c"]);
  expect(biggest[0]).toEqual({ account: "b", rows: 31 });
});

test("of a large table a share stands for all", async ({ db }) => {
  await sql`insert into accounts (key, name) values ('acme', 'Acme'), ('beta', 'Beta')`.execute(db);
  await sql`insert into usage_superseded select 1, 1, '2026-01-01', 1, now()`.execute(db);
  await sql`
    insert into usage_daily (account_id, name_id, day, value, recorded_at)
    select case when n % 10 = 0 then 2 else 1 end, n, '2026-01-01', 1, now() from generate_series(1, 500000) n`.execute(
    db,
  );
  const [first, second] = (await readSizes(db)).biggest;
  expect(first?.account).toBe("acme");
  expect(first?.rows).toBeGreaterThan(300_000);
  expect(first?.rows).toBeLessThan(600_000);
  expect(second?.rows).toBeLessThan(80_000);
});
