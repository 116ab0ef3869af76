import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import { clearStage } from "../../src/queries/by-hand.ts";
import { readDueWrites } from "../../src/store/account-writes.ts";
import { insertAction } from "../../src/store/actions.ts";
import { type Db, openDatabase, readNow } from "../../src/store/db.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { writeDueAccounts } from "../../src/worker/account-writes.ts";
import { deliverDue } from "../../src/worker/deliver.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { configure, playbook, take } from "./scenario.ts";

const log = createLog({ level: "silent", format: "json" });
const began = "2026-01-01T00:00:00Z";
const deps = (db: Db) => ({ db, log, author: "test" });

/** An account, and what a run of its own sets of it. */
async function set(db: Db, ...messages: readonly object[]): Promise<void> {
  const now = await readNow(db);
  await take(db, [{ kind: "account", id: "acme", at: began, set: { name: "Acme", segment: "mid" } }], now);
  const { id: accountId } = await db.selectFrom("accounts").select("id").executeTakeFirstOrThrow();
  const { id: runId } = await db
    .insertInto("runs")
    .values({ accountId, playbookId: "save", episode: 1, revision: 1, state: "done", reason: "", startedAt: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  const origin = { runId, accountId, playbookId: "save", revision: 1, visit: 1 };
  await db.transaction().execute(async (tx) => {
    for (const [index, message] of messages.entries()) {
      const kind = Reflect.get(message, "kind") === "stage" ? "stage" : "field";
      const rest = { kind, channel: null, state: "pending", reason: "", recipient: "account" } as const;
      await insertAction(tx, { ...origin, ...rest, stepId: `step-${index}`, message: { ...message } }, now);
    }
  });
}

const write = async (db: Db) => writeDueAccounts(deps(db), await readNow(db));
const actions = (db: Db) =>
  db.selectFrom("actions").select(["stepId", "state", "reason", "attempt"]).orderBy("stepId").execute();
const changes = async (db: Db) =>
  (
    await sql<{ kind: string; set: object }>`
      select r.kind, c.set from record_changes c join records r on r.id = c.record_id and r.account_id = c.account_id
      where r.source <> 'test' order by c.occurred_at, r.kind`.execute(db)
  ).rows;

test("a field and a stage are written as records, with who did it in the audit", async ({ db }) => {
  await set(
    db,
    { kind: "field", field: "segment", value: "key" },
    { kind: "field", field: "account.fields.tier", value: 2 },
    { kind: "stage", stage: "value", reason: "live" },
  );
  expect(await write(db)).toBe(3);
  expect(await changes(db)).toEqual(
    expect.arrayContaining([
      { kind: "account", set: { segment: "key" } },
      { kind: "account", set: { fields: { tier: 2 } } },
      { kind: "stage", set: { stage: "value", reason: "live", by: "playbook save, run 1" } },
    ]),
  );
  expect(await actions(db)).toEqual([
    { stepId: "step-0", state: "sent", reason: 'segment is "key"', attempt: 1 },
    { stepId: "step-1", state: "sent", reason: "account.fields.tier is 2", attempt: 1 },
    { stepId: "step-2", state: "sent", reason: "the stage is value", attempt: 1 },
  ]);
  const audit = await db.selectFrom("audit").select(["author", "deed", "subject", "data"]).orderBy("id").execute();
  expect(audit.map(({ author, deed, subject }) => [author, deed, subject])).toEqual([
    ["playbook save", "field.set", "run-1-step-0"],
    ["playbook save", "field.set", "run-1-step-1"],
    ["playbook save", "stage.set", "run-1-step-2"],
  ]);
  const account = await db.selectFrom("accounts").select("segment").executeTakeFirstOrThrow();
  expect(account.segment).toBe("key");
  const work = await db.selectFrom("accountWork").select(["dirtySeq", "scoredSeq"]).executeTakeFirstOrThrow();
  expect(Number(work.dirtySeq)).toBeGreaterThan(Number(work.scoredSeq));
});

test("the stage is the one that people set, so that they can take it back", async ({ db }) => {
  await set(db, { kind: "stage", stage: "value", reason: "live" });
  await write(db);
  const hand = {
    author: "anna",
    via: "cli",
    words: { zone: "Etc/UTC", owners: null, bands: null, stages: null, milestones: null, playbooks: null },
  } as const;
  const { id: accountId } = await db.selectFrom("accounts").select("id").executeTakeFirstOrThrow();
  const now = await readNow(db);
  const outcome = await db.transaction().execute((tx) => clearStage(tx, { accountId }, {}, hand, now));
  expect(outcome).toMatchObject({ kind: "done", done: { deed: "stage.clear", subject: "acme/stage" } });
});

test("what cannot stand in a field is refused for good, and the rest is written", async ({ db }) => {
  await set(
    db,
    { kind: "field", field: "owner", value: "x".repeat(301) },
    { kind: "field", field: "segment", value: "key" },
  );
  expect(await write(db)).toBe(1);
  expect((await actions(db)).map(({ state }) => state)).toEqual(["failed", "sent"]);
  expect((await actions(db))[0]?.reason).toContain("cannot stand in owner");
});

test("two workers at once write each of them once", async ({ db, url }) => {
  const fields = Array.from({ length: 20 }, (_, index) => ({
    kind: "field",
    field: `account.fields.f${index}`,
    value: index,
  }));
  await set(db, ...fields);
  const other = openDatabase(url);
  const written = await Promise.all([write(db), write(other.db)]);
  await other.close();
  expect(written.reduce((sum, count) => sum + count, 0)).toBe(20);
  const audit = await db.selectFrom("audit").select("id").execute();
  expect(audit).toHaveLength(20);
});

test("a write that was cancelled meanwhile is not made", async ({ db }) => {
  await set(db, { kind: "field", field: "segment", value: "key" });
  const [due] = await readDueWrites(db, 1);
  expect(due).toMatchObject({ playbookId: "save", stepId: "step-0" });
  await sql`update actions set state = 'cancelled'`.execute(db);
  expect(await write(db)).toBe(0);
  expect(await changes(db)).toEqual([]);
});

test("delivering leaves them alone: they go through no channel", async ({ db }) => {
  await set(db, { kind: "field", field: "segment", value: "key" });
  const summary = await deliverDue({ ...deps(db), channels: new Map(), jitter: () => 0 }, await readNow(db));
  expect(summary).toMatchObject({ sent: 0, failed: 0 });
  expect((await actions(db))[0]?.state).toBe("pending");
});

test("playbooks that set what the other one waits for come to rest, and say why", async ({ db }) => {
  const sets = (id: string, is: string, value: string) =>
    playbook({
      id,
      trigger: { on: "threshold", when: { fact: "segment", is } },
      steps: [{ id: "set", do: "set-field", field: "segment", value }],
    });
  const configuration = configure([sets("to-b", "a", "b"), sets("to-a", "b", "a")]);
  await take(db, [{ kind: "account", id: "acme", at: began, set: { name: "Acme", segment: "a" } }], await readNow(db));
  for (let pass = 0; pass < 8; pass += 1) {
    const now = await readNow(db);
    await scoreDue({ db, configuration, log }, now);
    await respondDue({ db, configuration, log }, now);
    await write(db);
  }
  const runs = await db.selectFrom("runs").select(["playbookId", "depth", "chain"]).orderBy("id").execute();
  expect(runs).toEqual([
    { playbookId: "to-b", depth: 0, chain: [] },
    { playbookId: "to-a", depth: 1, chain: ["to-b"] },
  ]);
  const states = await readTriggerStates(db, [1]);
  expect(states.find(({ playbookId }) => playbookId === "to-b")?.reason).toContain("dropped: loop");
});
