import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { describe, expect, vi } from "vitest";
import { openDatabase } from "../../src/store/db.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createDatabase, dropDatabase, test as withDatabase } from "../support/database.ts";

type Files = Record<string, string>;

const test = withDatabase.extend<{ empty: { url: string; pool: pg.Pool }; write: (files: Files) => Promise<string> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  empty: async ({}, use) => {
    const url = await createDatabase();
    const { pool, close } = openDatabase(url);
    await use({ url, pool });
    await close();
    await dropDatabase(url);
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  write: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-migrations-"));
    await use(async (files) => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      return folder;
    });
    await rm(folder, { recursive: true });
  },
});

describe("bringing the schema up to date", () => {
  test("applies what is missing, in order, and nothing the second time", async ({ empty, write }) => {
    const folder = await write({
      "0002-words.sql": "alter table things add word text;",
      "0001-things.sql": "create table things (id int);",
    });
    expect(await migrate(empty.pool, { folder })).toEqual({ applied: ["0001-things", "0002-words"], ahead: [] });
    expect(await migrate(empty.pool, { folder })).toEqual({ applied: [], ahead: [] });
    await write({ "0003-more.sql": "insert into things (id) values (1);" });
    expect(await migrate(empty.pool, { folder })).toEqual({ applied: ["0003-more"], ahead: [] });
  });

  test("twenty starters on an empty database apply each migration once", async ({ empty, write }) => {
    const folder = await write({
      "0001-count.sql": "create table counted (n int); insert into counted values (1);",
      "0002-slow.sql": "select pg_sleep(0.05); insert into counted values (2);",
    });
    const starters = Array.from({ length: 20 }, () => openDatabase(empty.url, { max: 1 }));
    const runs = await Promise.all(starters.map(({ pool }) => migrate(pool, { folder })));
    await Promise.all(starters.map(({ close }) => close()));
    expect(runs.flatMap(({ applied }) => applied)).toEqual(["0001-count", "0002-slow"]);
    expect((await empty.pool.query("select n from counted order by n")).rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("keeps what landed before a migration that fails, and nothing of the failed one", async ({ empty, write }) => {
    const folder = await write({
      "0001-good.sql": "create table good (id int);",
      "0002-bad.sql": "create table half (id int); select 1 / 0;",
    });
    await expect(migrate(empty.pool, { folder })).rejects.toThrow("The migration 0002-bad failed: division by zero");
    const { rows } = await empty.pool.query(
      "select to_regclass('good') is null as no_good, to_regclass('half') is null as no_half",
    );
    expect(rows).toEqual([{ no_good: false, no_half: true }]);
    await write({ "0002-bad.sql": "create table half (id int);" });
    expect((await migrate(empty.pool, { folder })).applied).toEqual(["0002-bad"]);
  });

  test("gives way to a transaction that holds the table, and lands after it", async ({ empty, write }) => {
    const folder = await write({ "0001-things.sql": "create table things (id int);" });
    await migrate(empty.pool, { folder });
    await write({ "0002-words.sql": "alter table things add word text;" });
    const holder = await empty.pool.connect();
    await holder.query("begin; insert into things values (1)");
    const migrated = migrate(empty.pool, { folder, lockTimeoutMs: 20 });
    await vi.waitFor(async () => expect(await isGivingWay(empty.pool)).toBe(true), 20_000);
    expect((await empty.pool.query("select * from things")).rows).toEqual([]);
    await holder.query("commit");
    holder.release();
    expect((await migrated).applied).toEqual(["0002-words"]);
  });
});

describe("what was landed", () => {
  test("refuses to go on when a landed file was edited, and names it", async ({ empty, write }) => {
    const folder = await write({ "0001-things.sql": "create table things (id int);" });
    await migrate(empty.pool, { folder });
    await write({ "0001-things.sql": "create table things (id bigint);" });
    await expect(migrate(empty.pool, { folder })).rejects.toThrow(
      "Edited after it landed in this database: 0001-things",
    );
  });

  test("takes other line ends for the same file", async ({ empty, write }) => {
    const folder = await write({ "0001-things.sql": "create table things (\n  id int\n);\n" });
    await migrate(empty.pool, { folder });
    await write({ "0001-things.sql": "create table things (\r\n  id int\r\n);\r\n" });
    expect((await migrate(empty.pool, { folder })).applied).toEqual([]);
  });

  test("an older version of the code runs beside a newer schema and is told so", async ({ empty, write }) => {
    const folder = await write({ "0001-things.sql": "create table things (id int);", "0002-newer.sql": "select 1;" });
    await migrate(empty.pool, { folder });
    await rm(join(folder, "0002-newer.sql"));
    expect(await migrate(empty.pool, { folder })).toEqual({ applied: [], ahead: ["0002-newer"] });
  });

  test("refuses a new file numbered before one that has landed", async ({ empty, write }) => {
    const folder = await write({ "0002-second.sql": "select 1;" });
    await migrate(empty.pool, { folder });
    await write({ "0001-first.sql": "select 1;" });
    await expect(migrate(empty.pool, { folder })).rejects.toThrow("0001-first comes before 0002-second");
  });

  test("refuses two files with one number and a file with an unexpected name", async ({ empty, write }) => {
    const folder = await write({ "0001-one.sql": "select 1;", "0001-two.sql": "select 1;" });
    await expect(migrate(empty.pool, { folder })).rejects.toThrow("Two migrations are numbered 0001");
    await write({ "2-short.sql": "select 1;" });
    await expect(migrate(empty.pool, { folder })).rejects.toThrow("2-short.sql has an unexpected name");
  });

  test("the project's own migrations are all in the database of a test", async ({ pool }) => {
    expect(await migrate(pool)).toEqual({ applied: [], ahead: [] });
  });
});

/** True between two attempts of a migration. */
async function isGivingWay(pool: pg.Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    "select 1 from pg_stat_activity where datname = current_database() and state = 'idle' and query = 'rollback'",
  );
  return rowCount === 1;
}
