import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { compileCandidates } from "../../src/queries/backtest/candidates.ts";
import { walkAccounts } from "../../src/queries/backtest/walk.ts";
import { loadConfiguration } from "../../src/queries/configuration.ts";
import { startOfDay } from "../../src/scoring/days.ts";
import { dayMs } from "../../src/scoring/duration.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import {
  always,
  applyStoryDocuments,
  beginStory,
  bodies,
  firstDay,
  type Learnt,
  lastDay,
  learn,
  learnt,
  momentOf,
  statements,
} from "./backtest-story.ts";

const log = createLog({ level: "silent", format: "json" });
const zones = { acme: "Etc/UTC", beta: "America/New_York", gamma: "Etc/UTC" };
const end = (lastDay + 2) * dayMs;
/** Kinds that playbooks look at themselves: they are judged as soon as one comes. */
const watched: readonly Learnt["what"][] = ["ticket", "imported", "survey", "owner", "snooze"];

interface Step {
  readonly at: number;
  readonly do: () => Promise<void>;
}

/** Judges these accounts now, and nobody else. */
async function respond(db: Db, configuration: Configuration, keys: readonly string[], at: number): Promise<void> {
  await sql`
    update account_work w set responded_seq = case when a.key = any(${keys}::text[]) then facts_seq - 1 else facts_seq end,
      next_respond_at = case when a.key = any(${keys}::text[]) then null else next_respond_at end, retry_at = null
    from accounts a where a.id = w.account_id`.execute(db);
  expect((await respondDue({ db, configuration, log }, new Date(at))).failed).toBe(0);
}

/** Passes at whatever playbooks are due before a moment. */
async function respondUntil(db: Db, configuration: Configuration, moment: number): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ at: Date; keys: string[] }>`
      select next_respond_at as at, array_agg(a.key) as keys from account_work w join accounts a on a.id = w.account_id
      where next_respond_at < ${new Date(moment)} group by next_respond_at order by next_respond_at limit 1`.execute(
      db,
    );
    const [due] = rows;
    if (due === undefined) return;
    await respond(db, configuration, due.keys, due.at.getTime());
  }
}

/** Days before the first, of which rises and falls need the scores. */
const scoredBefore = 6;

/** Scores and, from the first day on, judges the accounts of a zone in the last moment of their day. */
async function passDay(db: Db, configuration: Configuration, zone: string, day: number): Promise<void> {
  const at = startOfDay(zone, day + 1) - 1;
  const keys = Object.entries(zones).flatMap(([key, own]) => (own === zone ? [key] : []));
  await sql`
    update account_work w set rolls_up = false, next_score_at = null,
      scored_seq = case when a.key = any(${keys}::text[]) then dirty_seq - 1 else dirty_seq end,
      retry_at = case when a.key = any(${keys}::text[]) then null::timestamptz else 'infinity' end
    from accounts a where a.id = w.account_id`.execute(db);
  expect((await scoreDue({ db, configuration, log, batchSize: 3 }, new Date(at))).failed).toBe(0);
  if (day >= firstDay) await respond(db, configuration, keys, at);
}

/** Lives through the story as a worker would that scores in the last moment of each day. */
async function live(db: Db, configuration: Configuration, story: readonly Learnt[]): Promise<void> {
  const passes = [...new Set(Object.values(zones))].flatMap((zone) =>
    Array.from({ length: lastDay - firstDay + scoredBefore + 1 }, (_, index): Step => {
      const day = firstDay - scoredBefore + index;
      return { at: startOfDay(zone, day + 1) - 1, do: () => passDay(db, configuration, zone, day) };
    }),
  );
  const news = story.map((one): Step => {
    const at = momentOf(one);
    const isJudged = watched.includes(one.what) && at >= startOfDay(zones[one.key], firstDay + 1);
    const isPast = at >= startOfDay(zones[one.key], lastDay + 1);
    return {
      at,
      do: async () => {
        await learn(db, one);
        if (isJudged && !isPast) await respond(db, configuration, [one.key], at);
      },
    };
  });
  const nights = statements().map(({ at, state }): Step => ({ at, do: () => state(db) }));
  for (const step of [...passes, ...news, ...nights].sort((one, other) => one.at - other.at)) {
    await respondUntil(db, configuration, step.at);
    await step.do();
  }
}

test("a backtest fires what live passes have fired, at the same moments and for the same reasons", {
  timeout: 120_000,
}, async ({ db }) => {
  const playbooks = bodies.map((body, index) => ({
    kind: "playbook",
    id: `p${index}`,
    body: { ...body, id: `p${index}` },
  }));
  await applyStoryDocuments(db, playbooks);
  const compiled = await loadConfiguration(db);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  const trial = await compileCandidates(db, { id: "save", bodies });
  if ("faults" in trial) throw new Error(JSON.stringify(trial.faults));
  await fc.assert(
    fc.asyncProperty(fc.array(learnt, { minLength: 40, maxLength: 60 }), async (random) => {
      // One thing at a time: two at once are two judgements to one of both and one to the other.
      const story = [...new Map([...always, ...random].map((one) => [`${one.minute}`, one])).values()];
      await sql`truncate accounts, identities, streams, records, record_changes, usage_names, usage_daily, usage_superseded,
        scores, changes, runs, trigger_states restart identity cascade`.execute(db);
      await beginStory(db);
      await live(db, compiled.configuration, story);
      const runs = await db
        .selectFrom("runs")
        .innerJoin("accounts", "accounts.id", "runs.accountId")
        .select(["key", "playbookId", "startedAt", "reason", "priority"])
        .execute();
      const range = { fromDay: firstDay, toDay: lastDay, now: end, isFresh: true };
      const walked = await walkAccounts(db, trial, range, unitsOf(await readAllAccounts(db), []));
      const fires = walked.notable.flatMap(({ key, fires: own }) =>
        own.map(({ playbook, at, reason, priority }) => {
          return { key, playbookId: `p${playbook}`, startedAt: new Date(at), reason, priority };
        }),
      );
      expect(inOrder(fires)).toEqual(inOrder(runs));
      expect(new Set(fires.map(({ playbookId }) => playbookId)).size).toBe(bodies.length);
    }),
    { numRuns: 1, endOnFailure: true },
  );
});

function inOrder<Fired>(fired: readonly Fired[]): readonly string[] {
  return fired.map((one) => JSON.stringify(Object.entries(one ?? {}).sort())).sort();
}
