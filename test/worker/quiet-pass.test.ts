import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments, readRevisionKey } from "../../src/store/documents.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, scenarioDocuments, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);
const quiet = { entry: { mode: "episode", onActivate: "baseline" } };
const onRed = { on: "threshold", when: { fact: "band", is: "red" } };
/** Under this model 5 logins a day are red, under the plain one yellow. */
const stricter = {
  bands: [
    { id: "red", from: 0 },
    { id: "yellow", from: 60 },
    { id: "green", from: 70 },
  ],
};
const live = (changes: Readonly<Record<string, unknown>> = {}, model = {}): Configuration =>
  configure([playbook({ ...quiet, trigger: onRed, ...changes })], 1, model);

/** Logins a day of the week up to the day before. */
async function bring(db: Db, logins: number, now: Date, key = "acme"): Promise<void> {
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  await take(
    db,
    account(
      key,
      yesterday,
      Array.from({ length: 7 }, () => logins),
    ),
    now,
  );
  await cover(db, yesterday, now);
}

const score = (db: Db, configuration: Configuration, now: Date) => scoreDue({ db, configuration, log }, now);
const respond = (db: Db, configuration: Configuration, now: Date) => respondDue({ db, configuration, log }, now);

async function judge(db: Db, configuration: Configuration, now: Date) {
  await score(db, configuration, now);
  return respond(db, configuration, now);
}

/** Another version of documents of these kinds is applied. */
async function apply(db: Db, now: Date, ...kinds: readonly string[]): Promise<void> {
  const options = { author: "anna", note: null, now };
  const documents = scenarioDocuments.map((document) =>
    kinds.includes(document.kind) ? { ...document, body: { ...document.body, name: now.toISOString() } } : document,
  );
  const playbooks = kinds.includes("playbook") ? [{ kind: "playbook", id: "save", body: { at: now } }] : [];
  await db.transaction().execute((tx) => applyDocuments(tx, [...documents, ...playbooks], options));
}

test("an account that turns red by an edit alone fires nothing, and one whose data turn red the day after does", async ({
  db,
}) => {
  await bring(db, 5, start);
  await bring(db, 9, start, "beta");
  expect(await judge(db, live(), start)).toMatchObject({ judged: 2, fired: 0 });
  await apply(db, hours(1), "health-model");
  const edited = live({}, stricter);
  expect(await judge(db, edited, hours(1))).toMatchObject({ judged: 2, fired: 0 });
  const [state] = await readTriggerStates(db, [1]);
  expect(state).toMatchObject({ state: "firing", baseline: true, reason: expect.stringContaining("band is red") });
  await bring(db, 2, hours(24), "beta");
  expect(await judge(db, edited, hours(24))).toMatchObject({ fired: 1 });
});

test("an account is not judged between the application of a model and its next score", async ({ db }) => {
  await bring(db, 5, start);
  await judge(db, live(), start);
  await apply(db, hours(1), "health-model");
  expect(await respond(db, live({}, stricter), hours(1))).toMatchObject({ judged: 0 });
  await score(db, live({}, stricter), hours(1));
  expect(await respond(db, live({}, stricter), hours(1))).toMatchObject({ judged: 1, fired: 0 });
});

test("two applications before anybody judges are one edit", async ({ db }) => {
  await bring(db, 5, start);
  await judge(db, live(), start);
  await apply(db, hours(1), "health-model");
  await score(db, live({}, stricter), hours(1));
  await apply(db, hours(2), "health-model", "playbook");
  expect(await judge(db, live({}, stricter), hours(2))).toMatchObject({ judged: 1, fired: 0 });
});

test("what the data say while documents are applied is never swallowed", async ({ db }) => {
  await bring(db, 9, start);
  await judge(db, live(), start);
  // Scored by the old model, and judged by nobody yet.
  await bring(db, 1, hours(1));
  await score(db, live(), hours(1));
  await apply(db, hours(2), "health-model");
  expect(await judge(db, live({}, stricter), hours(2))).toMatchObject({ fired: 1 });
});

test("what arrives between the application and the next score fires", async ({ db }) => {
  await bring(db, 9, start);
  await judge(db, live(), start);
  await apply(db, hours(1), "health-model");
  await bring(db, 1, hours(1));
  expect(await judge(db, live({}, stricter), hours(1))).toMatchObject({ fired: 1 });
});

test("what was on its way before an edit of the model goes on, and fires in its time", async ({ db }) => {
  const patient = { trigger: { ...onRed, for: "6h" } };
  await bring(db, 9, start);
  await judge(db, live(patient), start);
  await bring(db, 1, hours(1));
  await judge(db, live(patient), hours(1));
  await apply(db, hours(2), "health-model");
  expect(await judge(db, live(patient, stricter), hours(2))).toMatchObject({ judged: 1, fired: 0 });
  expect(await judge(db, live(patient, stricter), hours(7))).toMatchObject({ fired: 1 });
});

test("a parent that its children move by an edit alone fires nothing", async ({ db }) => {
  const rolled = { ...stricter, rollUp: { method: "worst" } };
  const config = (model: Readonly<Record<string, unknown>>) =>
    configure([playbook({ ...quiet, trigger: onRed })], 1, model);
  const before = config({ rollUp: { method: "worst" } });
  await bring(db, 9, start, "parent");
  await bring(db, 5, start, "child");
  await take(db, [{ kind: "account", id: "child", at: "2026-03-01T00:00:00Z", set: { parent: "parent" } }], start);
  expect(await judge(db, before, start)).toMatchObject({ fired: 0 });
  await apply(db, hours(1), "health-model");
  expect(await judge(db, config(rolled), hours(1))).toMatchObject({ judged: 2, fired: 0 });
  const states = await readTriggerStates(db, [1, 2]);
  expect(states.map(({ state, baseline }) => ({ state, baseline }))).toEqual([
    { state: "firing", baseline: true },
    { state: "firing", baseline: true },
  ]);
});

test("an application of playbooks alone quiets nothing", async ({ db }) => {
  await bring(db, 9, start);
  await judge(db, live(), start);
  await apply(db, hours(1), "health-model");
  await judge(db, live(), hours(1));
  await apply(db, hours(2), "health-model", "playbook");
  await judge(db, live(), hours(2));
  const { quietSeq } = await db.selectFrom("accountWork").select("quietSeq").executeTakeFirstOrThrow();
  expect(quietSeq).toBeNull();
});

test("a pass that began before documents were applied scores nobody by the old ones", async ({ db }) => {
  await bring(db, 9, start);
  await apply(db, start, "health-model");
  const key = await readRevisionKey(db);
  const isInForce = async () => (await readRevisionKey(db)) === key;
  await apply(db, hours(1), "health-model");
  expect(await scoreDue({ db, configuration: live(), log, isInForce }, hours(1))).toEqual({ scored: 0, failed: 0 });
  expect(await judge(db, live(), hours(1))).toMatchObject({ judged: 1 });
});
