import { sql } from "kysely";
import { describe, expect } from "vitest";
import { readEffect } from "../../src/queries/playbooks/effect.ts";
import type { Db } from "../../src/store/db.ts";
import { playbook } from "../playbooks/build.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-06-01T12:00:00Z");
const saved = playbook({ goal: { when: { fact: "band", is: "green" }, within: "30d" } });

/** Accounts with a run each: `parent` is the number of another one, from 1. */
interface Told {
  readonly state: "done" | "holdout" | "stopped";
  readonly startedAt: string;
  readonly reached?: boolean;
  readonly parent?: number;
}

async function insertRuns(db: Db, told: readonly Told[]): Promise<void> {
  for (const [index, { state, startedAt, reached = false, parent = null }] of told.entries()) {
    await sql`
      insert into accounts (id, key, name, parent_id) overriding system value
      values (${index + 1}, ${`a${index + 1}`}, 'Acme', ${parent})`.execute(db);
    await sql`
      insert into runs (account_id, playbook_id, episode, revision, state, reason, started_at, goal_until, goal_reached_at)
      values (${index + 1}, 'save-at-risk', 1, 1, ${state}, 'low', ${startedAt}, ${startedAt}::timestamptz + interval '30 days',
        ${reached ? startedAt : null}::timestamptz)`.execute(db);
  }
}

const april = "2026-04-01T12:00:00Z";

describe("the effect of a playbook", () => {
  test("compares who was treated with who was held out, whatever became of the steps", async ({ db }) => {
    await insertRuns(db, [
      { state: "done", startedAt: april, reached: true },
      { state: "stopped", startedAt: april },
      { state: "holdout", startedAt: april },
      { state: "holdout", startedAt: "2026-05-20T12:00:00Z" },
    ]);
    expect(await readEffect(db, saved, null, now)).toMatchObject({
      goal: "within 30 days",
      treated: { accounts: 2, reached: 1, open: 0, share: { share: 0.5 } },
      holdout: { accounts: 1, reached: 0, open: 1 },
      difference: { share: 0.5 },
      verdict: expect.stringMatching(/^\+50\.0 percentage points \(95 % interval .* not certain; .* accounts more$/),
    });
  });

  test("says without a holdout that it is no proof", async ({ db }) => {
    await insertRuns(db, [{ state: "done", startedAt: april, reached: true }]);
    expect(await readEffect(db, saved, null, now)).toMatchObject({
      holdout: null,
      difference: null,
      verdict: "before/after only, not proof: nobody was held out",
    });
  });

  test("counts a family of accounts once, by its first run", async ({ db }) => {
    await insertRuns(db, [
      { state: "done", startedAt: april, reached: true },
      { state: "done", startedAt: "2026-04-02T12:00:00Z", parent: 1 },
    ]);
    expect(await readEffect(db, saved, null, now)).toMatchObject({ treated: { accounts: 1, reached: 1 } });
    const later = new Date("2026-04-02T00:00:00Z");
    expect(await readEffect(db, saved, later, now)).toMatchObject({ treated: { accounts: 1, reached: 0 } });
  });

  test("counts nothing where the playbook has no goal", async ({ db }) => {
    expect(await readEffect(db, playbook(), null, now)).toMatchObject({
      goal: null,
      verdict: "the playbook has no goal: nothing is counted",
    });
  });
});
