import { sql } from "kysely";
import { expect } from "vitest";
import type { Page, Source } from "../../src/integrations/source-port.ts";
import type { Input } from "../../src/scoring/records.ts";
import { openDatabase } from "../../src/store/db.ts";
import { readStreams } from "../../src/store/streams.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { test } from "../support/database.ts";
import { collectDeps, plainSource } from "./plain-source.ts";

const now = new Date("2026-03-10T12:00:00Z");

const accounts: readonly Input[] = [{ kind: "account", id: "acme", at: "2026-01-01T00:00:00Z", set: { name: "Acme" } }];
const usage = (day: string): Input => ({
  kind: "usage",
  mode: "daily",
  account: "acme",
  name: "logins",
  day,
  value: 3,
});

/** A source of one account and three days, a page a day. */
function sourceOf(onPull: (stream: string, cursor: unknown) => void | Promise<void> = () => undefined): Source {
  const days = ["2026-03-07", "2026-03-08", "2026-03-09"];
  return plainSource({
    streams: ["account", "usage"],
    async pull(stream, cursor): Promise<Page> {
      await onPull(stream, cursor);
      if (stream === "account") return { raw: accounts, cursor: "all", done: true };
      const next = typeof cursor === "number" ? cursor : 0;
      const day = days[next];
      if (day === undefined) return { raw: [], cursor, done: true };
      return { raw: [usage(day)], cursor: next + 1, done: next === 2, coveredThrough: day };
    },
  });
}

function accountsOnly(source: Source): Source {
  return { ...source, streams: source.streams.filter(({ name }) => name === "account") };
}

test("pulls page by page until a stream is done, and not again before it is due", async ({ db }) => {
  const pulls: unknown[] = [];
  const source = sourceOf((stream, cursor) => void pulls.push([stream, cursor]));
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 4, written: 4, failed: [] });
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 0 });
  expect(pulls).toEqual([
    ["account", null],
    ["usage", null],
    ["usage", 1],
    ["usage", 2],
  ]);
  expect(await readStreams(db)).toMatchObject([
    { kind: "account", lastError: null },
    { kind: "usage", lastError: null, coveredThrough: "2026-03-09" },
  ]);
});

test("a stream that fails keeps the pages it has stored, says why, and goes on from there", async ({ db }) => {
  let isBroken = true;
  const source = sourceOf((stream, cursor) => {
    if (stream === "usage" && cursor === 2 && isBroken) throw new Error("the vendor answered 500");
  });
  const deps = collectDeps(db, [source]);
  expect(await collectDue(deps, now)).toMatchObject({ written: 3, failed: ["crm usage: the vendor answered 500"] });
  expect((await readStreams(db))[1]).toMatchObject({
    lastError: "the vendor answered 500",
    coveredThrough: "2026-03-08",
  });
  isBroken = false;
  await sql`update streams set next_pull_at = now() where kind = 'usage'`.execute(db);
  expect(await collectDue(deps, now)).toMatchObject({ pages: 1, written: 1, failed: [] });
  const rows = await db.selectFrom("usageDaily").select("day").orderBy("day").execute();
  expect(rows.map((row) => row.day)).toEqual(["2026-03-07", "2026-03-08", "2026-03-09"]);
});

test("one failure is no outage; the second in a row opens one that began with the first, and a success ends it", async ({
  db,
}) => {
  let isBroken = true;
  const source = accountsOnly(
    sourceOf(() => {
      if (isBroken) throw new Error("the vendor answered 500");
    }),
  );
  const outages = () => db.selectFrom("streamOutages").select(["beganAt", "endedAt", "reason"]).execute();
  const pass = async (minute: number) => {
    await sql`update streams set next_pull_at = now() - interval '1 s'`.execute(db);
    await collectDue(collectDeps(db, [source]), new Date(now.getTime() + minute * 60_000));
  };
  await pass(0);
  expect(await outages()).toEqual([]);
  isBroken = false;
  await pass(1);
  isBroken = true;
  await pass(2);
  expect(await outages()).toEqual([]);
  await sql`update account_work set scored_seq = dirty_seq`.execute(db);
  await pass(3);
  await pass(4);
  const open = { beganAt: new Date("2026-03-10T12:02:00Z"), endedAt: null, reason: "the vendor answered 500" };
  expect(await outages()).toEqual([open]);
  const { rows } = await sql`select from account_work where dirty_seq > scored_seq`.execute(db);
  expect(rows).toHaveLength(1);
  await sql`update account_work set scored_seq = dirty_seq`.execute(db);
  isBroken = false;
  await pass(5);
  await pass(6);
  expect(await outages()).toEqual([{ ...open, endedAt: new Date("2026-03-10T12:05:00Z") }]);
  const [work] = (await sql<{ ahead: number }>`select dirty_seq - scored_seq as ahead from account_work`.execute(db))
    .rows;
  // Once by the end of the outage; the pull after it said nothing new.
  expect(work).toEqual({ ahead: 1 });
});

test("two workers never pull one stream at once, and no transaction is open while a source is asked", async ({
  db,
  url,
}) => {
  let open = 0;
  let most = 0;
  const transactions: number[] = [];
  const source = sourceOf(async () => {
    open += 1;
    most = Math.max(most, open);
    const { rows } = await sql<{ count: number }>`
      select count(*)::integer as count from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`.execute(db);
    transactions.push(rows[0]?.count ?? -1);
    open -= 1;
  });
  const usageOnly = accountsOnly(source);
  const other = openDatabase(url);
  await Promise.all([db, other.db].map((each) => collectDue(collectDeps(each, [usageOnly]), now)));
  await other.close();
  expect(most).toBe(1);
  expect(transactions).toEqual([0]);
});

test("a page whose stream was taken over meanwhile is not stored", async ({ db }) => {
  const source = sourceOf(async (stream) => {
    if (stream === "usage") await sql`update streams set fence = fence + 1 where kind = 'usage'`.execute(db);
  });
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 1, written: 1 });
  expect(await db.selectFrom("usageDaily").selectAll().execute()).toEqual([]);
});
