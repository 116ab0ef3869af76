import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { loadConfiguration } from "../../src/queries/configuration.ts";
import type { Database } from "../../src/store/db.ts";
import { readLiveDocuments } from "../../src/store/documents.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { test } from "../support/database.ts";
import { take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

type TestDatabase = Database & { readonly url: string };

const now = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const model = soundDocuments["health-models/default.json"];
/** Under the sound documents an NPS of 5 is green; under these it is red, and a playbook is new. */
const edited = {
  ...soundDocuments,
  "health-models/default.json": {
    ...model,
    bands: [
      { id: "red", from: 0 },
      { id: "green", from: 60 },
    ],
  },
  "playbooks/red.json": {
    ...soundDocuments["playbooks/save-at-risk.json"],
    id: "red",
    trigger: { on: "threshold", when: { fact: "band", is: "red" } },
  },
};

async function answer(database: TestDatabase, key: string, score: number): Promise<void> {
  const at = "2026-03-09T10:00:00Z";
  await take(
    database.db,
    [
      { kind: "account", id: key, at, set: { name: `${key} Ltd`, owner: "anna" } },
      { kind: "survey", id: key, account: key, at, set: { type: "nps", score } },
    ],
    now,
  );
  const live = await loadConfiguration(database.db);
  if ("faults" in live) throw new Error("the documents are not in order");
  await scoreDue({ ...database, configuration: live.configuration, log }, now);
  await respondDue({ ...database, configuration: live.configuration, log }, now);
}

/** The first documents are in force, an account is scored, and the edit is planned. */
async function planned(database: TestDatabase): Promise<{ folder: string; token: string; stdout: string }> {
  await keepwell(["config", "apply", await folderOf(soundDocuments)], database);
  await answer(database, "acme", 5);
  const folder = await folderOf(edited);
  const { stdout } = await keepwell(["config", "plan", folder], database);
  return { folder, stdout, token: /^token: (\S+)$/m.exec(stdout)?.[1] ?? "" };
}

const apply = (database: TestDatabase, folder: string, token: string, ...words: readonly string[]) =>
  keepwell(["config", "apply", folder, "--token", token, ...words], database);

async function isApplied({ db }: TestDatabase): Promise<boolean> {
  return (await readLiveDocuments(db)).some(({ id }) => id === "red");
}

test("a plan shows bands, playbooks and reasons, and its token applies exactly that", async ({ database }) => {
  const { folder, token, stdout } = await planned(database);
  expect(stdout).toMatch(/^red +added +1 +0 +0 +1 +0 +0$/m);
  expect(stdout).toMatch(/^green +red +1 +/m);
  expect(stdout).toMatch(/^acme Ltd +anna +– +taken as it is +matched when .* \(band is red\)$/m);
  expect(await apply(database, folder, token)).toMatchObject({ code: 0, stdout: expect.stringContaining("created") });
  expect(await isApplied(database)).toBe(true);
});

test("a token is refused when the folder says something else by now", async ({ database }) => {
  const { token } = await planned(database);
  const other = await folderOf({ ...edited, "company.json": { ...soundDocuments["company.json"], name: "Other" } });
  expect(await apply(database, other, token)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the folder says something else than when it was planned"),
  });
  expect(await isApplied(database)).toBe(false);
});

test("a token is refused when somebody changed what is in force, and says who", async ({ database }) => {
  const { folder, token } = await planned(database);
  const { "owners.json": _owners, ...fewer } = soundDocuments;
  await keepwell(["config", "apply", await folderOf(fewer), "--author", "ben"], database);
  expect(await apply(database, folder, token)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/what is in force is no longer what it was when planned: ben changed it at 20\d\d/),
  });
});

test("a token is refused when the effect is no longer the one that was shown, with the numbers", async ({
  database,
}) => {
  const { folder, token } = await planned(database);
  await answer(database, "beta", 5);
  const { code, stderr } = await apply(database, folder, token);
  expect(code).toBe(1);
  expect(stderr).toContain("2 accounts would move from band green to red, 1 when planned.");
  expect(stderr).toContain("2 accounts would come into red, 1 when planned.");
  expect(stderr).toContain("nothing is applied");
  expect(await isApplied(database)).toBe(false);
  const { stdout } = await apply(database, folder, token, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, drift: [expect.stringContaining("band green to red"), {}] });
});

test("what changes nothing of the effect does not spoil a token", async ({ database }) => {
  const { folder, token } = await planned(database);
  await answer(database, "happy", 10);
  expect(await apply(database, folder, token)).toMatchObject({ code: 0 });
});

test("a token nobody made is refused, and of two who use the same one the second is", async ({ database }) => {
  const { folder, token } = await planned(database);
  expect((await apply(database, folder, "plan_nothing")).stderr).toContain("there is no plan plan_nothing");
  const both = await Promise.all([apply(database, folder, token), apply(database, folder, token)]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
});
