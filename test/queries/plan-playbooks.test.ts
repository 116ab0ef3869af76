import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { changePlanSchema, planChange } from "../../src/queries/plan/change.ts";
import type { Db } from "../../src/store/db.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const later = new Date("2026-03-10T13:00:00Z");
const log = createSilentLog();
/** Logins a day, ten points each: under the plain model lazy and idle are red, fair is yellow, keen green. */
const logins = { idle: 0, lazy: 2, fair: 5, keen: 9 } as const;
const baseline = { mode: "episode", onActivate: "baseline" };
const onRed = playbook({ entry: baseline, trigger: { on: "threshold", when: { fact: "band", is: "red" } } });
const stricter = {
  bands: [
    { id: "red", from: 0 },
    { id: "yellow", from: 60 },
    { id: "green", from: 70 },
  ],
};
const call = { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner" };

async function bring(db: Db): Promise<void> {
  for (const [key, count] of Object.entries(logins)) {
    await take(
      db,
      account(
        key,
        "2026-03-09",
        Array.from({ length: 7 }, () => count),
      ),
      now,
    );
  }
  await cover(db, "2026-03-09", now);
}

async function judge(db: Db, configuration: Configuration, at = now) {
  await scoreDue({ db, configuration, log }, at);
  return respondDue({ db, configuration, log }, at);
}

const changed = (kind: string, id: string) => ({ kind, id, change: "changed" as const, differences: [] });
const edit = changed("playbook", "save");
const modelEdit = changed("health-model", "default");

async function plan(db: Db, before: Configuration, after: Configuration, documents = [edit]) {
  return changePlanSchema.parse(await planChange(db, { before, after, documents, listed: 20 }, later));
}

test("a playbook that is added takes those who match as they are, and says who and why", async ({ db }) => {
  await bring(db);
  await judge(db, configure());
  const { playbooks, portfolio } = await plan(db, configure(), configure([onRed]));
  expect(playbooks).toMatchObject([{ id: "save", change: "added", in: 2, silent: 2, begins: 0, waits: 0, out: 0 }]);
  expect(playbooks[0]?.comesIn.map(({ account: key, fate, reason }) => ({ key, fate, reason }))).toEqual([
    { key: "idle", fate: "silent", reason: expect.stringContaining("matched when the playbook was activated") },
    { key: "lazy", fate: "silent", reason: expect.stringContaining("band is red") },
  ]);
  expect(portfolio).toMatchObject({ compared: 4, scores: { up: 0, down: 0, same: 4 }, bands: [] });
});

test("a playbook that fires when it is activated begins runs, and its owner gets the tasks of a week", async ({
  db,
}) => {
  await bring(db);
  await judge(db, configure());
  const steps = [
    call,
    { id: "breathe", do: "wait", for: "5d" },
    { ...call, id: "again" },
    { id: "rest", do: "wait", for: "3d" },
    { ...call, id: "too-late" },
  ];
  const eager = { ...onRed, entry: { mode: "episode", onActivate: "fire" }, steps };
  const { playbooks, tasks } = await plan(db, configure(), configure([eager]));
  expect(playbooks).toMatchObject([{ in: 2, begins: 2 }]);
  expect(tasks).toEqual([{ owner: "anna", before: 0, after: 4 }]);
});

test("a storm brake that would stop the runs is told beforehand", async ({ db }) => {
  await bring(db);
  await judge(db, configure());
  const braked = (atLeast: number) => ({
    ...onRed,
    entry: { mode: "episode", onActivate: "fire" },
    guards: { stormBrake: { share: 0.3, atLeast } },
  });
  expect(await plan(db, configure(), configure([braked(1)]))).toMatchObject({
    playbooks: [{ begins: 2, brake: "storm brake: 2 of 4 accounts within 1 hour, more than 30 %" }],
  });
  expect(await plan(db, configure(), configure([braked(2)]))).toMatchObject({
    playbooks: [{ begins: 2, brake: null }],
  });
});

test("those who wait are told, and their tasks count from when their time has come", async ({ db }) => {
  await bring(db);
  await judge(db, configure());
  const patient = (time: string) => ({
    ...onRed,
    entry: { mode: "episode", onActivate: "fire" },
    trigger: { on: "threshold", when: { fact: "band", is: "red" }, for: time },
    steps: [{ ...call }],
  });
  expect(await plan(db, configure(), configure([patient("3d")]))).toMatchObject({
    playbooks: [{ in: 2, waits: 2, comesIn: [{ reason: expect.stringContaining("0 of 3 days") }, {}] }],
    tasks: [{ owner: "anna", after: 2 }],
  });
  expect(await plan(db, configure(), configure([patient("8d")]))).toMatchObject({
    playbooks: [{ waits: 2 }],
    tasks: [],
  });
});

test("a playbook that is removed or disabled loses those who match, and ends the runs under way", async ({ db }) => {
  await bring(db);
  const steps = [{ id: "breathe", do: "wait", for: "2d" }, call];
  const eager = { ...onRed, entry: { mode: "episode", onActivate: "fire" }, steps };
  await judge(db, configure([eager]));
  const gone = await plan(db, configure([eager]), configure());
  expect(gone).toMatchObject({
    playbooks: [{ change: "removed", out: 2, runsEnded: 2, goesOut: [{ reason: "the playbook is removed" }, {}] }],
    tasks: [{ owner: "anna", before: 2, after: 0 }],
  });
  const disabled = await plan(db, configure([eager]), configure([{ ...eager, enabled: false }]));
  expect(disabled).toMatchObject({ playbooks: [{ change: "disabled", out: 2, runsEnded: 2 }] });
});

test("an edited trigger tells who comes in and who goes out", async ({ db }) => {
  await bring(db);
  const below = (points: number) => ({
    ...onRed,
    trigger: { on: "threshold", when: { fact: "score", below: points } },
  });
  await judge(db, configure([below(10)]));
  expect(await plan(db, configure([below(10)]), configure([below(60)]))).toMatchObject({
    playbooks: [{ change: "edited", in: 2, silent: 2, out: 0, comesIn: [{ account: "fair" }, { account: "lazy" }] }],
  });
  expect(await plan(db, configure([below(60)]), configure([below(10)]))).toMatchObject({
    playbooks: [{ in: 0, out: 2, goesOut: [{ account: "fair", reason: "score 50 is not below 10" }, {}] }],
  });
});

test("an edit of the model moves accounts silently, and playbooks whose facts stay are left out", async ({ db }) => {
  await bring(db);
  const other = { ...onRed, id: "named", trigger: { on: "threshold", when: { fact: "account.key", is: "keen" } } };
  const before = configure([onRed, other]);
  await judge(db, before);
  const { playbooks, portfolio } = await plan(db, before, configure([onRed, other], 2, stricter), [modelEdit]);
  expect(portfolio.bands).toMatchObject([{ from: "yellow", to: "red", accounts: 1 }]);
  expect(playbooks).toMatchObject([{ id: "save", change: "facts", in: 1, silent: 1, begins: 0 }]);
});

test("a playbook that waits for events is named, and nobody is counted", async ({ db }) => {
  await bring(db);
  await judge(db, configure());
  const onEvent = { ...onRed, trigger: { on: "event", record: "event" } };
  expect(await plan(db, configure(), configure([onEvent]))).toMatchObject({
    playbooks: [{ waitsForEvents: true, in: 0, out: 0 }],
  });
});

test("what is foretold is what applying brings, run for run", async ({ db }) => {
  await bring(db);
  const before = configure([onRed]);
  await judge(db, before);
  const more = [
    { ...onRed, trigger: { on: "threshold", when: { fact: "score", below: 60 } } },
    { ...onRed, id: "eager", entry: { mode: "episode", onActivate: "fire" }, steps: [call] },
    {
      ...onRed,
      id: "patient",
      entry: { mode: "episode", onActivate: "fire" },
      trigger: { on: "threshold", when: { fact: "score", below: 95 }, for: "2d" },
    },
  ];
  const after = configure(more, 2);
  const documents = ["save", "eager", "patient"].map((id) => changed("playbook", id));
  const { playbooks, tasks } = await plan(db, before, after, documents);
  await db.updateTable("accountWork").set({ nextRespondAt: later }).execute();
  expect(await judge(db, after, later)).toMatchObject({ judged: 4, failed: 0 });
  const begun = await db.selectFrom("runs").select("playbookId").execute();
  const states = await readTriggerStates(db, [1, 2, 3, 4]);
  for (const { id, begins, waits } of playbooks) {
    expect({ id, begins, waits }).toEqual({
      id,
      begins: begun.filter(({ playbookId }) => playbookId === id).length,
      waits: states.filter(({ playbookId, state }) => playbookId === id && state === "pending").length,
    });
  }
  const given = await db.selectFrom("tasks").select("assignee").execute();
  expect(tasks).toEqual([{ owner: "anna", before: 0, after: given.length }]);
});
