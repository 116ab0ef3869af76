import { sql } from "kysely";
import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const week = (value: number) => Array.from({ length: 7 }, () => value);
const configuration = configure([
  playbook(),
  playbook({ id: "praise", trigger: { on: "threshold", when: { fact: "score", atLeast: 90 } } }),
  playbook({ id: "asleep", enabled: false }),
  playbook({ id: "answers", trigger: { on: "threshold", when: { fact: "nps.latest", below: 7 } } }),
]);

async function live(db: Db, logins: number, today: Date): Promise<void> {
  const yesterday = new Date(today.getTime() - 86_400_000).toISOString().slice(0, 10);
  await take(db, account("acme", yesterday, week(logins)), today);
  await cover(db, yesterday, today);
  await scoreDue({ db, configuration, log }, today);
  await respondDue({ db, configuration, log }, today);
}

async function explain(db: Db, day: string | null = null, key = "acme", since: string | null = null) {
  const answer = await explainAccount(db, configuration, { key, day, since }, now);
  if (answer === null) throw new Error("there is no such account");
  // As a reader of the JSON sees it.
  return { ...answer, explanation: explanationSchema.parse(JSON.parse(JSON.stringify(answer.explanation))) };
}

test("the newest score is told as it was stored, with every key that was promised", async ({ db }) => {
  await live(db, 3, now);
  const { explanation, isStored } = await explain(db);
  expect(isStored).toBe(true);
  const promised = [
    "account",
    "asOf",
    "model",
    "revision",
    "score",
    "band",
    "coverage",
    "drivers",
    "metrics",
    "playbooks",
  ];
  for (const key of promised) expect(explanation).toHaveProperty(key);
  expect(explanation).toMatchObject({ account: "acme", asOf: now.toISOString(), model: "default", score: 30 });
  const sum = explanation.drivers.reduce((total, driver) => total + driver.contribution, 0);
  expect(Math.round(sum * 10) / 10).toBe(explanation.score);
  expect(Object.keys(explanation.metrics)).toEqual(Object.keys(explanation.metrics).toSorted());
});

test("each playbook is told with its state and why, also those that did not fire", async ({ db }) => {
  await live(db, 3, now);
  const { explanation } = await explain(db);
  expect(explanation.playbooks).toMatchObject([
    { id: "answers", state: "inactive", since: expect.any(String), reason: expect.stringContaining("nps.latest") },
    { id: "asleep", state: "disabled", since: null, reason: expect.stringMatching(/disabled/i) },
    { id: "praise", state: "inactive", since: expect.any(String), reason: expect.stringContaining("90") },
    { id: "save", state: "firing", since: now.toISOString(), reason: expect.stringContaining("40") },
  ]);
});

test("playbooks are told by all that they see: how far a score fell, and a snooze", async ({ db }) => {
  const fallen = { on: "change", fact: "score", fallsBy: 15, within: "7d" };
  const seeing = configure([
    playbook({ id: "fallen", trigger: fallen }),
    playbook({ id: "awake", trigger: { on: "stage", enters: "live" } }),
  ]);
  await live(db, 8, new Date("2026-03-06T12:00:00Z"));
  await live(db, 3, now);
  const at = now.toISOString();
  const until = "2026-03-12T12:00:00Z";
  await take(
    db,
    [
      { kind: "snooze", id: "acme/snooze", account: "acme", at, set: { until, reason: "on holiday", by: "anna" } },
      { kind: "account", id: "acme", at, set: { stage: "live" } },
    ],
    now,
  );
  await scoreDue({ db, configuration: seeing, log }, now);
  const told = async () => (await explainAccount(db, seeing, { key: "acme", day: null }, now))?.explanation.playbooks;
  const snoozed = "snoozed until 12 March 2026 at 12:00 (Etc/UTC) by anna: on holiday";
  const fell = "score fell 50.0 in 7 days, from 80.0 to 30.0";
  expect(await told()).toMatchObject([
    { id: "awake", reason: `inactive: the next judgement makes it pending (stage is live; ${snoozed})` },
    { id: "fallen", reason: `inactive: the next judgement makes it pending (${fell}; ${snoozed})` },
  ]);
  await respondDue({ db, configuration: seeing, log }, now);
  expect(await told()).toMatchObject([
    { id: "awake", state: "pending", reason: expect.stringContaining(`stage is live; ${snoozed}; fires on 12 March`) },
    { id: "fallen", state: "pending", reason: expect.stringContaining(fell) },
  ]);
});

test("a past day is told as it was stored, else as it was known in its last moment", async ({ db }) => {
  const before = new Date("2026-03-08T12:00:00Z");
  await live(db, 8, before);
  await live(db, 3, now);
  const stored = await explain(db, "2026-03-08");
  expect(stored).toMatchObject({ isStored: true, explanation: { score: 80, asOf: before.toISOString() } });
  const computed = await explain(db, "2026-03-09");
  expect(computed).toMatchObject({ isStored: false, explanation: { asOf: "2026-03-09T23:59:59.999Z" } });
  // What came on the 10th was not known then.
  expect(computed.explanation.metrics["usage.logins.avg_7d"]).toMatchObject({ value: 8 });
  expect((await explain(db, "2026-03-10")).explanation.score).toBe(30);
});

test("a day to come is told as of now", async ({ db }) => {
  await live(db, 3, now);
  const { explanation, isStored } = await explain(db, "2030-01-01");
  expect(isStored).toBe(false);
  expect(explanation).toMatchObject({ asOf: now.toISOString(), score: 30 });
});

test("an account that was never scored is computed", async ({ db }) => {
  await take(db, account("acme", "2026-03-09", week(5)), now);
  const { explanation, isStored } = await explain(db);
  expect(isStored).toBe(false);
  expect(explanation).toMatchObject({ score: 50, band: "yellow", coverage: 1 });
});

test("an account of which nothing is known has no score, and each driver says why", async ({ db }) => {
  await take(db, account("acme", "2026-03-09", []), now);
  const { explanation } = await explain(db);
  expect(explanation).toMatchObject({ score: null, band: null, coverage: 0, reason: expect.any(String) });
  expect(explanation.drivers[0]).toMatchObject({ state: "no-data", points: null, weight: 0, contribution: 0 });
  expect(explanation.drivers[0]?.reason).toBeDefined();
});

test("an account nobody knows is null", async ({ db }) => {
  expect(await explainAccount(db, configuration, { key: "nobody", day: null, since: null }, now)).toBeNull();
});

test("model, confidence, lifecycle and suggested band are told", async ({ db }) => {
  await live(db, 5, now);
  const { explanation } = await explain(db);
  expect(explanation).toMatchObject({
    modelReason: "the only model",
    computed: 50,
    suggestedBand: "yellow",
    confidence: { value: 1, coverage: 1, freshness: 1, history: 1 },
    lifecycle: { stage: null, milestones: [] },
    override: null,
  });
});

test("an override is told with its author, beside the computed score", async ({ db }) => {
  await live(db, 5, new Date("2026-03-09T12:00:00Z"));
  const until = "2026-04-01T00:00:00.000Z";
  const set = { score: 90, band: null, until, reason: "Renewed by phone", by: "anna" };
  await take(db, [{ kind: "override", id: "override", account: "acme", at: "2026-03-10T08:00:00Z", set }], now);
  await scoreDue({ db, configuration, log }, now);
  const { explanation } = await explain(db, null, "acme", "2026-03-09");
  expect(explanation).toMatchObject({
    score: 90,
    band: "green",
    override: { score: 90, band: null, until, reason: "Renewed by phone", by: "anna" },
    change: { points: 90 - (explanation.change.from.score ?? 0) },
  });
  const moved = explanation.change.parts.find(({ cause }) => cause === "override");
  expect(moved?.points).toBe(90 - (explanation.computed ?? 0));
  expect(moved?.shares[0]?.words).toContain("began: score 90 by override of anna");
});

test("why a score moved is told from the stored score of that day, four weeks before unless told otherwise", async ({
  db,
}) => {
  const [month, week] = [new Date("2026-02-10T12:00:00Z"), new Date("2026-03-03T12:00:00Z")];
  await live(db, 8, month);
  await live(db, 6, week);
  await live(db, 3, now);
  const usual = (await explain(db)).explanation.change;
  expect(usual).toMatchObject({
    from: { asOf: month.toISOString(), score: 80, band: "green", isStored: true },
    to: { asOf: now.toISOString(), score: 30, isStored: true },
    points: -50,
    reason: null,
  });
  expect(usual.parts.map(({ cause, points }) => [cause, points])).toEqual([
    ["data", -50],
    ["missing", 0],
    ["configuration", 0],
    ["override", 0],
    ["cap", 0],
  ]);
  expect(usual.parts[0]?.shares).toEqual([
    { group: "usage", measure: "logins", points: -50, words: "8 → 3 per day, 80 → 30 points" },
  ]);
  const since = (await explain(db, null, "acme", "2026-03-05")).explanation.change;
  expect(since).toMatchObject({ from: { asOf: week.toISOString(), score: 60 }, points: -30 });
});

test("a day without a stored score is compared as it was known in its last moment", async ({ db }) => {
  const before = new Date("2026-02-10T12:00:00Z");
  await take(db, account("acme", "2026-02-09", week(8)), before);
  await cover(db, "2026-02-09", before);
  await live(db, 3, now);
  const { change } = (await explain(db, null, "acme", "2026-02-10")).explanation;
  expect(change).toMatchObject({
    from: { asOf: "2026-02-10T23:59:59.999Z", score: 80, isStored: false },
    points: -50,
  });
});

test("each score is taken apart by the revision of the model that made it", async ({ db }) => {
  const body = (max: number) => ({
    id: "default",
    name: "By logins",
    bands: [{ id: "red", from: 0 }],
    groups: [{ id: "usage", weight: 1, measures: [logins(max)] }],
    caps: [{ when: { fact: "usage.logins.avg_7d", atLeast: 0 }, max, reason: "Not yet proven" }],
  });
  const logins = (best: number) => ({
    id: "logins",
    metric: "usage.logins.avg_7d",
    weight: 1,
    curve: [
      [0, 0],
      [best, 100],
    ],
  });
  const apply = (revision: object, at: Date) =>
    db.transaction().execute((tx) =>
      applyDocuments(tx, [{ kind: "health-model", id: "default", body: revision }], {
        author: "anna",
        note: null,
        now: at,
      }),
    );
  const before = new Date("2026-03-01T12:00:00Z");
  await apply(body(20), before);
  await take(db, account("acme", "2026-02-28", week(8)), before);
  await cover(db, "2026-02-28", before);
  await scoreDue({ db, configuration: configure([], 1, body(20)), log }, before);
  await apply(body(10), now);
  await take(db, account("acme", "2026-03-09", week(8)), now);
  await cover(db, "2026-03-09", now);
  const today = configure([], 2, body(10));
  await scoreDue({ db, configuration: today, log }, now);
  const answer = await explainAccount(db, today, { key: "acme", day: null, since: "2026-03-01" }, now);
  const change = answer?.explanation.change;
  expect(change).toMatchObject({ from: { revision: 1, score: 20 }, to: { revision: 2, score: 10 }, points: -10 });
  expect(change?.parts.filter(({ points }) => points !== 0).map(({ cause, points }) => [cause, points])).toEqual([
    ["configuration", 40],
    ["cap", -50],
  ]);
  // A revision that is gone cannot be asked.
  await db.deleteFrom("documents").where("revision", "=", 1).execute();
  const lost = await explainAccount(db, today, { key: "acme", day: null, since: "2026-03-01" }, now);
  expect(lost?.explanation.change).toMatchObject({
    points: null,
    reason: "the health model default revision 1 can no longer be read",
    parts: [],
  });
});

test("where a score is unknown nothing is taken apart, and the band of what is known is told", async ({ db }) => {
  await take(db, account("acme", "2026-03-09", []), now);
  const { explanation } = await explain(db);
  expect(explanation.change).toMatchObject({ points: null, reason: "there was no score before" });
  expect(explanation.suggestedBand).toBeNull();
});

test("a parent is told by its children, also where its score is computed for the question", async ({ db }) => {
  const rolled = configure([], 1, { rollUp: { method: "mean" } });
  const parent = { kind: "account" as const, id: "group", at: "2025-01-01T00:00:00Z", set: { name: "Group" } };
  await take(db, [parent], now);
  for (const [key, logins] of [
    ["acme", 3],
    ["other", 8],
  ] as const) {
    await take(db, account(key, "2026-03-09", week(logins)), now);
    await take(db, [{ kind: "account", id: key, at: "2025-01-02T00:00:00Z", set: { parent: "group" } }], now);
  }
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration: rolled, log }, now);
  const stored = await explainAccount(db, rolled, { key: "group", day: null }, now);
  expect(stored?.explanation).toMatchObject({ score: 55, coverage: 1 });
  expect(stored?.explanation.drivers.map(({ group, measure, points }) => [group, measure, points])).toEqual([
    ["children", "acme", 30],
    ["children", "other", 80],
  ]);
  const later = new Date("2026-03-11T12:00:00Z");
  const computed = await explainAccount(db, rolled, { key: "group", day: "2026-03-11" }, later);
  expect(computed).toMatchObject({ isStored: false, explanation: { score: 55 } });
});

test("what a failing source said before is held, also where the score is computed for the question", async ({ db }) => {
  const before = new Date("2026-03-06T12:00:00Z");
  await live(db, 8, before);
  await sql`insert into stream_outages (stream_id, began_at, reason)
    select id, ${new Date("2026-03-06T18:00:00Z")}, 'no answer' from streams where kind = 'usage'`.execute(db);
  const { explanation, isStored } = await explain(db, "2026-03-09");
  expect(isStored).toBe(false);
  expect(explanation.drivers[0]).toMatchObject({
    state: "held",
    value: 8,
    ageDays: 3,
    reason: "held since 2026-03-06: its source fails",
  });
});
