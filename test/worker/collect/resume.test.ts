import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import type { Input } from "../../../src/scoring/records.ts";
import { type Db, openDatabase } from "../../../src/store/db.ts";
import type { PageBoundary } from "../../../src/worker/collect/deps.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { readTables } from "../../integrations/source-tables.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../plain-source.ts";
import { ledgerSource, ledgerThings } from "./ledger-source.ts";

const now = new Date("2026-03-10T12:00:00Z");
const boundaries: readonly PageBoundary[] = ["before the call", "after the call", "in transaction", "stored"];

/** A lease of a process that died has run out, and nothing waits. */
async function laterOn(db: Db): Promise<void> {
  await sql`update streams set lease_until = null, next_pull_at = null`.execute(db);
}

async function tablesOf(db: Db, source: string) {
  const { records, usage } = await readTables(db, source);
  const { rows } = await sql`select count(*)::integer as changes from record_changes`.execute(db);
  return { records, usage, changes: rows };
}

async function whole(db: Db, things: readonly Input[], id: string) {
  await collectDue(collectDeps(db, [ledgerSource(things, id)]), now);
  return readTables(db, id);
}

test("a process that is killed at any boundary of a page loses nothing and doubles nothing", {
  timeout: 120_000,
}, async ({ db, url }) => {
  const script = fileURLToPath(new URL("collect-once.ts", import.meta.url));
  for (const boundary of boundaries) {
    const child = spawn(process.execPath, ["--import", "tsx", script, url, boundary, "2"], { stdio: "ignore" });
    expect([boundary, ...(await once(child, "exit"))]).toEqual([boundary, null, "SIGKILL"]);
    await laterOn(db);
  }
  await collectDue(collectDeps(db, [ledgerSource(ledgerThings(20))]), now);
  const after = await tablesOf(db, "ledger");
  expect(after.usage).toEqual([
    { account: "acme", name: "logins", day: "2026-03-01", value: 0 + 6 + 12 + 18 },
    { account: "globex", name: "logins", day: "2026-03-01", value: 3 + 9 + 15 },
  ]);
  const reference = await whole(db, ledgerThings(20), "reference");
  expect([after.records, after.usage]).toEqual([reference.records, reference.usage]);
});

test("two processes at once store every page once", async ({ db, url }) => {
  const other = openDatabase(url);
  const things = ledgerThings(60);
  const pulls: number[] = [];
  const source = ledgerSource(things, "ledger", undefined, (page) => void pulls.push(page));
  for (let pass = 0; pass < 3; pass += 1) {
    await Promise.all([db, other.db].map((each) => collectDue(collectDeps(each, [source]), now)));
  }
  await other.close();
  expect(pulls).toEqual([...new Set(pulls)]);
  const after = await readTables(db, "ledger");
  expect(after).toEqual(await whole(db, things, "reference"));
});

test("however pages are cut, mixed, repeated and broken off, the tables are the same at the end", {
  timeout: 60_000,
}, async ({ db }) => {
  const things = ledgerThings(30);
  const reference = await whole(db, things, "reference");
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.nat({ max: 5 }),
      fc.boolean(),
      fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 8 }),
      async (sizes, overlap, isMixed, broken) => {
        runs += 1;
        const left = new Set(broken);
        const mix = (given: readonly Input[]) => (isMixed ? given.toReversed() : given);
        const source = ledgerSource(things, `run-${runs}`, { sizes, overlap, mix }, (page) => {
          if (left.delete(page)) throw new Error("the connection was reset");
        });
        for (let pass = 0; pass <= broken.length; pass += 1) {
          await collectDue(collectDeps(db, [source]), now);
          await sql`update streams set next_pull_at = null where last_done_at is null`.execute(db);
        }
        expect(await readTables(db, source.id)).toEqual(reference);
      },
    ),
    { numRuns: 15 },
  );
});
