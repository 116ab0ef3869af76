import { describe, expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import { playbooksSchema } from "../../src/queries/playbooks/overview.ts";
import { type Db, readNow } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { serve } from "../http/api.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, scenarioDocuments, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const log = createSilentLog();
const until = "2030-01-31T00:00:00Z";
const tellsCrm = [{ id: "tell", do: "task", title: "Call {{ account.name }}", assignee: "anna" }];
const owners = { owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }], fallback: "anna" };

/** Documents in force, and accounts that are about to fire. */
async function begin(db: Db, parts: Readonly<Record<string, unknown>> = {}, count = 1) {
  const now = await readNow(db);
  const body = playbook({ steps: tellsCrm, ...parts });
  const documents = [
    ...scenarioDocuments,
    { kind: "owners", id: "owners", body: owners },
    { kind: "playbook", id: "save", body },
  ];
  await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: "", now }));
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  const keys = Array.from({ length: count }, (_, index) => `a${index}`);
  await take(
    db,
    keys.flatMap((key) =>
      account(
        key,
        yesterday,
        Array.from({ length: 7 }, () => 3),
      ),
    ),
    now,
  );
  await cover(db, yesterday, now);
  const configuration = configure([body]);
  await scoreDue({ db, configuration, log }, now);
  return { configuration, respond: async () => respondDue({ db, configuration, log }, await readNow(db)) };
}

describe("a playbook that is put to sleep", () => {
  test("begins no run until it is woken, for one account or for all", async ({ database, db }) => {
    const { respond } = await begin(db, {}, 2);
    const run = (...words: string[]) => keepwell([...words, "--author", "anna"], database);
    const reason = ["--reason", "we rework it"];
    expect((await run("playbooks", "snooze", "save", "--until", until, ...reason)).stdout).toBe(
      `save begins no run for all accounts until ${until}.\n`,
    );
    expect((await run("snooze", "a1", "--playbook", "save", "--until", until, ...reason)).code).toBe(0);
    expect(await respond()).toMatchObject({ judged: 2, fired: 0 });
    const listed = await keepwell(["playbooks"], database);
    expect(listed.stdout).toMatch(/save +Save +warning +0 +2 +0 +0 +asleep, 2 wait: snooze/);
    expect(listed.stderr).toContain("save sleeps for a1 until 2030-01-31T00:00:00.000Z (anna): we rework it");
    expect((await run("playbooks", "snooze", "save", "--clear")).stdout).toBe(
      "save may begin runs for all accounts again.\n",
    );
    expect(await respond()).toMatchObject({ judged: 2, fired: 1 });
    expect((await run("snooze", "a1", "--playbook", "save", "--clear")).code).toBe(0);
    expect(await respond()).toMatchObject({ judged: 1, fired: 1 });
    expect(await run("playbooks", "snooze", "save", "--clear")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("The playbook save is not asleep for all accounts."),
    });
    const deeds = await db.selectFrom("audit").select(["deed", "subject"]).orderBy("id").execute();
    expect(deeds.map(({ deed }) => deed)).toEqual([
      "playbook.snooze",
      "playbook.snooze",
      "playbook.wake",
      "playbook.wake",
    ]);
  });

  test("must be one that is in force", async ({ database, db }) => {
    await begin(db);
    const words = ["playbooks", "snooze", "safe", "--until", until, "--reason", "no", "--author", "anna"];
    expect(await keepwell(words, database)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no playbook "safe"'),
    });
  });
});

test("a storm brake is answered by the API, once", async ({ db }) => {
  const guards = { stormBrake: { share: 0.1, atLeast: 2 } };
  const { configuration, respond } = await begin(db, { guards }, 5);
  expect(await respond()).toMatchObject({ judged: 5, fired: 0 });
  const api = await serve(db, { configuration });
  const token = await api.token();
  const list = await api.call("GET", "/api/v1/playbooks", { token });
  expect(playbooksSchema.parse(list.body).playbooks[0]).toMatchObject({
    waiting: { "storm-brake": 5 },
    brake: { begun: 0, audience: 5 },
  });
  const path = "/api/v1/playbooks/save/brake";
  const answer = await api.call("POST", path, { token, body: { author: "anna", decision: "release" } });
  expect(answer).toMatchObject({ status: 200, body: { deed: "playbook.brake-release", accounts: 5 } });
  expect(await api.call("POST", path, { token, body: { decision: "drop" } })).toMatchObject({ status: 404 });
  const sleep = { body: { until, reason: "holidays", account: "nobody" } };
  expect(await api.call("PUT", "/api/v1/playbooks/save/snooze", { token, ...sleep })).toMatchObject({ status: 404 });
  await api.server.stop();
  expect(await respond()).toMatchObject({ judged: 5, fired: 5 });
});

describe("explain", () => {
  test("tells of one playbook in a sentence first, with what keeps it and what its conditions found", async ({
    db,
  }) => {
    const guards = { inhibitedBy: ["loud"] };
    const loud = playbook({
      id: "loud",
      name: "Enterprise escalation",
      steps: [{ id: "breathe", do: "wait", for: "5d" }, ...tellsCrm],
    });
    await begin(db);
    const configuration = configure([playbook({ guards }), loud]);
    const now = await readNow(db);
    const before = await explainAccount(db, configuration, { key: "a0", day: null }, now);
    expect(before?.explanation.playbooks[1]?.reason).toBe(
      'inactive: the next judgement makes it pending (score 30 is below 40; muted by "Enterprise escalation")',
    );
    await respondDue({ db, configuration, log }, now);
    const api = await serve(db, { configuration });
    const token = await api.token();
    const { body } = await api.call("GET", "/api/v1/accounts/a0/playbooks/save", { token });
    expect(body).toMatchObject({
      account: "a0",
      id: "save",
      reason: 'pending: score 30 is below 40; muted by "Enterprise escalation"',
      state: "pending",
      guard: "inhibition",
      dueAt: null,
      conditions: [{ part: "trigger", fact: "score", value: 30, truth: true, words: "score 30 is below 40" }],
    });
    expect(await api.call("GET", "/api/v1/accounts/a0/playbooks/none", { token })).toMatchObject({ status: 404 });
    await api.server.stop();
    expect(await db.selectFrom("installation").select("key").where("key", "=", "holdout-salt").execute()).toEqual([]);
  });
});
