import { afterEach, describe, expect, test } from "vitest";
import type { CrmTask, Sink, SinkContext } from "../../../src/integrations/sink-port.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { outcomeOf } from "../../../src/worker/sink-outcome.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { type SalesforceFake, startSalesforceFake } from "./fake.ts";
import { openOver } from "./open.ts";
import { idOf } from "./organization.ts";
import type { Row } from "./soql.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const acme = idOf("001", 1);
const keyField = "Task.Keepwell_Key__c";
const names = { score: "Score__c", band: "Band__c", risk: "Risk__c", driver: "Driver__c" };

const fakes: SalesforceFake[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

interface Started {
  readonly fake: SalesforceFake;
  readonly source: Source;
  readonly sink: Sink;
  readonly context: SinkContext;
}

async function start(externalId: boolean): Promise<Started> {
  const fake = await startSalesforceFake({ clock: () => now });
  fakes.push(fake);
  fake.custom.set(keyField, { externalId });
  for (const name of Object.values(names)) fake.custom.set(`Account.${name}`, { externalId: false });
  const source = openOver(fake.url, { tasks: {}, writeFields: names });
  if (source.sink === undefined) throw new Error("no sink");
  return { fake, source, sink: source.sink, context: pullContext(source, now) };
}

/** As the deliver stage puts it. */
function put({ source, sink, context }: Started, over: Partial<CrmTask> = {}) {
  const task: CrmTask = {
    key: "i-1-run-2",
    title: "Call Acme",
    body: "It fell.",
    dueOn: "2026-03-05",
    account: acme,
    owner: idOf("005", 1),
    ...over,
  };
  return sink.putTask(task, context).catch((error: unknown) => {
    const outcome = outcomeOf(error, source);
    if (outcome === null) throw error;
    return outcome;
  });
}

const tasksOf = ({ fake }: Started): readonly Row[] => fake.organization["Task"] ?? [];

describe.each([
  ["an external id", true],
  ["a plain text", false],
])("a task whose key is kept in a field that is %s", (_what, externalId) => {
  test("is made once, however often it is put", async () => {
    const started = await start(externalId);
    const first = await put(started);
    expect(first).toEqual({
      kind: "sent",
      reason: `task ${idOf("00T", 1)}`,
      receipt: { externalId: idOf("00T", 1), created: true },
    });
    const again = await put(started, { title: "Call Acme today" });
    expect(again).toMatchObject({ kind: "sent", receipt: { externalId: idOf("00T", 1), created: false } });
    await put(started, { key: "i-1-run-3" });
    expect(tasksOf(started).map((row) => [row["Keepwell_Key__c"], row["Subject"]])).toEqual([
      ["i-1-run-2", "Call Acme today"],
      ["i-1-run-3", "Call Acme"],
    ]);
  });

  test("has what Salesforce calls it, and no status", async () => {
    const started = await start(externalId);
    await put(started, { title: "x".repeat(300) });
    expect(tasksOf(started)[0]).toMatchObject({
      Subject: "x".repeat(255),
      Description: "It fell.",
      ActivityDate: "2026-03-05",
      WhatId: acme,
      OwnerId: idOf("005", 1),
      Status: "Not Started",
    });
  });

  test("stays done when it is put again after the CSM completed it, and comes back as done", async () => {
    const started = await start(externalId);
    await put(started);
    const [row] = tasksOf(started);
    started.fake.organization["Task"] = [{ ...row, Status: "Completed", IsClosed: true, CompletedDateTime: null }];
    await put(started);
    const page = await started.source.pull("tasks", null, pullContext(started.source, now));
    expect(page.raw.map((raw) => started.source.map("tasks", raw, mapContext(now)))).toEqual([
      { tasks: [{ key: "i-1-run-2", state: "done", at: now.toISOString(), outcome: "Completed" }] },
    ]);
  });

  test("is made without an account, an owner and a day where they are not known", async () => {
    const started = await start(externalId);
    await put(started, { account: null, owner: null, dueOn: null });
    expect(Object.keys(tasksOf(started)[0] ?? {})).not.toEqual(expect.arrayContaining(["WhatId"]));
  });

  test("fails for good with the words of a validation rule", async () => {
    const started = await start(externalId);
    started.fake.rule = () => ({
      errorCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION",
      message: "Name the reason of the call",
    });
    expect(await put(started)).toEqual({
      kind: "failed",
      reason: "the vendor answered 400 Bad Request: FIELD_CUSTOM_VALIDATION_EXCEPTION: Name the reason of the call",
    });
  });

  test("is tried again when the row is locked", async () => {
    const started = await start(externalId);
    started.fake.rule = () => ({ errorCode: "UNABLE_TO_LOCK_ROW", message: "unable to obtain exclusive access" });
    expect(await put(started)).toMatchObject({ kind: "retry" });
  });

  test("waits an hour when the day's calls are used up", async () => {
    const started = await start(externalId);
    await put(started);
    const body = [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }];
    started.fake.intercept = () => ({ status: 403, body });
    expect(await put(started)).toMatchObject({ kind: "retry", afterMs: 3_600_000 });
  });

  test("is tried again with a new session when the old one has ended", async () => {
    const started = await start(externalId);
    await put(started);
    started.fake.endSessions();
    expect(await put(started)).toMatchObject({ kind: "retry" });
    expect(await put(started)).toMatchObject({ kind: "sent" });
    expect(tasksOf(started)).toHaveLength(1);
  });
});

describe("a task", () => {
  test("is not made twice when nobody knows whether it was made", async () => {
    const started = await start(false);
    let lost = 0;
    started.fake.loseAnswer = ({ method }) => {
      lost += method === "POST" ? 1 : 0;
      return method === "POST";
    };
    expect(await put(started)).toMatchObject({ kind: "retry" });
    started.fake.loseAnswer = () => false;
    expect(await put(started)).toMatchObject({ kind: "sent", receipt: { created: false } });
    expect([lost, tasksOf(started).length]).toEqual([1, 1]);
  });

  test("is found by its key when an update is answered without a body", async () => {
    const started = await start(true);
    await put(started);
    started.fake.intercept = (_path, { method }) => (method === "PATCH" ? { status: 204 } : null);
    expect(await put(started)).toMatchObject({ kind: "sent", receipt: { externalId: idOf("00T", 1), created: false } });
  });

  test("fails, naming the field, where the organization has none for our key", async () => {
    const started = await start(true);
    started.fake.custom.delete(keyField);
    expect(await put(started)).toEqual({
      kind: "failed",
      reason:
        "the field for our key does not exist, or the integration user may not see it; missing: Task.Keepwell_Key__c",
    });
  });

  test("is looked up by a key that cannot break out of the query", async () => {
    const started = await start(false);
    await put(started, { key: "a\\' OR Id != '" });
    expect(await put(started, { key: "a\\' OR Id != '" })).toMatchObject({ receipt: { created: false } });
    expect(await put(started)).toMatchObject({ receipt: { created: true } });
  });

  test("cannot be put where sources.json names no tasks", async () => {
    const started = await start(true);
    const { sink } = openOver(started.fake.url, { writeFields: names });
    expect(
      await sink?.putTask({ key: "k", title: "", body: "", dueOn: null, account: null, owner: null }, started.context),
    ).toMatchObject({
      kind: "failed",
    });
  });
});

test("a source whose settings name no fields puts none of its own accord", () => {
  expect(openOver("http://127.0.0.1:9", { tasks: {} }).sink?.putFields).toBeUndefined();
});

describe("fields of Accounts", () => {
  const values = { score: 41.5, band: "yellow", risk: null, driver: "usage: active-users (-12.0 points)" };

  test("are written all at once, each with an outcome of its own", async () => {
    const { fake, sink, context } = await start(true);
    fake.rule = (_object, row) => {
      if (row["Band__c"] === "red") return { errorCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "Not red" };
      return row["Band__c"] === "locked" ? { errorCode: "UNABLE_TO_LOCK_ROW", message: "locked" } : null;
    };
    const globex = idOf("001", 2);
    const writes = [
      { account: acme, values },
      { account: globex, values: { ...values, band: "red" } },
      { account: globex, values: { ...values, band: "locked" } },
      { account: idOf("001", 4), values },
    ];
    expect(await sink.putFields?.(writes, context)).toEqual([
      { kind: "sent", reason: "written" },
      { kind: "failed", reason: "Salesforce: FIELD_CUSTOM_VALIDATION_EXCEPTION: Not red" },
      { kind: "retry", reason: "Salesforce: UNABLE_TO_LOCK_ROW: locked" },
      { kind: "failed", reason: "Salesforce: ENTITY_IS_DELETED: entity is deleted" },
    ]);
    expect(fake.asked.filter((path) => path.startsWith("PATCH"))).toEqual(["PATCH /composite/sobjects"]);
    expect(fake.organization["Account"]?.[0]).toMatchObject({ Score__c: 41.5, Band__c: "yellow", Risk__c: null });
  });

  test("are written one by one as a playbook names them, always of that Account", async () => {
    const { fake } = await start(true);
    const { sink } = openOver(fake.url);
    const put = (field: string, value: string | boolean | null) =>
      sink?.putField({ account: acme, field, value }, pullContext(openOver(fake.url), now));
    expect(await put("Band__c", "at risk")).toEqual({ kind: "sent", reason: "written" });
    expect(await put("Id", idOf("001", 2))).toEqual({ kind: "sent", reason: "written" });
    expect(fake.organization["Account"]?.[0]).toMatchObject({ Id: acme, Band__c: "at risk" });
  });

  test("that sources.json does not name are not written", async () => {
    const { fake } = await start(true);
    const source = openOver(fake.url, { writeFields: { score: "Score__c" } });
    await source.sink?.putFields?.([{ account: acme, values }], pullContext(source, now));
    expect(fake.organization["Account"]?.[0]).toHaveProperty("Score__c", 41.5);
    expect(fake.organization["Account"]?.[0]).not.toHaveProperty("Band__c");
  });

  test("are as many at once as Salesforce takes", async () => {
    const { sink, context } = await start(true);
    const writes = Array.from({ length: sink.fieldsAtOnce }, () => ({ account: acme, values }));
    expect(await sink.putFields?.(writes, context)).toHaveLength(200);
  });
});
