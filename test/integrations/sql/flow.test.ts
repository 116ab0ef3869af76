import { sql } from "kysely";
import { expect } from "vitest";
import { sqlSettings } from "../../../src/integrations/sql/settings.ts";
import { openSqlSource } from "../../../src/integrations/sql/source.ts";
import type { Db } from "../../../src/store/db.ts";
import { readStreams } from "../../../src/store/streams.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { readTables } from "../source-tables.ts";
import { openWarehouse, type Warehouse } from "./warehouse.ts";

const now = new Date("2026-03-10T12:00:00Z");
const tomorrow = new Date("2026-03-11T12:00:00Z");

const document = {
  id: "warehouse",
  kind: "sql",
  url: { env: "WAREHOUSE_URL" },
  streams: [
    {
      name: "customers",
      record: "account",
      query: "select id, name, country, deal_stage as stage from customers",
      deletes: "missing",
    },
    {
      name: "logins",
      record: "usage",
      query: `select customer as account, 'logins' as name, at::date as day, count(*) as value from logins
        where at >= :since and at < :until group by customer, at::date`,
      cursor: { type: "day", column: "day", overlap: "2d" },
    },
  ],
};

async function company(): Promise<Warehouse> {
  const warehouse = await openWarehouse();
  await warehouse.query(`
    create table customers (id int primary key, name text, country text, deal_stage text);
    insert into customers select n, 'Customer ' || n, 'DE', 'live' from generate_series(1, 2500) n;
    create table logins (customer int, at timestamptz);
    insert into logins select 1 + n % 3, timestamptz '2026-03-07 09:00Z' + (n % 3) * interval '1 day' from generate_series(0, 29) n`);
  return warehouse;
}

async function collect(db: Db, warehouse: Warehouse, at: Date): Promise<void> {
  await sql`update streams set next_pull_at = null`.execute(db);
  const source = openSqlSource(sqlSettings.parse(document), () => warehouse.url);
  const { failed, rejected } = await collectDue(collectDeps(db, [source]), at);
  await source.close?.();
  expect({ failed, rejected }).toEqual({ failed: [], rejected: 0 });
}

test("a company's own database becomes accounts and usage, with what changes and what goes", async ({ db }) => {
  const warehouse = await company();
  try {
    await collect(db, warehouse, now);
    const first = await readTables(db, "warehouse");
    expect(Object.keys(first.records["account"] ?? {})).toHaveLength(2_500);
    expect(first.usage).toEqual([
      { account: "1", name: "logins", day: "2026-03-07", value: 10 },
      { account: "2", name: "logins", day: "2026-03-08", value: 10 },
      { account: "3", name: "logins", day: "2026-03-09", value: 10 },
    ]);
    expect(await readStreams(db)).toMatchObject([{ coveredThrough: "2026-03-09" }, { coveredThrough: "2026-03-09" }]);

    await warehouse.query(`delete from customers where id = 2500; update customers set country = 'AT' where id = 2;
      insert into logins values (3, '2026-03-09 23:00Z'), (1, '2026-03-10 10:00Z')`);
    await collect(db, warehouse, tomorrow);
    const second = await readTables(db, "warehouse");
    expect(Object.keys(second.records["account"] ?? {})).toHaveLength(2_499);
    expect(second.records["account"]?.["2"]).toMatchObject({ country: "AT" });
    expect(second.usage.slice(-1)).toEqual([{ account: "3", name: "logins", day: "2026-03-09", value: 11 }]);
    const { rows } = await sql<{ changes: number }>`select count(*)::int as changes from record_changes`.execute(db);
    // One for each account, one for what changed, one for what went.
    expect(rows).toEqual([{ changes: 2_502 }]);
  } finally {
    await warehouse.close();
  }
});
