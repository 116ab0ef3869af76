import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDeletions } from "../../src/store/identity/deletions.ts";
import { replayScores } from "../../src/worker/replay.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const days = (count: number) => new Date(start.getTime() + count * 86_400_000);
const week = (value: number) => Array.from({ length: 7 }, () => value);
const configuration = configure([playbook()]);

async function live(db: Db, now: Date) {
  const scored = await scoreDue({ db, configuration, log }, now);
  return { ...scored, ...(await respondDue({ db, configuration, log }, now)) };
}

const deletion = (now: Date) => ({
  ...{ source: "test", now, recordedAt: "now" as const },
  deletions: [{ kind: "account" as const, id: "acme", at: now.toISOString() }],
});

test("an account that was deleted and comes back worse than it was fires nothing for what is so by then", async ({
  db,
}) => {
  await take(db, account("acme", "2026-03-09", week(8)), start);
  await cover(db, "2026-03-09", start);
  expect(await live(db, start)).toMatchObject({ scored: 1, judged: 1, fired: 0 });
  await db.transaction().execute((tx) => applyDeletions(tx, deletion(days(1))));
  await take(db, account("acme", "2026-03-09", week(2)).slice(1), days(1));
  expect(await live(db, days(2))).toMatchObject({ scored: 0, judged: 0, fired: 0 });
  await take(db, [{ kind: "account", id: "acme", at: days(3).toISOString(), set: { owner: "anna" } }], days(3));
  expect(await live(db, days(3))).toMatchObject({ scored: 1, judged: 1, fired: 0 });
});

test("a replay sees an account until it was archived, and no longer", async ({ database, db }) => {
  await take(db, account("acme", "2026-03-09", week(8)), start);
  await cover(db, "2026-03-09", start);
  await db.transaction().execute((tx) => applyDeletions(tx, deletion(days(2))));
  const { days: replayed } = await replayScores(database, configuration, {
    ...{ units: unitsOf(await readAllAccounts(db), []), isRecording: false, isEmpty: true, now: days(10) },
    ...{ fromDay: parseDay("2026-03-10"), toDay: parseDay("2026-03-15") },
  });
  expect(replayed.map(({ accounts }) => accounts)).toEqual([1, 1]);
});
