import { sql } from "kysely";
import { describe, expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { type Hand, type HandOutcome, handWords } from "../../src/queries/by-hand/hand.ts";
import {
  closeTask,
  giveTask,
  handOverTask,
  openAgain,
  putOffTask,
  type TaskDeed,
} from "../../src/queries/by-hand/tasks.ts";
import { judgeAlert } from "../../src/queries/by-hand/verdicts.ts";
import {
  addNote,
  addPulse,
  addTouchpoint,
  clearOverride,
  clearSnooze,
  clearStage,
  reachMilestone,
  setOverride,
  setSnooze,
  setStage,
  takeBackMilestone,
} from "../../src/queries/by-hand.ts";
import { overrideAsOf, snoozeAsOf, stageByHand } from "../../src/scoring/by-hand.ts";
import type { AccountHistory } from "../../src/scoring/history.ts";
import { recordsAsOf } from "../../src/scoring/record-state.ts";
import type { RecordKind } from "../../src/scoring/records.ts";
import { listAudit } from "../../src/store/audit.ts";
import { type Db, openDatabase, type Tx } from "../../src/store/db.ts";
import { loadHistories } from "../../src/store/histories.ts";
import { listTasks } from "../../src/store/tasks.ts";
import { countVerdicts, readVerdicts } from "../../src/store/verdicts.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const lastWeek = "2026-03-03T12:00:00.000Z";

const lifecycle = {
  stages: [
    { id: "onboarding", name: "Onboarding" },
    { id: "renewal", name: "Renewal" },
  ],
  milestones: [
    { id: "go-live", name: "Go-live", byHand: true },
    { id: "first-export", name: "First export", event: { name: "exported" }, byHand: false },
  ],
};
const owners = {
  owners: [
    { id: "anna", name: "Anna", email: "anna@example.com" },
    {
      ...{ id: "bruno", name: "Bruno", email: "bruno@example.com" },
      away: [{ from: "2026-03-09", to: "2026-03-12", cover: "anna" }],
    },
  ],
  fallback: "anna",
};
const configuration = configure([], 1, {}, false, [{ kind: "lifecycle", id: "lifecycle", body: lifecycle }]);
const words = handWords({ ...configuration, owners: { ...owners, onOwnerChange: "move" } });
const anna: Hand = { author: "anna", via: "cli", words };
const named = { accountId: 1 };

async function begin(db: Db, owner = "anna"): Promise<void> {
  const week = Array.from({ length: 7 }, () => 5);
  await take(db, account("acme", "2026-03-09", week, owner), new Date("2026-03-01T12:00:00Z"));
  await cover(db, "2026-03-09", now);
}

const inTx = <Result>(db: Db, use: (tx: Tx) => Promise<Result>) => db.transaction().execute(use);

async function historyOf(db: Db, ...kinds: RecordKind[]): Promise<AccountHistory> {
  const accounts = [{ accountId: 1, key: "acme" }];
  const [history] = await loadHistories(db, { accounts, kinds, usageNames: [], fromDay: 0, toDay: 0, forPast: true });
  if (history === undefined) throw new Error("no history");
  return history;
}

function doneOf<Done>(outcome: HandOutcome<Done>): Done {
  if (outcome.kind !== "done") throw new Error(outcome.reason);
  return outcome.done;
}

describe("every deed on an account", () => {
  const override = { score: 12.5, until: "2026-04-01", reason: "they leave" };
  const snooze = { until: "2026-04-01", reason: "holidays" };
  type Do = (tx: Tx) => Promise<HandOutcome<unknown>>;
  const deeds: readonly { readonly deed: string; readonly act: Do; readonly before?: Do }[] = [
    { deed: "pulse.add", act: (tx) => addPulse(tx, named, { score: 2, note: "no answer" }, anna, now) },
    { deed: "note.add", act: (tx) => addNote(tx, named, { text: "they are hiring" }, anna, now) },
    { deed: "touchpoint.add", act: (tx) => addTouchpoint(tx, named, { type: "call", at: lastWeek }, anna, now) },
    { deed: "override.set", act: (tx) => setOverride(tx, named, override, anna, now) },
    {
      deed: "override.clear",
      before: (tx) => setOverride(tx, named, override, anna, later(-1)),
      act: (tx) => clearOverride(tx, named, {}, anna, now),
    },
    { deed: "stage.set", act: (tx) => setStage(tx, named, { stage: "renewal" }, anna, now) },
    {
      deed: "stage.clear",
      before: (tx) => setStage(tx, named, { stage: "renewal" }, anna, later(-1)),
      act: (tx) => clearStage(tx, named, {}, anna, now),
    },
    { deed: "snooze.set", act: (tx) => setSnooze(tx, named, snooze, anna, now) },
    {
      deed: "snooze.clear",
      before: (tx) => setSnooze(tx, named, snooze, anna, later(-1)),
      act: (tx) => clearSnooze(tx, named, {}, anna, now),
    },
    { deed: "milestone.reach", act: (tx) => reachMilestone(tx, named, "go-live", {}, anna, now) },
    {
      deed: "milestone.take-back",
      before: (tx) => reachMilestone(tx, named, "go-live", {}, anna, later(-1)),
      act: (tx) => takeBackMilestone(tx, named, "go-live", {}, anna, now),
    },
  ];

  test.for(deeds)("$deed leaves one row of the audit, and the account due to be scored", async (one, { db }) => {
    await begin(db);
    if (one.before !== undefined) doneOf(await inTx(db, one.before));
    const already = await listAudit(db, { limit: 10 });
    const dirty = async () =>
      (await db.selectFrom("accountWork").select("dirtySeq").executeTakeFirstOrThrow()).dirtySeq;
    const dirtyBefore = await dirty();
    expect(doneOf(await inTx(db, one.act))).toMatchObject({ deed: one.deed, account: "acme" });
    const [entry, ...rest] = await listAudit(db, { limit: 10 });
    expect(rest).toEqual(already);
    expect(entry).toMatchObject({ at: now, author: "anna", via: "cli", deed: one.deed, account: "acme" });
    expect(entry?.subject).toEqual(expect.any(String));
    expect(await dirty()).toBeGreaterThan(dirtyBefore);
  });

  test("that is refused leaves neither a record nor a row of the audit", async ({ db }) => {
    await begin(db);
    const count = async () => (await sql`select from records union all select from audit`.execute(db)).rows.length;
    const before = await count();
    const refused: readonly [Do, RegExp][] = [
      [(tx) => addPulse(tx, named, { score: 2, at: "2026-03-10T12:00:01Z" }, anna, now), /yet to come/],
      [(tx) => addNote(tx, named, { text: "old", at: "0001-01-01T00:00:00Z" }, anna, now), /years 1 to 9998/],
      [(tx) => setOverride(tx, named, { ...override, until: "2026-03-10" }, anna, now), /is past/],
      [(tx) => setOverride(tx, named, { ...override, until: "2206-03-10" }, anna, now), /ten years/],
      [(tx) => setOverride(tx, named, { ...override, band: "gren" }, anna, now), /did you mean "green"/],
      [(tx) => clearOverride(tx, named, {}, anna, now), /has no override/],
      [(tx) => setStage(tx, named, { stage: "onbording" }, anna, now), /did you mean "onboarding"/],
      [(tx) => clearStage(tx, named, {}, anna, now), /no stage set by hand/],
      [(tx) => setSnooze(tx, named, { ...snooze, until: "2026-03-10T13:00:00+02:00" }, anna, now), /is past/],
      [(tx) => clearSnooze(tx, named, {}, anna, now), /has no snooze/],
      [(tx) => reachMilestone(tx, named, "first-export", {}, anna, now), /no milestone "first-export"/],
      [(tx) => takeBackMilestone(tx, named, "go-live", {}, anna, now), /no milestone "go-live" by hand/],
      [(tx) => judgeAlert(tx, 99, { verdict: "noise" }, anna, now), /no action 99/],
      [(tx) => closeTask(tx, 99, { outcome: "x" }, anna, now), /no task 99/],
      [(tx) => giveTask(tx, named, { title: "Call", assignee: "ana" }, anna, now), /did you mean "anna"/],
      [(tx) => giveTask(tx, named, { title: "Call", assignee: "zoe" }, anna, now), /expected one of anna, bruno/],
    ];
    for (const [act, reason] of refused) {
      const outcome = await inTx(db, act);
      expect(outcome).toEqual({ kind: expect.not.stringMatching("done"), reason: expect.stringMatching(reason) });
    }
    expect(await count()).toBe(before);
  });
});

describe("an override", () => {
  const read = async (db: Db) =>
    (await db.selectFrom("scores").select(["score", "computed", "band"]).executeTakeFirstOrThrow()) ?? null;
  const deps = (db: Db) => ({ db, configuration, log: createSilentLog() });

  test("changes what is shown at the next pass, and its end brings the computed score back", async ({ db }) => {
    await begin(db);
    await scoreDue(deps(db), now);
    expect(await read(db)).toMatchObject({ score: 50, band: "yellow" });
    const wish = { score: 12.5, until: later(2).toISOString(), reason: "they leave" };
    doneOf(await inTx(db, (tx) => setOverride(tx, named, wish, anna, now)));
    expect(await scoreDue(deps(db), now)).toMatchObject({ scored: 1 });
    expect(await read(db)).toMatchObject({ score: 12.5, computed: 50, band: "red" });
    // Nothing came in since: its end alone makes the account due.
    expect(await scoreDue(deps(db), later(1))).toMatchObject({ scored: 0 });
    expect(await scoreDue(deps(db), later(2))).toMatchObject({ scored: 1 });
    expect(await read(db)).toMatchObject({ score: 50, computed: 50, band: "yellow" });
  });

  test("that is cleared brings the computed score back at once", async ({ db }) => {
    await begin(db);
    const wish = { band: "green", until: "2026-04-01", reason: "they signed" };
    doneOf(await inTx(db, (tx) => setOverride(tx, named, wish, anna, now)));
    await scoreDue(deps(db), now);
    expect(await read(db)).toMatchObject({ score: 50, band: "green" });
    doneOf(await inTx(db, (tx) => clearOverride(tx, named, { reason: "they did not" }, anna, later(1))));
    await scoreDue(deps(db), later(1));
    expect(await read(db)).toMatchObject({ score: 50, band: "yellow" });
    expect(await inTx(db, (tx) => clearOverride(tx, named, {}, anna, later(2)))).toMatchObject({ kind: "missing" });
  });

  test("of a day ends where that day begins for the account, and replaces the one before as a whole", async ({
    db,
  }) => {
    await begin(db);
    const zone = { zone: "Pacific/Kiritimati" };
    await take(db, [{ kind: "account", id: "acme", at: "2026-02-01T00:00:00Z", set: zone }], now);
    const first = { score: 12.5, until: "2026-04-01", reason: "they leave" };
    doneOf(await inTx(db, (tx) => setOverride(tx, named, first, anna, now)));
    const history = await historyOf(db, "override");
    const until = Date.parse("2026-03-31T10:00:00Z");
    expect(overrideAsOf(history, now.getTime())).toEqual({
      score: 12.5,
      band: null,
      until,
      reason: "they leave",
      by: "anna",
    });
    const second = { band: "green", until: "2026-05-01T00:00:00Z", reason: "they stay" };
    doneOf(await inTx(db, (tx) => setOverride(tx, named, second, { ...anna, author: "bruno" }, later(1))));
    expect(overrideAsOf(await historyOf(db, "override"), later(1).getTime())).toMatchObject({
      ...{ score: null, band: "green", by: "bruno" },
    });
    expect(overrideAsOf(await historyOf(db, "override"), now.getTime())).toMatchObject({ score: 12.5 });
  });
});

describe("what is said today of last week", () => {
  test("is part of last week as known today, and unknown to last week", async ({ db }) => {
    await begin(db);
    doneOf(await inTx(db, (tx) => addPulse(tx, named, { score: 2, at: lastWeek }, anna, now)));
    const history = await historyOf(db, "pulse");
    expect(recordsAsOf(history, "pulse", now.getTime())).toMatchObject([
      { fields: { score: 2, by: "anna" }, firstAt: Date.parse(lastWeek) },
    ]);
    expect(recordsAsOf(history, "pulse", Date.parse(lastWeek))).toEqual([]);
    expect(recordsAsOf(history, "pulse", now.getTime() - 1)).toEqual([]);
  });
});

describe("the stage", () => {
  test("holds since when a person says, and is given back", async ({ db }) => {
    await begin(db);
    const wish = { stage: "renewal", reason: "talks have begun", at: "2026-03-03" };
    doneOf(await inTx(db, (tx) => setStage(tx, named, wish, anna, now)));
    expect(stageByHand(await historyOf(db, "stage"), now.getTime())).toMatchObject({
      ...{ stage: "renewal", since: Date.parse("2026-03-03T00:00:00Z"), by: "anna" },
    });
    doneOf(await inTx(db, (tx) => clearStage(tx, named, {}, anna, later(1))));
    expect(stageByHand(await historyOf(db, "stage"), later(1).getTime())).toBeNull();
  });

  test("is not set behind what was said of it later", async ({ db }) => {
    await begin(db);
    doneOf(await inTx(db, (tx) => setStage(tx, named, { stage: "renewal" }, anna, now)));
    const behind = { stage: "onboarding", at: lastWeek };
    expect(await inTx(db, (tx) => setStage(tx, named, behind, anna, later(1)))).toEqual({
      kind: "conflict",
      reason: `The stage was set by hand as of ${now.toISOString()} already`,
    });
  });
});

test("a snooze holds until its end", async ({ db }) => {
  await begin(db);
  doneOf(await inTx(db, (tx) => setSnooze(tx, named, { until: "2026-03-12", reason: "holidays" }, anna, now)));
  const history = await historyOf(db, "snooze");
  const end = Date.parse("2026-03-12T00:00:00Z");
  expect(snoozeAsOf(history, end - 1)).toEqual({ until: end, reason: "holidays", by: "anna" });
  expect(snoozeAsOf(history, end)).toBeNull();
});

describe("a milestone", () => {
  const judge = async (db: Db, at: Date) => {
    await scoreDue({ db, configuration, log: createSilentLog() }, at);
    const rows = await db.selectFrom("scores").select("lifecycle").orderBy("day", "desc").limit(1).execute();
    return rows[0]?.lifecycle;
  };

  test("is reached when a person says, taken back, and reached at another time", async ({ db }) => {
    await begin(db);
    const reach = (at: string | undefined, moment: Date) =>
      inTx(db, (tx) => reachMilestone(tx, named, "go-live", { at }, anna, moment));
    doneOf(await reach("2026-03-05T00:00:00Z", now));
    const reached = (at: string) => ({
      milestones: expect.arrayContaining([
        expect.objectContaining({ id: "go-live", status: "reached", reachedAt: Date.parse(at), by: "hand" }),
      ]),
    });
    expect(await judge(db, now)).toMatchObject(reached("2026-03-05T00:00:00Z"));
    doneOf(await inTx(db, (tx) => takeBackMilestone(tx, named, "go-live", {}, anna, later(1))));
    expect(await judge(db, later(1))).toMatchObject({
      milestones: expect.arrayContaining([expect.objectContaining({ id: "go-live", reachedAt: null })]),
    });
    const again = await inTx(db, (tx) => takeBackMilestone(tx, named, "go-live", {}, anna, later(1)));
    expect(again).toMatchObject({ kind: "missing" });
    doneOf(await reach("2026-02-15T00:00:00Z", later(2)));
    expect(await judge(db, later(2))).toMatchObject(reached("2026-02-15T00:00:00Z"));
  });

  test("of a name with a slash is never another account's", async ({ db }) => {
    await begin(db);
    await take(db, account("acme/milestone/a", "2026-03-09", []), now);
    const free = { ...anna, words: handWords(null) };
    const of = (accountId: number, milestone: string) =>
      inTx(db, (tx) => reachMilestone(tx, { accountId }, milestone, {}, free, now));
    const first = doneOf(await of(1, "a/milestone/b"));
    const second = doneOf(await of(2, "b"));
    expect(first.subject).not.toBe(second.subject);
  });
});

describe("a task", () => {
  const give = (db: Db, wish: Partial<Parameters<typeof giveTask>[2]> = {}, hand = anna) =>
    inTx(db, (tx) => giveTask(tx, named, { title: "Call", assignee: "owner", ...wish }, hand, now));
  const list = (db: Db, awakeAt?: Date) => listTasks(db, { state: "open", awakeAt, limit: 10 });

  test("for the owner goes to them and says so; one for somebody else does not", async ({ db }) => {
    await begin(db);
    doneOf(await give(db));
    doneOf(await give(db, { assignee: "bruno", dueOn: "2026-04-01" }));
    expect(await list(db)).toMatchObject([
      { assignee: "bruno", asOwner: false, dueOn: "2026-04-01", createdBy: "anna" },
      { assignee: "anna", asOwner: true, dueOn: null, createdBy: "anna", playbook: null },
    ]);
  });

  test("for an owner who is away goes to the cover and stays there", async ({ db }) => {
    await begin(db, "bruno");
    doneOf(await give(db));
    expect(await list(db)).toMatchObject([{ assignee: "anna", asOwner: false }]);
  });

  test("for an owner nobody lists goes to the fallback; without a list of owners, to whom the account names", async ({
    db,
  }) => {
    await begin(db, "somebody");
    doneOf(await give(db));
    doneOf(await give(db, {}, { ...anna, words: handWords(null) }));
    expect((await list(db)).map((task) => task.assignee)).toEqual(["anna", "somebody"]);
  });

  test("due in days is due on a day of the account's zone", async ({ db }) => {
    await begin(db);
    const zone = { zone: "Pacific/Kiritimati" };
    await take(db, [{ kind: "account", id: "acme", at: "2026-02-01T00:00:00Z", set: zone }], now);
    doneOf(await give(db, { dueInDays: 1 }));
    expect(await list(db)).toMatchObject([{ dueOn: "2026-03-12" }]);
  });

  test("that is put off is left out of the list until then", async ({ db }) => {
    await begin(db);
    const { id } = doneOf(await give(db));
    doneOf(await inTx(db, (tx) => putOffTask(tx, id, { until: "2026-03-12" }, anna, now)));
    const end = new Date("2026-03-12T00:00:00Z");
    expect(await list(db, new Date(end.getTime() - 1))).toEqual([]);
    expect(await list(db, end)).toMatchObject([{ id, snoozedUntil: end }]);
    expect(await list(db)).toMatchObject([{ id }]);
  });

  test("leaves one row of the audit for each deed on it, and none for what is refused", async ({ db }) => {
    await begin(db);
    const { id } = doneOf(await give(db));
    const act = (deed: (tx: Tx) => Promise<HandOutcome<TaskDeed>>) => inTx(db, deed);
    const assign = () => act((tx) => handOverTask(tx, id, { assignee: "bruno" }, anna, now));
    const done = () => act((tx) => closeTask(tx, id, { outcome: "they stay" }, anna, now));
    const putOff = () => act((tx) => putOffTask(tx, id, { until: "2026-03-12" }, anna, now));
    const reopen = () => act((tx) => openAgain(tx, id, {}, anna, now));
    expect(doneOf(await assign())).toEqual({ id, account: "acme", state: "open" });
    doneOf(await putOff());
    expect(await reopen()).toEqual({ kind: "conflict", reason: `The task ${id} is open` });
    expect(doneOf(await done())).toEqual({ id, account: "acme", state: "done" });
    for (const late of [assign, done, putOff]) {
      expect(await late()).toEqual({ kind: "conflict", reason: `The task ${id} is done` });
    }
    doneOf(await reopen());
    expect(await list(db, now)).toMatchObject([{ id, assignee: "bruno", outcome: null, snoozedUntil: null }]);
    const entries = await listAudit(db, { account: "acme", limit: 10 });
    const deeds = ["task.reopen", "task.done", "task.snooze", "task.assign", "task.create"];
    expect(entries.map((entry) => entry.deed)).toEqual(deeds);
    expect(entries.every((entry) => entry.subject === String(id))).toBe(true);
    // What came of it is gone from the task, and stays here.
    expect(entries[1]?.data).toEqual({ outcome: "they stay" });
  });

  test("that two processes close at once is closed by one, and the other is told", async ({ db, url }) => {
    await begin(db);
    const { id } = doneOf(await give(db));
    const other = openDatabase(url, { max: 4 });
    const close = (on: Db, author: string) =>
      inTx(on, (tx) => closeTask(tx, id, { outcome: `closed by ${author}` }, { ...anna, author }, now));
    const authors = ["anna", "bruno", "carla", "dora", "emil", "fred"];
    const outcomes = await Promise.all(authors.map((author, index) => close(index % 2 ? other.db : db, author)));
    await other.close();
    expect(outcomes.filter((outcome) => outcome.kind === "done")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.kind === "conflict")).toHaveLength(5);
    const winner = authors[outcomes.findIndex((outcome) => outcome.kind === "done")];
    const [task] = await listTasks(db, { limit: 10 });
    expect(task).toMatchObject({ state: "done", settledBy: winner, outcome: `closed by ${winner}` });
    expect(await listAudit(db, { limit: 10 })).toMatchObject([{ deed: "task.done", author: winner }, {}]);
  });
});

describe("a verdict", () => {
  test("counts once per person and run, and a second thought replaces the first", async ({ db }) => {
    const run = await insertRun(db);
    const mail = await insertEmail(db, run, "sent", "mail");
    const other = await insertEmail(db, run, "sent", "other");
    const say = (action: number, author: string, verdict: "useful" | "noise" | "wrong", at: Date) =>
      inTx(db, (tx) => judgeAlert(tx, action, { verdict, note: `says ${author}` }, { ...anna, author }, at));
    expect(await countVerdicts(db)).toEqual([]);
    expect(doneOf(await say(mail, "anna", "noise", now))).toEqual({ action: mail, playbook: "save", verdict: "noise" });
    doneOf(await say(mail, "bruno", "wrong", now));
    doneOf(await say(other, "anna", "useful", later(1)));
    expect(await countVerdicts(db)).toEqual([{ playbook: "save", useful: 1, noise: 0, wrong: 1 }]);
    expect(await readVerdicts(db, mail)).toEqual([
      { author: "bruno", verdict: "wrong", note: "says bruno", at: now },
      { author: "anna", verdict: "useful", note: "says anna", at: later(1) },
    ]);
    expect(await listAudit(db, { author: "anna", limit: 10 })).toHaveLength(2);
  });
});
