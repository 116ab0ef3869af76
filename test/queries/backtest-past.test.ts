import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import type { Candidates } from "../../src/queries/backtest/candidates.ts";
import { walkAccounts } from "../../src/queries/backtest/walk.ts";
import type { Walked } from "../../src/queries/backtest/walked.ts";
import { dayMs } from "../../src/scoring/duration.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { test } from "../support/database.ts";
import {
  always,
  applyStoryDocuments,
  beginStory,
  bodies,
  firstDay,
  keys,
  type Learnt,
  lastDay,
  learn,
  learnt,
  momentOf,
  statements,
} from "./backtest-story.ts";

const end = (lastDay + 2) * dayMs;

async function forget(db: Db): Promise<void> {
  await sql`truncate accounts, identities, streams, records, record_changes, usage_names, usage_daily, usage_superseded,
    scores, changes restart identity cascade`.execute(db);
}

/** Takes in what was learnt within a time, in that order. */
async function tell(db: Db, story: readonly Learnt[], from: number, until: number): Promise<void> {
  const steps = [
    ...story.map((one) => ({ at: momentOf(one), take: () => learn(db, one) })),
    ...statements().map(({ at, state }) => ({ at, take: () => state(db) })),
  ];
  for (const { at, take } of steps.sort((one, other) => one.at - other.at)) if (from < at && at <= until) await take();
}

async function walk(db: Db, trial: Candidates, toDay: number, now: number): Promise<Walked> {
  const range = { fromDay: firstDay, toDay, now, isFresh: true };
  return walkAccounts(db, trial, range, unitsOf(await readAllAccounts(db), []));
}

/** What was decided until a moment, without what is known of it today. */
function decidedUntil({ notable }: Walked, moment: number): readonly unknown[] {
  return notable.flatMap(({ key, fires }) =>
    fires
      .filter(({ at }) => at <= moment)
      .map(({ playbook, at, day, owner, priority, reason }) => ({ key, playbook, at, day, owner, priority, reason })),
  );
}

test("nothing that is learnt after a moment changes what was decided until then", { timeout: 120_000 }, async ({
  db,
}) => {
  const trial = await applyStoryDocuments(db);
  const fired = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(learnt, { minLength: 80, maxLength: 110 }),
      fc.integer({ min: 8, max: 38 }),
      async (story, days) => {
        await forget(db);
        await beginStory(db);
        const cut = firstDay + days;
        // The last moment of that day in the westernmost zone of the story.
        const moment = (cut + 1) * dayMs + 5 * 3_600_000;
        await tell(db, [...always, ...story], -Infinity, moment);
        const then = decidedUntil(await walk(db, trial, cut, moment), moment);
        await tell(db, [...always, ...story], moment, Infinity);
        const later = await walk(db, trial, lastDay, end);
        expect(decidedUntil(await walk(db, trial, cut, end), moment)).toEqual(then);
        const endOfDay = new Map(keys.map((key) => [key, (cut + 1) * dayMs - 1]));
        endOfDay.set("beta", (cut + 1) * dayMs + 4 * 3_600_000 - 1);
        const upTo = later.notable.flatMap((account) =>
          decidedUntil(
            { ...later, notable: [account] },
            endOfDay.get(keys.find((key) => key === account.key) ?? "acme") ?? 0,
          ),
        );
        expect(upTo).toEqual(then);
        for (const { fires } of later.notable) for (const { playbook } of fires) fired.add(playbook);
      },
    ),
    { numRuns: 2, endOnFailure: true, examples: [[[], 12]] },
  );
  expect([...fired].sort()).toEqual(bodies.map((_, version) => version));
});
