import { describe, expect } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { type ReachedMilestone, recordMilestones } from "../../src/store/milestones.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");

async function makeAccounts(db: Db): Promise<readonly number[]> {
  await take(db, [...account("acme", "2026-03-09", []), ...account("other", "2026-03-09", [])], now);
  return (await db.selectFrom("accounts").select("id").orderBy("key").execute()).map(({ id }) => id);
}

const live = (accountId: number, reachedAt: string): ReachedMilestone => ({
  accountId,
  milestoneId: "go-live",
  reachedAt: Date.parse(reachedAt),
  by: "event",
});

const record = (db: Db, rows: readonly ReachedMilestone[]) =>
  db.transaction().execute((tx) => recordMilestones(tx, rows, now));

describe("milestones that were reached", () => {
  test("are new once per account for ever, and keep the day they were first reached", async ({ db }) => {
    const [acme = 0, other = 0] = await makeAccounts(db);
    const first = live(acme, "2026-03-01T00:00:00Z");
    expect(await record(db, [first])).toEqual([first]);
    const later = live(acme, "2026-03-05T00:00:00Z");
    const ofOther = live(other, "2026-03-05T00:00:00Z");
    expect(await record(db, [later, ofOther])).toEqual([ofOther]);
    expect(await record(db, [first, later, ofOther])).toEqual([]);
    const rows = await db
      .selectFrom("milestonesReached")
      .select(["accountId", "reachedAt", "by"])
      .orderBy("accountId")
      .execute();
    expect(rows).toEqual([
      { accountId: acme, reachedAt: new Date(first.reachedAt), by: "event" },
      { accountId: other, reachedAt: new Date(ofOther.reachedAt), by: "event" },
    ]);
    expect(await record(db, [])).toEqual([]);
  });

  test("are new for one of several workers that find them at once", async ({ db }) => {
    const ids = await makeAccounts(db);
    const rows = ids.map((id) => live(id, "2026-03-01T00:00:00Z"));
    // In both orders: neither may wait for the other in a ring.
    const found = await Promise.all(
      Array.from({ length: 8 }, (_, worker) => record(db, worker % 2 === 0 ? rows : rows.toReversed())),
    );
    expect(found.flat()).toHaveLength(ids.length);
    expect(new Set(found.flat().map(({ accountId }) => accountId))).toEqual(new Set(ids));
  });
});
