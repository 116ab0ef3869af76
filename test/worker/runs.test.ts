import { sql } from "kysely";
import { describe, expect } from "vitest";
import { test } from "../support/database.ts";
import { look, onGo, runsOf, say, set, trailOf } from "./run-stories.ts";
import { configure, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);
const field = (name: string, is: unknown = true) => ({ fact: `account.fields.${name}`, is });

describe("a wait until something is so", () => {
  const steps = [say("first"), { id: "breathe", do: "wait", until: field("calm"), for: "5d" }, say("after")];

  test("ends with the news that it is, and says so", async ({ db }) => {
    const configuration = configure([onGo("save", steps)]);
    await set(db, configuration, { go: true, calm: false }, start);
    expect(await runsOf(db, "save")).toMatchObject([
      { state: "active", stepId: "after", waitId: "breathe", dueAt: hours(120) },
    ]);
    await set(db, configuration, { other: 1 }, hours(1));
    expect(await trailOf(db, "save")).toEqual(["first"]);
    await set(db, configuration, { calm: true }, hours(2));
    expect(await trailOf(db, "save")).toEqual(["first", "breathe", "after"]);
    expect(await runsOf(db, "save")).toMatchObject([{ state: "done", stepId: null, waitId: null, dueAt: null }]);
  });

  test("ends when its time is out, with no news", async ({ db }) => {
    const configuration = configure([onGo("save", steps)]);
    await set(db, configuration, { go: true, calm: false }, start);
    await look(db, configuration, hours(119));
    expect(await trailOf(db, "save")).toEqual(["first"]);
    await look(db, configuration, hours(120));
    expect(await trailOf(db, "save")).toEqual(["first", "breathe", "after"]);
  });
});

test("a step that is due while nothing runs is passed over when it comes too late", async ({ db }) => {
  const steps = [{ id: "pause", do: "wait", for: "1h" }, say("soon", { skipAfter: "1d" }), say("any-time")];
  const configuration = configure([onGo("save", steps)]);
  await set(db, configuration, { go: true }, start);
  await look(db, configuration, hours(40));
  expect(await trailOf(db, "save")).toEqual([
    "soon skipped: passed over: due 10 March 2026 at 13:00 (Etc/UTC), and 1 day late is too late",
    "any-time",
  ]);
});

test("a run whose episode was kept waiting counts as late from when its time was over", async ({ db }) => {
  const configuration = configure([
    onGo("save", [say("soon", { skipAfter: "1d" }), say("any-time")], {
      trigger: { on: "threshold", when: field("go"), for: "2h" },
    }),
  ]);
  await set(db, configuration, { go: true }, start);
  await look(db, configuration, hours(30));
  expect(await trailOf(db, "save")).toEqual([
    expect.stringContaining("soon skipped: passed over: due 10 March"),
    "any-time",
  ]);
});

describe("a run ends", () => {
  const steps = [
    { id: "call", do: "task", title: "Call", assignee: "owner" },
    { id: "pause", do: "wait", for: "2d" },
    say("after"),
  ];
  const open = { whenEnded: { openTasks: "close" } };
  const tasks = (db: Parameters<typeof look>[0]) =>
    db.selectFrom("tasks").select(["state", "outcome", "settledBy"]).execute();

  test("as exited when its exit is true, with its tasks as they stand", async ({ db }) => {
    const configuration = configure([onGo("save", steps, { exit: field("left") })]);
    await set(db, configuration, { go: true }, start);
    await set(db, configuration, { left: true }, hours(1));
    expect(await runsOf(db, "save")).toMatchObject([
      { state: "exited", stepId: null, reason: expect.stringMatching(/; exited: account\.fields\.left/) },
    ]);
    await look(db, configuration, hours(48));
    expect(await trailOf(db, "save")).toEqual(["call"]);
    expect(await tasks(db)).toEqual([{ state: "open", outcome: null, settledBy: null }]);
  });

  test("as reached when its goal is, and closes its open tasks where it is to", async ({ db }) => {
    const goal = { when: field("well"), within: "1d" };
    const configuration = configure([onGo("save", steps, { goal, ...open })]);
    await set(db, configuration, { go: true }, start);
    await set(db, configuration, { well: true }, hours(1));
    const [run] = await runsOf(db, "save");
    expect(run).toMatchObject({ state: "reached", goalReachedAt: hours(1) });
    expect(run?.reason).toContain("; reached its goal: account.fields.well");
    expect(await tasks(db)).toEqual([
      { state: "cancelled", outcome: expect.stringContaining("reached its goal"), settledBy: "keepwell" },
    ]);
    expect(await db.selectFrom("audit").select(["deed", "author"]).execute()).toEqual([
      { deed: "task.cancel", author: "keepwell" },
    ]);
  });

  test("not by a goal that comes too late", async ({ db }) => {
    const goal = { when: field("well"), within: "1d" };
    const configuration = configure([onGo("save", steps, { goal })]);
    await set(db, configuration, { go: true }, start);
    await set(db, configuration, { well: true }, hours(25));
    expect(await runsOf(db, "save")).toMatchObject([{ state: "active", goalReachedAt: null }]);
  });

  test("before its first step where its exit is true already", async ({ db }) => {
    const configuration = configure([onGo("save", steps, { exit: field("left") })]);
    await set(db, configuration, { go: true, left: true }, start);
    expect(await runsOf(db, "save")).toMatchObject([{ state: "exited" }]);
    expect(await trailOf(db, "save")).toEqual([]);
  });

  test("as stopped at a stop, with its reason", async ({ db }) => {
    const configuration = configure([onGo("save", [say("a"), { id: "s", do: "stop", reason: "that will do" }])]);
    await set(db, configuration, { go: true }, start);
    expect(await runsOf(db, "save")).toMatchObject([
      { state: "stopped", reason: expect.stringContaining("; stopped: that will do") },
    ]);
  });
});

test("a goal that is reached after the run, or where nothing was done, is noted", async ({ db }) => {
  const goal = { when: field("well"), within: "5d" };
  const parts = { goal, holdout: { percent: 50 } };
  const ids = Array.from({ length: 12 }, (_, index) => `save-${index}`);
  const configuration = configure(ids.map((id) => onGo(id, [say("a")], parts)));
  await set(db, configuration, { go: true }, start);
  await set(db, configuration, { well: true }, hours(30));
  const runs = await db.selectFrom("runs").select(["state", "goalReachedAt"]).execute();
  expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(["done", "holdout"]));
  expect(runs.map(({ goalReachedAt }) => goalReachedAt)).toEqual(runs.map(() => hours(30)));
});

describe("a recovery", () => {
  const onRecover = [say("over", { text: "over: {{ run.reason }}" }), { id: "hook", do: "webhook", to: "crm" }];

  test("is told once, by what onRecover says, also while the account is snoozed", async ({ db }) => {
    const configuration = configure([onGo("save", [say("alert")], { onRecover })]);
    await set(db, configuration, { go: true }, start);
    const until = hours(1000).toISOString();
    const snooze = { kind: "snooze", id: "acme/snooze", account: "acme", at: hours(1).toISOString() } as const;
    await take(db, [{ ...snooze, set: { until, reason: "holiday", by: "anna" } }], hours(1));
    await set(db, configuration, { go: false }, hours(2));
    await set(db, configuration, { other: 1 }, hours(3));
    expect(await trailOf(db, "save")).toEqual(["alert", "over", "hook"]);
    const messages = await db.selectFrom("actions").select("message").where("stepId", "in", ["over", "hook"]).execute();
    expect(JSON.stringify(messages)).toContain("over: recovered: account.fields.go");
    expect(JSON.stringify(messages)).toContain("playbook.recovered");
  });

  test("is told of each episode that began a run, and of none that did not", async ({ db }) => {
    const entry = { mode: "episode", onActivate: "baseline" };
    const configuration = configure([onGo("save", [say("alert")], { onRecover, entry })]);
    for (const [index, go] of [true, false, true, false, true, false].entries()) {
      await set(db, configuration, { go }, hours(index));
    }
    // The first was there when the playbook was.
    expect(await trailOf(db, "save")).toEqual(["alert", "over", "hook", "alert", "over", "hook"]);
  });

  test("is told of an episode that the next one follows at once", async ({ db }) => {
    const trigger = { on: "change", fact: "owner", within: "1d" };
    const configuration = configure([onGo("save", [say("alert")], { onRecover: [say("over")], trigger })]);
    await set(db, configuration, {}, start);
    const change = async (owner: string, now: Date) => {
      await take(db, [{ kind: "account", id: "acme", at: now.toISOString(), set: { owner } }], now);
    };
    await change("bo", hours(30));
    await sql`update account_work set next_respond_at = ${hours(30)}`.execute(db);
    await look(db, configuration, hours(30));
    await change("cy", hours(31));
    await sql`update account_work set next_respond_at = ${hours(31)}`.execute(db);
    await look(db, configuration, hours(31));
    expect(await trailOf(db, "save")).toEqual(["alert", "over", "alert"]);
  });
});

describe("a call", () => {
  const call = (playbookId: string) => ({ id: "call", do: "call-playbook", playbook: playbookId });
  const never = { on: "threshold", when: field("never") };
  const called = (id: string, steps: readonly object[]) => onGo(id, steps, { trigger: never });

  test("begins a run of the other playbook for the account, once, in the same pass", async ({ db }) => {
    const configuration = configure([
      onGo("save", [say("a"), call("follow"), say("b")]),
      called("follow", [say("x"), { id: "pause", do: "wait", for: "1h" }, say("y")]),
    ]);
    await set(db, configuration, { go: true }, start);
    expect(await trailOf(db, "save")).toEqual(["a", "call", "b"]);
    expect(await runsOf(db, "follow")).toMatchObject([
      { state: "active", stepId: "y", cause: "call:1:call:1", depth: 1, chain: ["save"] },
    ]);
    await look(db, configuration, hours(1));
    expect(await trailOf(db, "follow")).toEqual(["x", "y"]);
  });

  test("goes from playbook to playbook only as deep as guards.json allows", async ({ db }) => {
    const guards = { kind: "guards", id: "guards", body: { maxDepth: 2 } };
    const configuration = configure(
      [onGo("p0", [call("p1")]), called("p1", [call("p2")]), called("p2", [call("p3")]), called("p3", [say("deep")])],
      1,
      {},
      false,
      [guards],
    );
    await set(db, configuration, { go: true }, start);
    expect(await runsOf(db, "p2")).toMatchObject([{ state: "done", depth: 2, chain: ["p0", "p1"] }]);
    expect(await trailOf(db, "p2")).toEqual([
      "call skipped: dropped: 2 runs stand behind this one (p0 → p1 → p2), and 2 are the most",
    ]);
    expect(await runsOf(db, "p3")).toEqual([]);
  });

  test("of a playbook that is disabled is passed over", async ({ db }) => {
    const configuration = configure([
      onGo("save", [call("follow"), say("b")]),
      { ...called("follow", [say("x")]), enabled: false },
    ]);
    await set(db, configuration, { go: true }, start);
    expect(await trailOf(db, "save")).toEqual(['call skipped: the playbook "follow" is not enabled', "b"]);
  });
});
