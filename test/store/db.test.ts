import { spawn } from "node:child_process";
import { once } from "node:events";
import { sql } from "kysely";
import { describe, expect, vi } from "vitest";
import { openDatabase, readNow } from "../../src/store/db.ts";
import { test } from "../support/database.ts";

describe("what the database answers", () => {
  test("reads whole numbers and decimals as numbers, days as text, moments as dates", async ({ pool }) => {
    const { rows } = await pool.query(
      `select 9007199254740991::bigint as largest, array[1, null]::bigint[] as list, 12.5::numeric as decimal,
              date '2026-03-29' as day, array[date '2026-03-29', null] as days, timestamptz '2026-03-29 02:30+02' as moment`,
    );
    expect(rows).toEqual([
      {
        largest: 9007199254740991,
        list: [1, null],
        decimal: 12.5,
        day: "2026-03-29",
        days: ["2026-03-29", null],
        moment: new Date("2026-03-29T00:30:00Z"),
      },
    ]);
  });

  test("refuses a whole number that a number cannot hold exactly", async ({ pool }) => {
    await expect(pool.query("select 9007199254740992::bigint")).rejects.toThrow("9007199254740992 is too large");
  });

  test("gives columns in camel case and leaves the keys inside a document alone", async ({ db }) => {
    const { rows } = await sql`select 1 as account_id, '{"snake_key": 1}'::jsonb as stored_value`.execute(db);
    expect(rows).toEqual([{ accountId: 1, storedValue: { snake_key: 1 } }]);
  });

  test("tells the time of the database: the beginning of the transaction inside one", async ({ db }) => {
    await db.transaction().execute(async (tx) => {
      const first = await readNow(tx);
      await sql`select pg_sleep(0.01)`.execute(tx);
      expect(await readNow(tx)).toEqual(first);
    });
  });
});

describe("limits", () => {
  test("cancels a statement that runs past its limit", async ({ url }) => {
    const { db, close } = openDatabase(url, { statementTimeoutMs: 50 });
    await expect(sql`select pg_sleep(30)`.execute(db)).rejects.toThrow("statement timeout");
    await close();
  });

  test("closes every connection, also when no query went through Kysely", async ({ pool, url }) => {
    const other = openDatabase(url, { applicationName: "keepwell-closing" });
    await other.pool.query("select 1");
    await other.close();
    await vi.waitFor(async () => {
      const { rows } = await pool.query("select 1 from pg_stat_activity where application_name = 'keepwell-closing'");
      expect(rows).toEqual([]);
    }, 10_000);
  });
});

describe("a connection that breaks", () => {
  // Two connections, one idle and one within an open transaction, which a SIGNAL on stdin ends by way of its failing query.
  const program = `
    const { openDatabase } = await import(process.env.DB_MODULE);
    const { sql } = await import("kysely");
    const told = [];
    const { db, pool, close } = openDatabase(process.env.DB_URL, { applicationName: "keepwell-victim", onError: (e) => told.push(e.code) });
    const idle = await pool.connect();
    const ended = db.transaction().execute(async (tx) => {
      await sql\`select 1\`.execute(tx);
      idle.release();
      process.stdout.write("ready\\n");
      await new Promise((done) => process.stdin.once("data", done));
      await sql\`select 1\`.execute(tx);
    });
    const outcome = await ended.then(() => "committed", () => "failed");
    const { rows } = await sql\`select 1 as one\`.execute(db);
    process.stdout.write(JSON.stringify({ outcome, told, rows }) + "\\n");
    await close();
    process.exit(0);
  `;

  test("leaves the process alive, idle or in the middle of a transaction", async ({ pool, url }) => {
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
      env: { ...process.env, DB_URL: url, DB_MODULE: new URL("../../src/store/db.ts", import.meta.url).href },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const output: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
    const exited = once(child, "exit");
    await vi.waitFor(() => expect(output.join("")).toContain("ready"), 30_000);

    const killed = await pool.query(
      "select pg_terminate_backend(pid, 10000) as done from pg_stat_activity where application_name = 'keepwell-victim'",
    );
    expect(killed.rows).toEqual([{ done: true }, { done: true }]);
    child.stdin.write("go on\n");

    expect(await exited).toEqual([0, null]);
    const told = { outcome: "failed", told: ["57P01", "57P01"], rows: [{ one: 1 }] };
    expect(JSON.parse(output.join("").replace("ready\n", ""))).toEqual(told);
  });
});
