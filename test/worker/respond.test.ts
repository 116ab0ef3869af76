import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { readFailingAccounts } from "../../src/store/work.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);
const week = (value: number) => Array.from({ length: 7 }, () => value);

/** Logins a day, and what playbooks make of it. */
async function live(db: Db, configuration: Configuration, logins: number, now: Date) {
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  await take(db, account("acme", yesterday, week(logins)), now);
  await cover(db, yesterday, now);
  await scoreDue({ db, configuration, log }, now);
  return respondDue({ db, configuration, log }, now);
}

test("fires once when the score falls below 40, and says why", async ({ db }) => {
  const configuration = configure([playbook()]);
  expect(await live(db, configuration, 8, start)).toMatchObject({ judged: 1, fired: 0, actions: 0 });
  expect(await live(db, configuration, 3, hours(1))).toMatchObject({ fired: 1, actions: 1 });
  expect(await live(db, configuration, 2, hours(2))).toMatchObject({ fired: 0, actions: 0 });
  const action = await db.selectFrom("actions").selectAll().executeTakeFirstOrThrow();
  expect(action).toMatchObject({ kind: "slack", channel: "alerts", recipient: "alerts", state: "pending" });
  expect(JSON.stringify(action.message)).toContain("acme Ltd is at 30");
  const [state] = await readTriggerStates(db, [1]);
  expect(state).toMatchObject({ state: "firing", episode: 1, reason: expect.stringContaining("below 40") });
});

test("a new episode after a recovery fires again", async ({ db }) => {
  const configuration = configure([playbook()]);
  for (const [index, logins] of [3, 8, 3].entries()) await live(db, configuration, logins, hours(index));
  const runs = await db.selectFrom("runs").select("episode").orderBy("episode").execute();
  expect(runs).toEqual([{ episode: 1 }, { episode: 2 }]);
});

test("an account that matches when the playbook is activated is taken as it is", async ({ db }) => {
  const quiet = configure([playbook({ entry: { mode: "episode", onActivate: "baseline" } })]);
  expect(await live(db, quiet, 3, start)).toMatchObject({ judged: 1, fired: 0 });
  const [state] = await readTriggerStates(db, [1]);
  expect(state).toMatchObject({ state: "firing", baseline: true });
});

test("a pending state fires when its time has come, with no new facts", async ({ db }) => {
  const patient = { on: "threshold", when: { fact: "score", below: 40 }, for: "6h" };
  const configuration = configure([playbook({ trigger: patient })]);
  await live(db, configuration, 3, start);
  expect(await respondDue({ db, configuration, log }, hours(5))).toMatchObject({ judged: 0 });
  expect(await respondDue({ db, configuration, log }, hours(6))).toMatchObject({ judged: 1, fired: 1 });
});

test("a run waits, and goes on with the newest revision of the steps to come", async ({ db }) => {
  const steps = (text: string) => [
    { id: "alert", do: "slack", to: "alerts", text: "first" },
    { id: "breathe", do: "wait", for: "2h" },
    { id: "call", do: "task", title: text, assignee: "owner", dueInDays: 2 },
  ];
  await live(db, configure([playbook({ steps: steps("old") })]), 3, start);
  const newer = configure([playbook({ steps: steps("Call {{ account.name }}") })], 2);
  expect(await respondDue({ db, configuration: newer, log }, hours(1))).toMatchObject({ actions: 0 });
  expect(await respondDue({ db, configuration: newer, log }, hours(2))).toMatchObject({ actions: 1 });
  const tasks = await db.selectFrom("tasks").select(["title", "assignee", "dueOn", "state"]).execute();
  expect(tasks).toEqual([{ title: "Call acme Ltd", assignee: "anna", dueOn: "2026-03-12", state: "open" }]);
  const run = await db.selectFrom("runs").select(["state", "revision"]).executeTakeFirstOrThrow();
  expect(run).toEqual({ state: "done", revision: 2 });
});

test("a playbook that is disabled stops its runs, and starts from a baseline when it comes back", async ({ db }) => {
  const matching = playbook({ entry: { mode: "episode", onActivate: "baseline" } });
  await live(db, configure([matching]), 8, start);
  await live(db, configure([{ ...matching, enabled: false }]), 3, hours(1));
  expect(await live(db, configure([matching]), 2, hours(2))).toMatchObject({ fired: 0 });
  const [state] = await readTriggerStates(db, [1]);
  expect(state).toMatchObject({ state: "firing", baseline: true });
});

test("two workers at once start one run per account", async ({ db, url }) => {
  const configuration = configure([playbook()]);
  const keys = Array.from({ length: 40 }, (_, index) => `account-${index}`);
  await take(
    db,
    keys.flatMap((key) => account(key, "2026-03-09", week(1))),
    start,
  );
  await cover(db, "2026-03-09", start);
  await scoreDue({ db, configuration, log }, start);
  const other = openDatabase(url);
  const summaries = await Promise.all(
    [db, other.db].map((each) => respondDue({ db: each, configuration, log }, start)),
  );
  await other.close();
  expect(summaries.reduce((sum, summary) => sum + summary.fired, 0)).toBe(40);
  const { rows } = await sql<{ runs: number; actions: number }>`
    select (select count(*)::integer from runs) as runs, (select count(*)::integer from actions) as actions`.execute(
    db,
  );
  expect(rows).toEqual([{ runs: 40, actions: 40 }]);
});

test("an account whose facts cannot be read is put aside, and the others are judged", async ({ db }) => {
  const configuration = configure([playbook()]);
  const inputs = ["broken", "sound"].flatMap((key) => account(key, "2026-03-09", week(1)));
  await take(db, inputs, start);
  await cover(db, "2026-03-09", start);
  await scoreDue({ db, configuration, log }, start);
  await sql`update scores set metrics = '{"usage.logins.avg_7d": null}' where account_id = 1`.execute(db);
  expect(await respondDue({ db, configuration, log }, start)).toMatchObject({ fired: 1, failed: 1 });
  expect(await readFailingAccounts(db)).toMatchObject([{ key: "broken" }]);
});
