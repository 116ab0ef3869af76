import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explainAccount, explanationSchema } from "../../src/queries/explain.ts";
import type { Db } from "../../src/store/db.ts";
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
  expect(explanation.playbooks).toEqual([
    { id: "answers", state: "inactive", since: expect.any(String), reason: expect.stringContaining("nps.latest") },
    { id: "asleep", state: "disabled", since: null, reason: expect.stringMatching(/disabled/i) },
    { id: "praise", state: "inactive", since: expect.any(String), reason: expect.stringContaining("90") },
    { id: "save", state: "firing", since: now.toISOString(), reason: expect.stringContaining("40") },
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
