import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { openDatabase } from "../../src/store/db.ts";
import { readScores } from "../../src/store/scores.ts";
import { readFailingAccounts } from "../../src/store/work.ts";
import { replayScores } from "../../src/worker/replay.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, model, take } from "./scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const week = (value: number) => Array.from({ length: 7 }, () => value);

test("scores what is due, and then nothing is due", async ({ db }) => {
  await take(db, account("acme", "2026-03-09", week(5)), now);
  await cover(db, "2026-03-09", now);
  const deps = { db, configuration: configure(), log };
  expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 0 });
  expect(await scoreDue(deps, now)).toEqual({ scored: 0, failed: 0 });
  const [score] = (await readScores(db, [1], 100_000)).values();
  expect(score).toMatchObject({ score: 50, band: "yellow", day: "2026-03-10", origin: "live", coverage: 1 });
});

test("a record that arrives makes its account due again, and the day's score is replaced", async ({ db }) => {
  const deps = { db, configuration: configure(), log };
  await take(db, [...account("acme", "2026-03-09", week(5)), ...account("other", "2026-03-09", week(5))], now);
  await cover(db, "2026-03-09", now);
  await scoreDue(deps, now);
  await take(db, account("acme", "2026-03-09", week(2)), now);
  expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 0 });
  const scores = await db.selectFrom("scores").select(["accountId", "score"]).orderBy("accountId").execute();
  expect(scores.map((row) => row.score)).toEqual([20, 50]);
});

test("the passing of a day makes every account due, and a customer who fell silent scores lower", async ({ db }) => {
  const deps = { db, configuration: configure(), log };
  await take(db, account("acme", "2026-03-09", week(7)), now);
  await cover(db, "2026-03-09", now);
  await scoreDue(deps, now);
  const tomorrow = new Date("2026-03-11T00:00:00Z");
  await cover(db, "2026-03-10", tomorrow);
  expect(await scoreDue(deps, tomorrow)).toEqual({ scored: 1, failed: 0 });
  const rows = await db.selectFrom("scores").select(["day", "score"]).orderBy("day").execute();
  expect(rows).toEqual([
    { day: "2026-03-10", score: 70 },
    { day: "2026-03-11", score: 60 },
  ]);
});

test("two workers at once score every account exactly once", async ({ db, url }) => {
  const keys = Array.from({ length: 60 }, (_, index) => `account-${index}`);
  await take(
    db,
    keys.flatMap((key, index) => account(key, "2026-03-09", week(index % 11))),
    now,
  );
  await cover(db, "2026-03-09", now);
  const other = openDatabase(url);
  const configuration = configure();
  const summaries = await Promise.all(
    [db, other.db].map((each) => scoreDue({ db: each, configuration, log, batchSize: 5 }, now)),
  );
  await other.close();
  expect(summaries.reduce((sum, summary) => sum + summary.scored, 0)).toBe(60);
  const { rows } = await sql<{ seq: number }>`select distinct facts_seq as seq from account_work`.execute(db);
  expect(rows).toEqual([{ seq: 1 }]);
});

test("an account that cannot be scored is put aside and shown, and the others are scored", async ({ db }) => {
  await take(db, [...account("broken", "2026-03-09", week(5)), ...account("sound", "2026-03-09", week(5))], now);
  await cover(db, "2026-03-09", now);
  // No door lets such a zone in; a row written by hand can hold it.
  await sql`update record_changes set set = '{"name":"broken","zone":"Nowhere/At_all"}' where account_id = 1`.execute(
    db,
  );
  const deps = { db, configuration: configure(), log };
  expect(await scoreDue(deps, now)).toEqual({ scored: 1, failed: 1 });
  expect(await scoreDue(deps, now)).toEqual({ scored: 0, failed: 0 });
  const [failing] = await readFailingAccounts(db);
  expect(failing).toMatchObject({ key: "broken", failures: 1, lastError: expect.stringContaining("Nowhere/At_all") });
  await sql`update record_changes set set = '{"name":"mended"}' where account_id = 1`.execute(db);
  expect(await scoreDue(deps, new Date(now.getTime() + 120_000))).toEqual({ scored: 1, failed: 0 });
  expect(await readFailingAccounts(db)).toEqual([]);
});

test("a new stage, a milestone and another model are changes, and a milestone only once for ever", async ({ db }) => {
  const lifecycle = {
    stages: [
      { id: "onboarding", name: "Onboarding" },
      { id: "value", name: "Value", when: { fact: "usage.logins.sum_7d", atLeast: 1 } },
    ],
    milestones: [{ id: "live", name: "Live", when: { fact: "usage.logins.sum_7d", atLeast: 1 } }],
  };
  const enterprise = { id: "enterprise", name: "Enterprise", appliesTo: { fact: "segment", is: "enterprise" } };
  const configuration = configure([], 1, enterprise, true, [{ kind: "lifecycle", id: "lifecycle", body: lifecycle }]);
  const deps = { db, configuration, log };
  const kept = async () =>
    await db
      .selectFrom("changes")
      .select(["kind", "data"])
      .where("kind", "not in", ["score", "band"])
      .orderBy("id")
      .execute();
  await take(db, account("acme", "2026-03-09", week(0)), now);
  await cover(db, "2026-03-09", now);
  await scoreDue(deps, now);
  expect(await kept()).toEqual([{ kind: "stage", data: { from: null, to: "onboarding" } }]);
  await take(db, account("acme", "2026-03-09", week(5)), now);
  const later = new Date("2026-03-10T13:00:00Z");
  await scoreDue(deps, later);
  const reached = [
    { kind: "stage", data: { from: "onboarding", to: "value" } },
    { kind: "milestone", data: { milestone: "live", at: later.toISOString(), by: "condition" } },
  ];
  expect((await kept()).slice(1)).toEqual(reached);
  // As if the memory had been lost, with the scores that hold it.
  await sql`truncate scores`.execute(db);
  await take(db, [{ kind: "account", id: "acme", at: "2026-03-10T00:00:00Z", set: { segment: "enterprise" } }], now);
  await scoreDue(deps, later);
  await take(db, [{ kind: "account", id: "acme", at: "2026-03-10T01:00:00Z", set: { segment: "small" } }], now);
  await scoreDue(deps, later);
  const since = (await kept()).slice(3);
  expect(since.map(({ kind }) => kind)).toEqual(["stage", "model"]);
  expect(since.at(-1)?.data).toEqual({ from: "enterprise", to: "default" });
});

test("measures of a source that fails are held, then stale, and measured again once it is well", async ({ db }) => {
  const [group] = model.groups;
  const measures = group?.measures.map((measure) => ({ ...measure, maxAge: "1d", holdFor: "3d" }));
  const deps = { db, configuration: configure([], 1, { groups: [{ ...group, measures }] }), log };
  await take(db, account("acme", "2026-03-09", week(5)), now);
  await cover(db, "2026-03-09", now);
  const scored = async (moment: string) => {
    await sql`update account_work set dirty_seq = dirty_seq + 1`.execute(db);
    await scoreDue(deps, new Date(moment));
    const [score] = (await readScores(db, [1], 100_000)).values();
    return [score?.score, score?.drivers[0]?.state];
  };
  expect(await scored("2026-03-10T12:00:00Z")).toEqual([50, "value"]);
  await sql`insert into stream_outages (stream_id, began_at, reason)
    select id, '2026-03-10T18:00:00Z', 'down' from streams where kind = 'usage'`.execute(db);
  expect(await scored("2026-03-11T12:00:00Z")).toEqual([50, "held"]);
  expect(await scored("2026-03-13T17:59:59Z")).toEqual([50, "held"]);
  expect(await scored("2026-03-13T18:00:00Z")).toEqual([null, "stale"]);
  await sql`update stream_outages set ended_at = '2026-03-14T09:00:00Z'`.execute(db);
  await take(db, account("acme", "2026-03-13", week(3)), new Date("2026-03-14T09:00:00Z"));
  await cover(db, "2026-03-13", new Date("2026-03-14T09:00:00Z"));
  expect(await scored("2026-03-14T12:00:00Z")).toEqual([30, "value"]);
});

test("replayed days equal what live passes in the last moment of each day have stored", async ({ database }) => {
  const { db } = database;
  const configuration = configure([], 1, { hysteresis: { points: 5, dwell: "2d" } });
  const values = [9, 9, 8, 2, 1, 0, 0, 3, 9, 9, 9, 9, 9, 9];
  await take(db, account("acme", "2026-03-01", week(9)), new Date("2026-03-02T00:00:01Z"));
  await cover(db, "2026-03-01", new Date("2026-03-02T00:00:01Z"));
  for (const [index, value] of values.entries()) {
    const day = `2026-03-${String(index + 2).padStart(2, "0")}`;
    const next = `2026-03-${String(index + 3).padStart(2, "0")}`;
    await scoreDue({ db, configuration, log }, new Date(`${day}T23:59:59.999Z`));
    const learned = new Date(`${next}T00:30:00Z`);
    await take(db, account("acme", day, [value]), learned);
    await cover(db, day, learned);
  }
  const live: unknown[] = [];
  for (const [index] of values.entries()) {
    live.push(...(await readScores(db, [1], parseDay("2026-03-02") + index)).values());
  }
  // A correction that is learned now must not change what any of those days knew.
  await take(db, account("acme", "2026-03-05", [100, 100, 100]), new Date("2026-03-20T00:00:00Z"));
  await sql`truncate scores`.execute(db);
  await replayScores(database, configuration, {
    units: [[{ accountId: 1, key: "acme", archivedAt: null }]],
    fromDay: parseDay("2026-03-02"),
    toDay: parseDay("2026-03-15"),
    isRecording: true,
    isEmpty: true,
    now: new Date("2026-03-20T00:00:00Z"),
  });
  const replayed: unknown[] = [];
  for (const [index] of values.entries()) {
    const scores = (await readScores(db, [1], parseDay("2026-03-02") + index)).values();
    replayed.push(...[...scores].map((score) => ({ ...score, origin: "live" })));
  }
  expect(replayed).toEqual(live);
});
