import { sql } from "kysely";
import { expect } from "vitest";
import { SourceHalt } from "../../src/integrations/call-port.ts";
import type { CrmTask, FieldWrite, OwnFieldWrite, Sink } from "../../src/integrations/sink-port.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { createLog } from "../../src/log.ts";
import type { CrmTaskMessage, Outcome } from "../../src/playbooks/message.ts";
import type { Owners } from "../../src/playbooks/owners.ts";
import { insertAction, insertTask } from "../../src/store/actions.ts";
import { wantFields } from "../../src/store/crm-fields.ts";
import { applyTaskReports, installationId } from "../../src/store/crm-tasks.ts";
import { type Db, readNow } from "../../src/store/db.ts";
import { applyInputs } from "../../src/store/intake.ts";
import { writeDueFields } from "../../src/worker/crm-fields.ts";
import { deliverDue } from "../../src/worker/deliver.ts";
import { sinkChannels } from "../../src/worker/sinks.ts";
import { test } from "../support/database.ts";
import { plainSource } from "./plain-source.ts";

const log = createLog({ level: "silent", format: "json" });
const owners: Owners = {
  owners: [{ id: "anna", name: "Anna", email: "Anna@example.com" }],
  onOwnerChange: "move",
};

/** A CRM that keeps what it is given by key and account; `answer` decides what becomes of a write. */
function crm(answer: (what: CrmTask | FieldWrite) => Outcome = () => ({ kind: "sent", reason: "kept" })) {
  const tasks = new Map<string, CrmTask>();
  const fields: FieldWrite[] = [];
  const own: OwnFieldWrite[] = [];
  const sink: Sink = {
    fieldsAtOnce: 10,
    putTask: async (task) => {
      const outcome = answer(task);
      if (outcome.kind === "failed" || outcome.kind === "retry") return outcome;
      const created = !tasks.has(task.key);
      tasks.set(task.key, task);
      return outcome.kind === "sent" ? { ...outcome, receipt: { externalId: `t-${task.key}`, created } } : outcome;
    },
    putField: async (write) => {
      own.push(write);
      return { kind: "sent", reason: "written" };
    },
    putFields: async (writes) =>
      writes.map((write) => {
        const outcome = answer(write);
        if (outcome.kind === "sent") fields.push(write);
        return outcome;
      }),
  };
  const source: Source = plainSource({ streams: [], sink, pull: async () => ({ raw: [], cursor: null, done: true }) });
  return { source, tasks, fields, own };
}

/** An account the CRM calls 77, its task of step "call" in a run of its own, and the action that takes the task there. */
async function begin(db: Db): Promise<{ accountId: number; taskId: number; actionId: number; key: string }> {
  return db.transaction().execute(async (tx) => {
    const now = await readNow(tx);
    await applyInputs(tx, {
      source: "crm",
      inputs: [{ kind: "account", id: "77", at: "2026-01-01T00:00:00Z", set: { name: "Acme" } }],
      now,
      recordedAt: "now",
      unknownAccounts: "reject",
    });
    await sql`insert into source_owners (source, external_id, email) values ('crm', 'u9', 'anna@EXAMPLE.com')`.execute(
      tx,
    );
    const { id: accountId } = await tx.selectFrom("accounts").select("id").executeTakeFirstOrThrow();
    const run = await tx
      .insertInto("runs")
      .values({ accountId, playbookId: "save", episode: 1, revision: 1, state: "done", reason: "", startedAt: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    const action = { runId: run.id, accountId, playbookId: "save", revision: 1, stepId: "call", visit: 1, reason: "" };
    const task = { title: "Call Acme", body: "soon", assignee: "anna", dueOn: "2026-04-01" };
    const message: CrmTaskMessage = { kind: "crm-task", key: `${run.id}-1-call`, ...task };
    const made = await insertAction(
      tx,
      { ...action, recipient: "task", kind: "task", channel: null, message: {}, state: "sent" },
      now,
    );
    const actionId = await insertAction(
      tx,
      { ...action, recipient: "crm", kind: "crm-task", channel: "crm", message, state: "pending" },
      now,
    );
    const taskId = await insertTask(tx, { accountId, actionId: made, ...task }, now);
    return { accountId, taskId, actionId: actionId ?? 0, key: message.key };
  });
}

const deliver = async (db: Db, source: Source) =>
  deliverDue(
    { db, channels: sinkChannels({ db, owners, jitter: () => 0 }, [source]), log, jitter: () => 0, author: "test" },
    await readNow(db),
  );

const stateOf = (db: Db, id: number) =>
  db.selectFrom("actions").select(["state", "reason"]).where("id", "=", id).executeTakeFirstOrThrow();

test("a task goes into the CRM under its account and owner there, and our task knows where it stands", async ({
  db,
}) => {
  const { source, tasks } = crm();
  const { taskId, key } = await begin(db);
  expect(await deliver(db, source)).toMatchObject({ sent: 1 });
  const full = `${await installationId(db)}-${key}`;
  expect([...tasks.values()]).toEqual([
    { key: full, title: "Call Acme", body: "soon", dueOn: "2026-04-01", account: "77", owner: "u9" },
  ]);
  const task = await db
    .selectFrom("tasks")
    .select(["syncedTo", "syncedId"])
    .where("id", "=", taskId)
    .executeTakeFirst();
  expect(task).toEqual({ syncedTo: "crm", syncedId: `t-${full}` });
});

test("a field goes into the CRM under its account there, and nowhere where the account is not known", async ({
  db,
}) => {
  const { source, own } = crm();
  const { accountId, actionId } = await begin(db);
  const message = JSON.stringify({ kind: "crm-field", field: "cs_state", value: "red" });
  const { runId } = await db
    .updateTable("actions")
    .set({ kind: "crm-field", message })
    .where("id", "=", actionId)
    .returning("runId")
    .executeTakeFirstOrThrow();
  expect(await deliver(db, source)).toMatchObject({ sent: 1 });
  expect(own).toEqual([{ account: "77", field: "cs_state", value: "red" }]);
  await sql`update identities set ended_at = now() where account_id = ${accountId}`.execute(db);
  await sql`update actions set state = 'pending' where id = ${actionId} and run_id = ${runId}`.execute(db);
  expect(await deliver(db, source)).toMatchObject({ failed: 1 });
  expect(await stateOf(db, actionId)).toEqual({ state: "failed", reason: "the account is not known there" });
});

test("a write without an answer is made again under the same key: one task stands there", async ({ db }) => {
  let answers = 0;
  const { source, tasks } = crm(() => {
    answers += 1;
    return answers === 1 ? { kind: "unknown", reason: "no answer" } : { kind: "sent", reason: "kept" };
  });
  const { actionId } = await begin(db);
  expect(await deliver(db, source)).toMatchObject({ retried: 1, unknown: 0 });
  await sql`update actions set due_at = now()`.execute(db);
  expect(await deliver(db, source)).toMatchObject({ sent: 1 });
  expect(answers).toBe(2);
  expect(tasks.size).toBe(1);
  expect(await stateOf(db, actionId)).toMatchObject({ state: "sent" });
});

test("a rule of the customer's own that refuses the task ends the action for good, in the CRM's words", async ({
  db,
}) => {
  const { source } = crm(() => {
    throw new SourceHalt({ kind: "fatal", reason: "the vendor answered 400: Close date must be on a weekday" });
  });
  const { actionId } = await begin(db);
  expect(await deliver(db, source)).toMatchObject({ failed: 1 });
  expect(await stateOf(db, actionId)).toEqual({
    state: "failed",
    reason: "the vendor answered 400: Close date must be on a weekday",
  });
});

test("a task completed in the CRM is done here, one opened again there is open here, and nobody else's is touched", async ({
  db,
}) => {
  const { taskId, key } = await begin(db);
  const own = `${await installationId(db)}-${key}`;
  const report = (full: string, state: "open" | "done", at: string) =>
    db
      .transaction()
      .execute((tx) =>
        applyTaskReports(tx, "crm", [{ key: full, state, at, outcome: "COMPLETED" }], new Date("2026-03-10T12:00:00Z")),
      );
  const task = () =>
    db.selectFrom("tasks").select(["state", "outcome", "settledBy"]).where("id", "=", taskId).executeTakeFirst();
  expect(await report(`ffffffff-${key}`, "done", "2026-03-10T10:00:00Z")).toBe(0);
  expect(await report(`${own}-more`, "done", "2026-03-10T10:00:00Z")).toBe(0);
  expect(await task()).toMatchObject({ state: "open" });
  expect(await report(own, "done", "2026-03-10T10:00:00Z")).toBe(1);
  expect(await task()).toEqual({ state: "done", outcome: "COMPLETED", settledBy: "crm" });
  expect(await report(own, "done", "2026-03-10T10:00:00Z")).toBe(0);
  // Older news of the same task changes nothing.
  expect(await report(own, "open", "2026-03-10T09:00:00Z")).toBe(0);
  expect(await report(own, "open", "2026-03-10T11:00:00Z")).toBe(1);
  expect(await task()).toMatchObject({ state: "open", outcome: null });
  const deeds = await db.selectFrom("audit").select(["author", "via", "deed"]).orderBy("id").execute();
  expect(deeds).toEqual([
    { author: "crm", via: "keepwell", deed: "task.done" },
    { author: "crm", via: "keepwell", deed: "task.reopen" },
  ]);
});

const healthy = { score: 81.5, band: "green", risk: null, driver: null };
const ill = { score: 31, band: "red", risk: null, driver: "usage: logins (-60.0 points)" };

test("fields are written when they change, and only then", async ({ db }) => {
  const { source, fields } = crm();
  const { accountId } = await begin(db);
  const now = await readNow(db);
  const want = (wanted: typeof healthy | typeof ill) =>
    db.transaction().execute((tx) => wantFields(tx, ["crm"], [{ accountId, wanted }], now));
  const write = () => writeDueFields({ db, sources: [source], log, jitter: () => 0 }, now);
  expect(await want(healthy)).toBe(1);
  expect(await write()).toBe(1);
  expect(await want(healthy)).toBe(0);
  expect(await write()).toBe(0);
  expect(await want(ill)).toBe(1);
  expect(await write()).toBe(1);
  expect(fields).toEqual([
    { account: "77", values: healthy },
    { account: "77", values: ill },
  ]);
});

test("what is wanted anew while it is being written is written next; a refusal stands until something else is wanted", async ({
  db,
}) => {
  const { accountId } = await begin(db);
  const now = await readNow(db);
  const want = (wanted: typeof healthy | typeof ill) =>
    db.transaction().execute((tx) => wantFields(tx, ["crm"], [{ accountId, wanted }], now));
  let isRefused = false;
  const { source, fields } = crm(() =>
    isRefused ? { kind: "failed", reason: "Score must not fall" } : { kind: "sent", reason: "kept" },
  );
  const slow: Source = {
    ...source,
    sink: {
      fieldsAtOnce: 1,
      putTask: async () => ({ kind: "failed", reason: "not asked for" }),
      putField: async () => ({ kind: "failed", reason: "not asked for" }),
      putFields: async (writes, context) => {
        if (fields.length === 0) await want(ill);
        return (await source.sink?.putFields?.(writes, context)) ?? [];
      },
    },
  };
  await want(healthy);
  expect(await writeDueFields({ db, sources: [slow], log, jitter: () => 0 }, now)).toBe(2);
  expect(fields.map(({ values }) => values)).toEqual([healthy, ill]);
  isRefused = true;
  await want(healthy);
  expect(await writeDueFields({ db, sources: [slow], log, jitter: () => 0 }, now)).toBe(0);
  const row = () => db.selectFrom("crmFields").select(["state", "reason"]).executeTakeFirst();
  expect(await row()).toEqual({ state: "failed", reason: "Score must not fall" });
  isRefused = false;
  await want(ill);
  // What stands there is what is wanted again: it is written once more, as nobody knows what a refusal left.
  expect(await writeDueFields({ db, sources: [slow], log, jitter: () => 0 }, now)).toBe(1);
});
