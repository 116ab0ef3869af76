import { expect } from "vitest";
import { replayInLanes } from "../../src/cli/replay/lanes.ts";
import { compileConfiguration } from "../../src/queries/configuration.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import { applyDocuments, readLiveDocuments, readRevisionKey } from "../../src/store/documents.ts";
import { ensurePartitions } from "../../src/store/partitions.ts";
import { replayScores } from "../../src/worker/replay.ts";
import { test } from "../support/database.ts";
import { account, cover, scenarioDocuments, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const lastDay = parseDay("2026-03-09");

test("several threads give the sums that one gives, store each score once, and refuse documents that changed", {
  timeout: 120_000,
}, async ({ database, url }) => {
  const { db } = database;
  const options = { author: "anna", note: null, now };
  await db.transaction().execute((tx) => applyDocuments(tx, scenarioDocuments, options));
  const keys = Array.from({ length: 30 }, (_, index) => `account-${index}`);
  await take(
    db,
    keys.flatMap((key, index) =>
      account(
        key,
        "2026-03-08",
        Array.from({ length: 20 }, (_, day) => (day * index) % 13),
      ),
    ),
    new Date("2026-02-01T00:00:00Z"),
  );
  await cover(db, "2026-03-08", new Date("2026-02-01T00:00:00Z"));
  const compiled = compileConfiguration((await readLiveDocuments(db)).map((each) => ({ ...each, file: null })));
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  const units = unitsOf(await readAllAccounts(db), []);
  const range = { fromDay: lastDay - 9, toDay: lastDay, isRecording: false, isEmpty: true, now };
  const alone = await replayScores(database, compiled.configuration, { ...range, units });
  await ensurePartitions(db, "scores", "2026-02-01", "2026-03-31", now);
  const revisionKey = await readRevisionKey(db);
  let told = 0;
  const together = await replayInLanes({ ...range, isRecording: true, url, revisionKey }, units, (accounts) => {
    told += accounts;
  });
  expect(together).toEqual({ ...alone, stored: 300 });
  expect(told).toBe(30);
  const rows = await db.selectFrom("scores").select(["accountId", "origin"]).execute();
  expect(rows).toHaveLength(300);
  await expect(replayInLanes({ ...range, url, revisionKey: "another" }, units, () => undefined)).rejects.toThrow(
    "The live documents changed",
  );
});
