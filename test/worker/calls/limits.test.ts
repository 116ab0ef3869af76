import fc from "fast-check";
import { sql } from "kysely";
import { expect, test as plainTest } from "vitest";
import { openDatabase } from "../../../src/store/db.ts";
import { reserveCall } from "../../../src/store/rate-limits.ts";
import { sharedLimits, spacingOf } from "../../../src/worker/calls/limits.ts";
import { test } from "../../support/database.ts";
import { plainSource } from "../plain-source.ts";

const source = plainSource({ streams: [], pull: async () => ({ raw: [], cursor: null, done: true }) });
const tenASecond = { bucket: "calls", calls: 10, perMs: 1_000 };

plainTest("no stretch of time holds more calls than the limit allows, however they come", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 50, maxLength: 300 });
  const limit = fc.record({ calls: fc.integer({ min: 1, max: 200 }), perMs: fc.integer({ min: 100, max: 60_000 }) });
  fc.assert(
    fc.property(limit, gaps, (of, waits) => {
      const sent = callTimes(spacingOf({ bucket: "calls", ...of }), waits);
      for (const from of sent) {
        // A hair less than the whole stretch: both its ends would count otherwise.
        const inStretch = sent.filter((at) => at >= from && at < from + of.perMs - 0.001);
        expect(inStretch.length).toBeLessThanOrEqual(of.calls);
      }
    }),
    { numRuns: 200 },
  );
});

/** The rule of the one statement, without a database. */
function callTimes({ spacingMs, toleranceMs }: ReturnType<typeof spacingOf>, waits: readonly number[]): number[] {
  let now = 0;
  let nextFree = Number.NEGATIVE_INFINITY;
  return waits.map((wait) => {
    now += wait % 7 === 0 ? wait : 0;
    const at = Math.max(now, nextFree - toleranceMs);
    nextFree = Math.max(nextFree, now) + spacingMs;
    now = at;
    return at;
  });
}

test("two processes share one limit: what one takes the other cannot have", async ({ db, url }) => {
  const other = openDatabase(url);
  const takers = [db, other.db].map((each) => sharedLimits(each, source));
  const { rows: before } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  await Promise.all(Array.from({ length: 40 }, (_, index) => takers[index % 2]?.reserve([tenASecond], 60_000)));
  await other.close();
  const { rows: after } = await sql<{ free: Date }>`select next_free_at as free from rate_limits`.execute(db);
  // Forty calls at ten a second take four seconds, whoever asks, and however long the asking took.
  expect((after[0]?.free.getTime() ?? 0) - (before[0]?.now.getTime() ?? 0)).toBeGreaterThanOrEqual(3_999);
});

test("takes no place that lies further away than one would wait", async ({ db }) => {
  const spacing = { spacingMs: 60_000, toleranceMs: 0 };
  expect(await reserveCall(db, "crm:calls", spacing, 1_000)).toEqual({ waitMs: 0, reason: null });
  const before = await sql`select next_free_at from rate_limits`.execute(db);
  expect((await reserveCall(db, "crm:calls", spacing, 1_000)).waitMs).toBeGreaterThan(50_000);
  expect((await sql`select next_free_at from rate_limits`.execute(db)).rows).toEqual(before.rows);
});

test("a vendor that says wait is obeyed by everybody, and a shorter wait does not undo a longer one", async ({
  db,
}) => {
  const limits = sharedLimits(db, source);
  await limits.block([tenASecond], 300_000, "the day's budget is used up");
  await limits.block([tenASecond], 1_000, "busy");
  const slot = await limits.reserve([tenASecond], 10_000);
  expect(slot.waitMs).toBeGreaterThan(290_000);
  expect(slot.reason).toBe("the day's budget is used up");
});
