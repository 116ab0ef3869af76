import { sql } from "kysely";
import { expect } from "vitest";
import { type Candidates, compileCandidates } from "../../src/queries/backtest/candidates.ts";
import { type WalkRange, walkAccounts } from "../../src/queries/backtest/walk.ts";
import type { Walked } from "../../src/queries/backtest/walked.ts";
import { dayMs } from "../../src/scoring/duration.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { replayScores } from "../../src/worker/replay.ts";
import { test } from "../support/database.ts";
import {
  always,
  applyStoryDocuments,
  beginStory,
  bodies,
  firstDay,
  lastDay,
  learn,
  statements,
} from "./backtest-story.ts";

const now = (lastDay + 2) * dayMs;
const range: WalkRange = { fromDay: firstDay, toDay: lastDay, now, isFresh: false };
/** What trends of the playbooks look back at. */
const before = 6;

async function tellStory(db: Db): Promise<Candidates> {
  const trial = await applyStoryDocuments(db);
  await beginStory(db);
  for (const one of always) await learn(db, one);
  for (const { state } of statements()) await state(db);
  return trial;
}

async function unitsIn(db: Db) {
  return unitsOf(await readAllAccounts(db), []);
}

function byKey({ notable }: Walked) {
  return [...notable].sort((one, other) => (one.key < other.key ? -1 : 1));
}

async function contents(db: Db): Promise<unknown> {
  const { rows } = await sql<{ name: string; sum: string }>`
    select table_name as name,
      (xpath('//sum/text()', query_to_xml(format('select coalesce(md5(string_agg(t::text, chr(10) order by t::text)), '''') as sum from %I t', table_name), true, true, '')))[1]::text as sum
    from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  return rows;
}

test("stored scores give the runs that scores computed anew give, and nothing is written", { timeout: 60_000 }, async ({
  database,
}) => {
  const { db } = database;
  const trial = await tellStory(db);
  const units = await unitsIn(db);
  const fresh = await walkAccounts(db, trial, { ...range, isFresh: true }, units);
  const days = { fromDay: firstDay - before, toDay: lastDay };
  await replayScores(database, trial.configuration, {
    ...days,
    units,
    isRecording: true,
    isEmpty: false,
    now: new Date(now),
  });
  const found = await contents(db);
  let told = 0;
  const stored = await walkAccounts(db, trial, range, units, (accounts) => {
    told += accounts;
  });
  expect(stored).toEqual({ ...fresh, fromStored: 3 });
  expect(new Set(stored.notable.flatMap(({ fires }) => fires.map(({ playbook }) => playbook))).size).toBe(
    bodies.length,
  );
  expect(told).toBe(3);
  expect(await walkAccounts(db, trial, { ...range, isFresh: true }, units)).toEqual(fresh);
  expect(await contents(db)).toEqual(found);
});

test("an account with a day that is not stored, or by another revision of its model, is computed anew", async ({
  database,
}) => {
  const { db } = database;
  const trial = await tellStory(db);
  const units = await unitsIn(db);
  const days = { fromDay: firstDay - before, toDay: lastDay };
  await replayScores(database, trial.configuration, {
    ...days,
    units,
    isRecording: true,
    isEmpty: false,
    now: new Date(now),
  });
  const all = await walkAccounts(db, trial, range, units);
  await sql`delete from scores where account_id = (select id from accounts where key = 'acme') and day = '2026-03-20'`.execute(
    db,
  );
  await sql`update scores set model_revision = 9 where account_id = (select id from accounts where key = 'beta') and day = '2026-03-20'`.execute(
    db,
  );
  const mixed = await walkAccounts(db, trial, range, units);
  expect(mixed.fromStored).toBe(1);
  expect(byKey(mixed)).toEqual(byKey(all));
});

test("a metric that stored scores have not kept is computed anew", async ({ database }) => {
  const { db } = database;
  const trial = await tellStory(db);
  const units = await unitsIn(db);
  const days = { fromDay: firstDay - before, toDay: lastDay };
  await replayScores(database, trial.configuration, {
    ...days,
    units,
    isRecording: true,
    isEmpty: false,
    now: new Date(now),
  });
  const trigger = { on: "threshold", when: { fact: "usage.logins.max_3d", below: 3 } };
  const other = await compileCandidates(db, { id: "save", bodies: [{ ...bodies[0], trigger }] });
  if ("faults" in other) throw new Error(JSON.stringify(other.faults));
  expect((await walkAccounts(db, other, range, units)).fromStored).toBe(0);
});
