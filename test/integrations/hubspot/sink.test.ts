import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CrmTask, FieldWrite } from "../../../src/integrations/sink-port.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import type { Outcome } from "../../../src/playbooks/message.ts";
import { outcomeOf } from "../../../src/worker/sink-outcome.ts";
import { impatientContext, mapContext } from "../pull-context.ts";
import { openSource } from "./company.ts";
import { type HubSpotFake, startHubSpotFake } from "./fake.ts";
import { emptyPortal, type Portal, put, thingsOf } from "./portal.ts";

const now = new Date("2026-02-10T12:00:00.000Z");
const writeFields = { score: "keepwell_score", band: "keepwell_band", driver: "keepwell_driver" };
const task: CrmTask = {
  key: "a1b2-run-7-call",
  title: "Call Acme",
  body: "Score <40>\nCall & listen",
  dueOn: "2026-02-12",
  account: "11",
  owner: "71",
};

let portal: Portal;
let fake: HubSpotFake;
let source: Source;

beforeEach(async () => {
  portal = emptyPortal(now);
  portal.properties.get("tasks")?.set("keepwell_key", true);
  for (const name of Object.values(writeFields)) portal.properties.get("companies")?.set(name, false);
  for (const id of ["11", "12", "13", "14"]) put(portal, "companies", id, { name: `Company ${id}` });
  fake = await startHubSpotFake(portal);
  source = openSource(fake.url, { tasks: {}, writeFields });
});

afterEach(() => fake.close());

function context() {
  return impatientContext(source, now);
}

/** As the engine takes it. */
async function putTask(given: Partial<CrmTask> = {}): Promise<Outcome | null | undefined> {
  return source.sink?.putTask({ ...task, ...given }, context()).catch((error: unknown) => outcomeOf(error, source));
}

function tasks() {
  return [...thingsOf(portal, "tasks").values()].map(({ properties }) => properties);
}

describe("a task in HubSpot", () => {
  test("is made once, with what there is to do, for whom and by when", async () => {
    const first = await putTask();
    const second = await putTask();
    expect(first).toMatchObject({ kind: "sent", receipt: { externalId: "9000", created: true } });
    expect(second).toMatchObject({ kind: "sent", receipt: { externalId: "9000", created: false } });
    expect(tasks()).toEqual([
      {
        hs_task_status: "NOT_STARTED",
        keepwell_key: "a1b2-run-7-call",
        hs_task_subject: "Call Acme",
        hs_task_body: "Score &lt;40&gt;<br>Call &amp; listen",
        hs_timestamp: "2026-02-12T12:00:00.000Z",
        hs_task_type: "TODO",
        hubspot_owner_id: "71",
      },
    ]);
  });

  test("stands at its company", async () => {
    await putTask();
    const request = fake.requests.at(-1);
    expect(request?.url).toBe("/crm/associations/2026-09/tasks/companies/batch/create");
    expect(JSON.parse(request?.body.toString("utf8") ?? "")).toEqual({
      inputs: [
        {
          from: { id: "9000" },
          to: { id: "11" },
          types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 192 }],
        },
      ],
    });
  });

  test("that somebody has done stays done when it is given again", async () => {
    await putTask();
    put(portal, "tasks", "9000", { hs_task_status: "COMPLETED" });
    await putTask();
    expect(tasks()).toMatchObject([{ hs_task_status: "COMPLETED" }]);
  });

  test("is there without its company and its owner, where HubSpot does not know them", async () => {
    expect(await putTask({ account: null, owner: null })).toMatchObject({
      kind: "sent",
      reason: "task 9000, not linked to a company: the account is not known there",
    });
    expect(await putTask({ key: "other", account: "99" })).toMatchObject({
      kind: "sent",
      reason: expect.stringContaining("One or more object IDs are not valid: 99"),
    });
  });

  test("that a rule of its administrators refuses has failed, in HubSpot's words", async () => {
    portal.rule = (object) => (object === "tasks" ? "Tasks need a priority before they can be saved" : null);
    expect(await putTask()).toEqual({
      kind: "failed",
      reason: "the vendor answered 400 Bad Request: Tasks need a priority before they can be saved",
    });
  });

  test.each([
    ["is not there", undefined, "does not exist"],
    ["has no unique values", false, "non-unique"],
  ])("fails with the step that is missing where the property of our key %s", async (_what, unique, words) => {
    portal.properties.get("tasks")?.clear();
    if (unique !== undefined) portal.properties.get("tasks")?.set("keepwell_key", unique);
    const outcome = await putTask();
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(outcome?.reason).toContain(words);
    expect(outcome?.reason).toContain('make the property "keepwell_key" first');
  });

  test.each([
    [429, { policyName: "DAILY" }, "retry"],
    [429, { policyName: "SECONDLY" }, "retry"],
    [503, {}, "retry"],
    [401, {}, "retry"],
    [403, { message: "Not granted" }, "failed"],
  ])("answered %i %j is tried again, or has failed", async (status, body, kind) => {
    fake.instead.push({ status, body });
    expect(await putTask()).toMatchObject({ kind });
    expect(tasks()).toEqual([]);
  });

  test("is given again whole when only its link did not come through", async () => {
    const made = { results: [{ id: "9000", new: true }] };
    fake.instead.push({ status: 200, body: made }, { status: 503, body: {} });
    expect(await putTask()).toMatchObject({ kind: "retry" });
  });

  test("comes back as done once it is done there", async () => {
    await putTask();
    put(portal, "tasks", "9000", { hs_task_status: "COMPLETED", hs_task_completion_date: "2026-02-10T12:30:00Z" });
    put(portal, "tasks", "9900", { hs_task_status: "COMPLETED" });
    const page = await source.pull("tasks", null, impatientContext(source, now));
    expect(page.raw.map((raw) => source.map("tasks", raw, mapContext(now)))).toEqual([
      { tasks: [{ key: task.key, state: "done", at: "2026-02-10T12:30:00.000Z", outcome: null }] },
    ]);
  });

  test("goes nowhere where the settings say nothing of tasks", async () => {
    source = openSource(fake.url, { writeFields });
    expect(await putTask()).toMatchObject({ kind: "failed", reason: expect.stringContaining('no "tasks"') });
  });
});

describe("the fields of companies in HubSpot", () => {
  const write = (account: string, score: number | null, band: string | null = "red"): FieldWrite => ({
    account,
    values: { score, band, risk: 0.4, driver: "usage: active users (-12.0 points)" },
  });

  async function putFields(writes: readonly FieldWrite[]): Promise<readonly Outcome[]> {
    return (await source.sink?.putFields?.(writes, context())) ?? [];
  }

  function fieldsOf(id: string) {
    return thingsOf(portal, "companies").get(id)?.properties;
  }

  test("say what the account's state is; unknown is empty, and what has no name is not written", async () => {
    expect(await putFields([write("11", 38.5), write("12", null, null)])).toMatchObject([
      { kind: "sent" },
      { kind: "sent" },
    ]);
    expect(fieldsOf("11")).toEqual({
      name: "Company 11",
      keepwell_score: "38.5",
      keepwell_band: "red",
      keepwell_driver: "usage: active users (-12.0 points)",
    });
    expect(fieldsOf("12")).toMatchObject({ keepwell_score: "", keepwell_band: "" });
    expect(fake.requests).toHaveLength(1);
  });

  test("of a company that is gone fail, and only those", async () => {
    expect(await putFields([write("11", 1), write("99", 2), write("12", 3)])).toMatchObject([
      { kind: "sent" },
      { kind: "failed", reason: expect.stringContaining("Could not get some objects") },
      { kind: "sent" },
    ]);
  });

  test("that a rule refuses fail, and only those, though HubSpot refuses all of them together", async () => {
    portal.rule = (_object, properties) => (properties["keepwell_score"] === "13" ? "13 is not allowed here" : null);
    const outcomes = await putFields([write("11", 11), write("12", 12), write("13", 13), write("14", 14)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["sent", "sent", "failed", "sent"]);
    expect(outcomes[2]?.reason).toContain("13 is not allowed here");
    expect(fieldsOf("14")).toMatchObject({ keepwell_score: "14" });
  });

  test("fail all at once, with the step that is missing, where a property is not there", async () => {
    portal.properties.get("companies")?.delete("keepwell_band");
    const failure = await putFields([write("11", 1), write("12", 2)]).catch((error: unknown) =>
      outcomeOf(error, source),
    );
    expect(failure).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining('make the property "keepwell_band" first'),
    });
    expect(fake.requests).toHaveLength(1);
  });

  test("are written one by one as a playbook names them, null as nothing", async () => {
    portal.properties.get("companies")?.set("cs_state", false);
    const { sink } = openSource(fake.url);
    const put = (field: string, value: string | number | null) =>
      sink?.putField({ account: "11", field, value }, context()).catch((error: unknown) => outcomeOf(error, source));
    expect(await put("cs_state", 3)).toEqual({ kind: "sent", reason: "written" });
    expect(thingsOf(portal, "companies").get("11")?.properties).toMatchObject({ cs_state: "3" });
    expect(await put("cs_state", null)).toMatchObject({ kind: "sent" });
    expect(thingsOf(portal, "companies").get("11")?.properties).toMatchObject({ cs_state: "" });
    expect(await put("cs_stat", "x")).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining('make the property "cs_stat" first'),
    });
  });

  test("are written later when HubSpot has had enough", async () => {
    fake.instead.push({ status: 429, body: { policyName: "SECONDLY" } });
    await expect(putFields([write("11", 1)])).rejects.toThrow(/429/);
  });
});
