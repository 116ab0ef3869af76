import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { lockAssignments, writeTurns } from "../../src/store/assignment.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { untilBlocked } from "../support/blocked.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const week = Array.from({ length: 7 }, () => 1);

const person = (id: string, parts: object = {}) => ({ id, name: id, email: `${id}@example.com`, ...parts });
const team = {
  owners: [person("anna", { manager: "dora" }), person("ben"), person("cleo"), person("dora")],
  fallback: "dora",
};

function giving(assignee: unknown, owners: object = team): Configuration {
  const steps = [{ id: "call", do: "task", title: "Call", assignee }];
  return configure([playbook({ steps })], 1, {}, false, [{ kind: "owners", id: "owners", body: owners }]);
}

async function fall(db: Db, configuration: Configuration, keys: readonly string[]): Promise<void> {
  await take(
    db,
    keys.flatMap((key) => account(key, "2026-03-09", week)),
    start,
  );
  await cover(db, "2026-03-09", start);
  await scoreDue({ db, configuration, log }, start);
}

const accounts = (count: number) => Array.from({ length: count }, (_, index) => `account-${index}`);

async function given(db: Db): Promise<(string | null)[]> {
  const tasks = await db
    .selectFrom("tasks")
    .select("assignee")
    .where("actionId", "is not", null)
    .orderBy("id")
    .execute();
  return tasks.map(({ assignee }) => assignee);
}

async function openTask(db: Db, assignee: string, count: number): Promise<void> {
  await sql`insert into tasks (account_id, title, assignee, state, created_at)
    select 1, 'Old', ${assignee}, 'open', now() from generate_series(1, ${count})`.execute(db);
}

test("tasks go to whoever has least to do, those of the same batch counted", async ({ db }) => {
  const configuration = giving({ leastLoaded: ["anna", "ben", "cleo"] });
  await fall(db, configuration, accounts(5));
  await openTask(db, "anna", 3);
  await openTask(db, "ben", 1);
  await respondDue({ db, configuration, log }, start);
  expect(await given(db)).toEqual(["cleo", "ben", "cleo", "ben", "cleo"]);
  const { reason } = await db.selectFrom("actions").select("reason").orderBy("id").executeTakeFirstOrThrow();
  expect(reason).toBe("task for cleo; least loaded of 3: cleo has 0 open tasks");
});

test("tasks go round past who is away, and go on where they stopped", async ({ db }) => {
  const absent = {
    ...team,
    owners: team.owners.map((one) =>
      one.id === "ben" ? { ...one, away: [{ from: "2026-03-01", to: "2026-03-31" }] } : one,
    ),
  };
  const configuration = giving({ roundRobin: ["anna", "ben", "cleo"] }, absent);
  await fall(db, configuration, accounts(3));
  await respondDue({ db, configuration, log }, start);
  expect(await given(db)).toEqual(["anna", "cleo", "anna"]);
  await fall(db, configuration, ["later"]);
  await respondDue({ db, configuration, log }, start);
  expect(await given(db)).toEqual(["anna", "cleo", "anna", "cleo"]);
});

test("workers at once give everybody the same share of what goes round", async ({ db, url }) => {
  const configuration = giving({ roundRobin: ["anna", "ben", "cleo"] });
  await fall(db, configuration, accounts(30));
  const other = openDatabase(url);
  await Promise.all([db, other.db, db, other.db].map((each) => respondDue({ db: each, configuration, log }, start)));
  await other.close();
  const tasks = await given(db);
  const shares = ["anna", "ben", "cleo"].map((id) => tasks.filter((assignee) => assignee === id).length);
  expect(shares).toEqual([10, 10, 10]);
});

test("whoever gives a task waits for another who does, and gives it to the next in turn", async ({ db, url }) => {
  const configuration = giving({ roundRobin: ["anna", "ben", "cleo"] });
  const other = openDatabase(url);
  await fall(db, configuration, ["one"]);
  const first = await other.db.startTransaction().execute();
  await lockAssignments(first);
  await writeTurns(first, { playbookId: "save", stepId: "call", turns: 1 });
  const second = respondDue({ db, configuration, log }, start);
  await untilBlocked(other.db, second);
  await first.commit().execute();
  await second;
  await other.close();
  expect(await given(db)).toEqual(["ben"]);
});

test("a task for the manager stays with the manager when the account gets another owner", async ({ db }) => {
  const configuration = giving("manager");
  await fall(db, configuration, ["one"]);
  await respondDue({ db, configuration, log }, start);
  expect(await given(db)).toEqual(["dora"]);
  const hour = new Date(start.getTime() + 3_600_000);
  await take(db, [{ kind: "account", id: "one", at: hour.toISOString(), set: { owner: "ben" } }], hour);
  await scoreDue({ db, configuration, log }, hour);
  await respondDue({ db, configuration, log }, hour);
  expect(await given(db)).toEqual(["dora"]);
});

test("a task for the manager of an owner without one is the owner's, and moves with the account", async ({ db }) => {
  const alone = { owners: [person("anna"), person("ben")] };
  const configuration = giving("manager", alone);
  await fall(db, configuration, ["one"]);
  await respondDue({ db, configuration, log }, start);
  expect(await given(db)).toEqual(["anna"]);
  const hour = new Date(start.getTime() + 3_600_000);
  await take(db, [{ kind: "account", id: "one", at: hour.toISOString(), set: { owner: "ben" } }], hour);
  await scoreDue({ db, configuration, log }, hour);
  await respondDue({ db, configuration, log }, hour);
  expect(await given(db)).toEqual(["ben"]);
});
