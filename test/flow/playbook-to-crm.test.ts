import { sql } from "kysely";
import { expect, onTestFinished } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { type Db, readNow } from "../../src/store/db.ts";
import { readRevisionKey } from "../../src/store/documents.ts";
import { listTasks } from "../../src/store/tasks.ts";
import { runStage, stages, type WorkerDeps } from "../../src/worker/worker.ts";
import { openSource } from "../integrations/hubspot/company.ts";
import { startHubSpotFake } from "../integrations/hubspot/fake.ts";
import { emptyPortal, type Portal, put, thingsOf } from "../integrations/hubspot/portal.ts";
import { test } from "../support/database.ts";
import { configure, cover, playbook, take } from "../worker/scenario.ts";

const dayMs = 86_400_000;
const settings = {
  ...{ id: "crm", kind: "hubspot", token: { env: "HUBSPOT_TOKEN" }, tasks: {} },
  writeFields: { score: "health_score", band: "health_band", driver: "health_driver" },
};
const configuration = configure(
  [
    playbook({
      steps: [
        { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner", dueInDays: 2, sync: "crm" },
        { id: "mark", do: "update-crm", source: "crm", field: "cs_state", value: "{{ band }} at {{ score }}" },
      ],
    }),
  ],
  1,
  {},
  false,
  [{ kind: "sources", id: "sources", body: { sources: [settings] } }],
);

/** HubSpot with one customer of Anna's, and Keepwell beside it, stage by stage. */
async function begin(db: Db) {
  const now = await readNow(db);
  const portal = emptyPortal(now);
  portal.owners.push({ id: "71", email: "anna@example.com", firstName: "Anna", lastName: "Example" });
  const at = new Date(now.getTime() - dayMs).toISOString();
  put(portal, "companies", "11", { name: "Acme", hubspot_owner_id: "71" }, at);
  portal.properties.get("tasks")?.set("keepwell_key", true);
  for (const name of Object.values(settings.writeFields)) portal.properties.get("companies")?.set(name, false);
  portal.properties.get("companies")?.set("cs_state", false);
  const fake = await startHubSpotFake(portal);
  onTestFinished(() => fake.close());
  const source = openSource(fake.url, settings);
  const deps: WorkerDeps = {
    db,
    log: createSilentLog(),
    author: "worker",
    jitter: () => 0,
    // As if its documents had been applied.
    live: async () => ({
      configuration: { ...configuration, revisionKey: await readRevisionKey(db) },
      channels: new Map(),
      sources: [source],
      tell: null,
    }),
  };
  const pass = async () => {
    await sql`update streams set next_pull_at = null`.execute(db);
    for (const stage of stages) await runStage(deps, stage);
  };
  return { portal, now, pass };
}

/** A week of this many logins a day, up to yesterday. */
async function logins(db: Db, value: number, now: Date): Promise<void> {
  const dayOf = (ago: number) => new Date(now.getTime() - ago * dayMs).toISOString().slice(0, 10);
  const days = [1, 2, 3, 4, 5, 6, 7].map((ago) => ({
    ...{ kind: "usage" as const, mode: "daily" as const, account: "crm-11", name: "logins", day: dayOf(ago), value },
  }));
  await take(db, days, now);
  await cover(db, dayOf(1), now);
}

const companyOf = (portal: Portal) => thingsOf(portal, "companies").get("11")?.properties ?? {};
const tasksOf = (portal: Portal) => [...thingsOf(portal, "tasks").values()];

test("a playbook's task stands in HubSpot once, with its owner there, and is done here when it is completed there", async ({
  db,
}) => {
  const { portal, now, pass } = await begin(db);
  await pass();
  await logins(db, 1, now);
  await pass();
  const [task, ...others] = tasksOf(portal);
  expect(others).toEqual([]);
  expect(task?.properties).toMatchObject({ hs_task_subject: "Call Acme", hubspot_owner_id: "71" });
  expect(companyOf(portal)).toMatchObject({ health_score: "10", health_band: "red", cs_state: "red at 10" });
  await pass();
  expect(tasksOf(portal)).toHaveLength(1);
  const later = new Date(portal.clock.getTime() + 1_000).toISOString();
  put(portal, "tasks", task?.id ?? "", { hs_task_status: "COMPLETED" }, later);
  await pass();
  expect(await listTasks(db, { limit: 10 })).toMatchObject([{ title: "Call Acme", state: "done", settledBy: "crm" }]);
});

test("fields of a company follow its score, and are written only when they change", async ({ db }) => {
  const { portal, now, pass } = await begin(db);
  await pass();
  await logins(db, 1, now);
  await pass();
  const writtenAt = thingsOf(portal, "companies").get("11")?.updatedAt;
  await pass();
  await pass();
  expect(thingsOf(portal, "companies").get("11")?.updatedAt).toBe(writtenAt);
  await logins(db, 9, new Date(now.getTime() + 1_000));
  await pass();
  expect(companyOf(portal)).toMatchObject({ health_score: "90", health_band: "green" });
});

test("a rule of HubSpot's administrators that refuses the task ends it for good, in their words", async ({ db }) => {
  const { portal, now, pass } = await begin(db);
  portal.rule = (object) => (object === "tasks" ? "Tasks need a queue" : null);
  await pass();
  await logins(db, 1, now);
  await pass();
  const action = await db
    .selectFrom("actions")
    .select(["state", "reason"])
    .where("kind", "=", "crm-task")
    .executeTakeFirst();
  expect(action).toMatchObject({ state: "failed", reason: expect.stringContaining("Tasks need a queue") });
  expect(await listTasks(db, { limit: 10 })).toMatchObject([{ title: "Call Acme", state: "open" }]);
});
