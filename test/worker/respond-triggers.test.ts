import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import type { Input, RecordInput } from "../../src/scoring/records.ts";
import { listAudit } from "../../src/store/audit.ts";
import type { Db } from "../../src/store/db.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const days = (count: number) => new Date(start.getTime() + count * 86_400_000);
const call = { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner" };

/** A change of the account, in its own source's words. */
function becomes(set: Extract<RecordInput, { kind: "account" }>["set"], at: Date): Input {
  return { kind: "account", id: "acme", at: at.toISOString(), set };
}

/** Takes what is new, scores, and judges; answers the runs begun. */
async function pass(db: Db, configuration: Configuration, inputs: readonly Input[], now: Date): Promise<number> {
  if (inputs.length > 0) await take(db, inputs, now);
  await scoreDue({ db, configuration, log }, now);
  return (await respondDue({ db, configuration, log }, now)).fired;
}

/** The account as it began, and what the playbook says of it; nothing has fired. */
async function begin(
  db: Db,
  trigger: object,
  others: Parameters<typeof configure>[4] = [],
  inputs: readonly Input[] = [],
) {
  const configuration = configure([playbook({ trigger, steps: [call] })], 1, {}, false, others);
  await cover(db, "2026-03-01", start);
  expect(await pass(db, configuration, [...account("acme", "2026-03-01", [5]), ...inputs], start)).toBe(0);
  return configuration;
}

async function reasons(db: Db): Promise<readonly string[]> {
  const runs = await db.selectFrom("runs").select("reason").orderBy("id").execute();
  return runs.map(({ reason }) => reason);
}

async function tasks(db: Db) {
  return db.selectFrom("tasks").select(["assignee", "asOwner", "dueOn"]).orderBy("id").execute();
}

/** Each again at the same moment and a little later: nothing more may begin. */
async function expectNoMore(db: Db, configuration: Configuration, now: Date): Promise<void> {
  expect(await pass(db, configuration, [becomes({ industry: "steel" }, now)], now)).toBe(0);
  expect(await pass(db, configuration, [], new Date(now.getTime() + 3_600_000))).toBe(0);
}

test("a stage of the CRM is entered once", async ({ db }) => {
  const configuration = await begin(
    db,
    { on: "stage", enters: "churned", from: "live" },
    [],
    [becomes({ stage: "live" }, start)],
  );
  expect(await pass(db, configuration, [becomes({ stage: "churned" }, days(1))], days(1))).toBe(1);
  await expectNoMore(db, configuration, days(1));
  expect(await reasons(db)).toEqual(["stage is churned and stage.previous is live"]);
});

const lifecycle = {
  kind: "lifecycle",
  id: "lifecycle",
  body: {
    stages: [{ id: "onboarding", name: "Onboarding" }],
    milestones: [
      { id: "go-live", name: "Go-live", event: { name: "went_live" }, expected: { within: "442d" }, stuckAfter: "7d" },
    ],
  },
};

test("a milestone that is late, stuck and reached starts its playbooks once each", async ({ db }) => {
  const milestone = { on: "milestone", milestone: "go-live" };
  const late = (["reached", "behind", "stuck"] as const).map((status) =>
    playbook({ id: status, trigger: { ...milestone, status }, steps: [call] }),
  );
  const configuration = configure(late, 1, {}, false, [lifecycle]);
  await cover(db, "2026-03-01", start);
  const fired = [await pass(db, configuration, account("acme", "2026-03-01", [5]), start)];
  for (const day of [5, 10, 17, 20]) {
    const event: Input = {
      kind: "event",
      id: "e1",
      account: "acme",
      at: days(day).toISOString(),
      set: { name: "went_live" },
    };
    fired.push(await pass(db, configuration, day === 20 ? [event] : [], days(day)));
  }
  const runs = await db.selectFrom("runs").select(["playbookId", "startedAt"]).orderBy("id").execute();
  expect(
    runs.map(({ playbookId, startedAt }) => [playbookId, (startedAt.getTime() - start.getTime()) / 86_400_000]),
  ).toEqual([
    ["behind", 10],
    ["stuck", 17],
    ["reached", 20],
  ]);
  expect(fired).toEqual([0, 0, 1, 1, 1]);
  await expectNoMore(db, configuration, days(21));
});

test("every period of a contract comes up for renewal once", async ({ db }) => {
  const contract = (periodEndsOn: string, at: Date): Input => ({
    kind: "subscription",
    id: "s1",
    account: "acme",
    at: at.toISOString(),
    set: {
      status: "active",
      startsOn: "2026-01-01",
      amountMinor: 100_00,
      currency: "EUR",
      interval: "month",
      periodEndsOn,
    },
  });
  const configuration = await begin(db, { on: "renewal", within: "21d" }, [], [contract("2026-04-10", start)]);
  const story = [];
  for (const day of [5, 10, 15, 31, 32, 50, 62]) {
    const renewed = day === 32 ? [contract("2026-05-10", days(day))] : [];
    story.push(
      await pass(db, configuration, day === 50 ? [becomes({ industry: "steel" }, days(day))] : renewed, days(day)),
    );
  }
  expect(story).toEqual([0, 1, 0, 0, 0, 1, 0]);
  expect(await reasons(db)).toEqual([
    "contract.days_to_renewal 21 is at most 21",
    "contract.days_to_renewal 11 is at most 21",
  ]);
});

test("a score that fell by more than asked starts a run, with the numbers, and again after a recovery", async ({
  db,
}) => {
  const configuration = await begin(db, { on: "change", fact: "score", fallsBy: 15, within: "30d" });
  const story: number[] = [];
  const logins = new Map([
    [1, 70],
    [4, 50],
    [40, 50],
    [45, 20],
  ]);
  for (let day = 1; day <= 50; day++) {
    const value = logins.get(day);
    const yesterday = days(day - 1)
      .toISOString()
      .slice(0, 10);
    if (value !== undefined) await take(db, account("acme", yesterday, Array(7).fill(value / 10)), days(day));
    await cover(db, yesterday, days(day));
    await scoreDue({ db, configuration, log }, days(day));
    const { fired } = await respondDue({ db, configuration, log }, days(day));
    if (fired > 0) story.push(day);
  }
  expect(story).toEqual(await fallsByHand(db, 50));
  expect(story).toHaveLength(2);
  for (const reason of await reasons(db)) {
    expect(reason).toMatch(/^score fell \d+\.\d in 30 days, from \d+\.\d to \d+\.\d$/);
  }
});

/** The days on which the score comes to stand 15 points below its highest of 30 days, by a search through what is stored. */
async function fallsByHand(db: Db, lastDay: number): Promise<number[]> {
  const rows = await db.selectFrom("scores").select(["day", "score"]).execute();
  const scores = new Map(rows.map(({ day, score }) => [day, Number(score)]));
  const scoreOf = (day: number) => scores.get(days(day).toISOString().slice(0, 10)) ?? null;
  const falls: number[] = [];
  let isOn = false;
  for (let day = 0; day <= lastDay; day++) {
    const window = Array.from({ length: 31 }, (_, age) => ({ age, score: scoreOf(day - age) }));
    const known = window.filter(({ score }) => score !== null);
    const present = scoreOf(day);
    if (present === null || !known.some(({ age }) => age >= 15)) continue;
    const fell = Math.max(...known.map(({ score }) => score ?? 0)) - present >= 15;
    if (fell && !isOn) falls.push(day);
    isOn = fell;
  }
  return falls;
}

test("an owner who changes is told once, also where it is learnt late", async ({ db }) => {
  const configuration = await begin(db, { on: "change", fact: "owner", within: "1d" });
  expect(await pass(db, configuration, [becomes({ owner: "bo" }, days(1))], days(4))).toBe(1);
  await expectNoMore(db, configuration, days(4));
  expect(await pass(db, configuration, [becomes({ owner: "cy" }, days(4.5))], days(4.5))).toBe(1);
  await expectNoMore(db, configuration, days(6));
  expect(await reasons(db)).toEqual([
    "owner changed from anna to bo within 1 day",
    "owner changed from anna to cy within 1 day",
  ]);
});

test("a field of one's own that changes to what was asked is told once", async ({ db }) => {
  const trigger = { on: "change", fact: "account.fields.plan", from: "free", to: ["gold", "silver"] };
  const configuration = await begin(db, trigger, [], [becomes({ fields: { plan: "free" } }, start)]);
  expect(await pass(db, configuration, [becomes({ fields: { plan: "bronze" } }, days(2))], days(2))).toBe(0);
  expect(await pass(db, configuration, [becomes({ fields: { plan: "free" } }, days(4))], days(4))).toBe(0);
  expect(await pass(db, configuration, [becomes({ fields: { plan: "silver" } }, days(6))], days(6))).toBe(1);
  await expectNoMore(db, configuration, days(6));
});

const snooze = (until: Date | null, now: Date): Input[] => [
  {
    kind: "snooze",
    id: "acme/snooze",
    account: "acme",
    at: now.toISOString(),
    set: { until: until?.toISOString() ?? null, reason: "on holiday", by: "anna" },
  },
];

test("a snooze holds a run back until its end, with nothing new meanwhile", async ({ db }) => {
  const configuration = await begin(db, { on: "stage", enters: "churned" }, [], [becomes({ stage: "live" }, start)]);
  expect(await pass(db, configuration, snooze(days(5), days(1)), days(1))).toBe(0);
  expect(await pass(db, configuration, [becomes({ stage: "churned" }, days(2))], days(2))).toBe(0);
  const [waiting] = await readTriggerStates(db, [1]);
  expect(waiting).toMatchObject({ state: "pending", dueAt: days(5).getTime() });
  expect(waiting?.reason).toBe("stage is churned; snoozed until 15 March 2026 at 12:00 (Etc/UTC) by anna: on holiday");
  expect((await respondDue({ db, configuration, log }, days(4.9))).fired).toBe(0);
  expect((await respondDue({ db, configuration, log }, days(5))).fired).toBe(1);
  await expectNoMore(db, configuration, days(6));
});

test("an episode that is over before the snooze is dropped, and one that is taken back lets it begin", async ({
  db,
}) => {
  const configuration = await begin(db, { on: "stage", enters: "churned" }, [], [becomes({ stage: "live" }, start)]);
  await pass(db, configuration, [...snooze(days(9), days(1)), becomes({ stage: "churned" }, days(1))], days(1));
  expect(await pass(db, configuration, [becomes({ stage: "live" }, days(2))], days(2))).toBe(0);
  const [dropped] = await readTriggerStates(db, [1]);
  expect(dropped).toMatchObject({ state: "inactive", episode: 0 });
  expect(dropped?.reason).toBe("dropped: snoozed over the whole episode (stage live is not churned)");
  expect(await pass(db, configuration, [becomes({ stage: "churned" }, days(3))], days(3))).toBe(0);
  expect(await pass(db, configuration, snooze(null, days(4)), days(4))).toBe(1);
});

test("a playbook may ask whether an account is snoozed, and is asked again when the snooze ends", async ({ db }) => {
  const trigger = { on: "threshold", when: { fact: "snoozed", is: false } };
  const configuration = configure([playbook({ trigger, steps: [call] })]);
  await cover(db, "2026-03-01", start);
  expect(await pass(db, configuration, account("acme", "2026-03-01", [5]), start)).toBe(1);
  expect(await pass(db, configuration, snooze(days(1.2), days(1)), days(1))).toBe(0);
  expect(await readTriggerStates(db, [1])).toMatchObject([{ state: "inactive" }]);
  expect((await respondDue({ db, configuration, log }, days(1.1))).judged).toBe(0);
  expect((await respondDue({ db, configuration, log }, days(1.2))).fired).toBe(1);
});

const people = {
  owners: [
    {
      id: "anna",
      name: "Anna",
      email: "anna@example.com",
      away: [{ from: "2026-03-15", to: "2026-03-20", cover: "bo" }],
    },
    { id: "bo", name: "Bo", email: "bo@example.com" },
    { id: "cy", name: "Cy", email: "cy@example.com", away: [{ from: "2026-03-25", to: "2026-03-30", cover: "bo" }] },
  ],
  fallback: "bo",
};

function team(changes: object = {}, steps: readonly object[] = [call]): Configuration {
  const trigger = { on: "stage", enters: "churned" };
  const configuration = configure([playbook({ trigger, steps })]);
  return { ...configuration, owners: { ...people, onOwnerChange: "move", ...changes } };
}

async function churn(db: Db, configuration: Configuration, now: Date): Promise<void> {
  await cover(db, "2026-03-01", start);
  await pass(db, configuration, [...account("acme", "2026-03-01", [5]), becomes({ stage: "live" }, start)], start);
  expect(await pass(db, configuration, [becomes({ stage: "churned" }, now)], now)).toBe(1);
}

test("open tasks of the owner move to the next one, each with its audit row, once", async ({ db }) => {
  const configuration = team();
  await churn(db, configuration, days(1));
  expect(await tasks(db)).toMatchObject([{ assignee: "anna", asOwner: true }]);
  await pass(db, configuration, [becomes({ owner: "cy" }, days(2))], days(2));
  await pass(db, configuration, [becomes({ industry: "steel" }, days(3))], days(3));
  expect(await tasks(db)).toMatchObject([{ assignee: "cy", asOwner: true }]);
  const [row, ...others] = await listAudit(db, { account: "acme", limit: 10 });
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    author: "keepwell",
    via: "keepwell",
    deed: "task.move",
    subject: "1",
    at: days(2),
    data: { from: "anna", to: "cy" },
  });
});

test("they stay where owners.json says so, and so do tasks that are done or were given to somebody by name", async ({
  db,
}) => {
  const configuration = team({}, [call, { ...call, id: "named", assignee: "anna" }, { ...call, id: "done" }]);
  await churn(db, configuration, days(1));
  await db.updateTable("tasks").set({ state: "done" }).where("id", "=", 3).execute();
  await pass(
    db,
    { ...configuration, owners: { ...configuration.owners, onOwnerChange: "keep" } },
    [becomes({ owner: "cy" }, days(2))],
    days(2),
  );
  expect((await tasks(db)).map(({ assignee }) => assignee)).toEqual(["anna", "anna", "anna"]);
  await pass(db, configuration, [becomes({ industry: "steel" }, days(3))], days(3));
  expect((await tasks(db)).map(({ assignee }) => assignee)).toEqual(["cy", "anna", "anna"]);
});

test("an account without an owner gives its tasks to the fallback, and to the owner it gets", async ({ db }) => {
  const configuration = team();
  await churn(db, configuration, days(1));
  await pass(db, configuration, [becomes({ owner: null }, days(2))], days(2));
  expect(await tasks(db)).toMatchObject([{ assignee: "bo", asOwner: true }]);
  await pass(db, configuration, [becomes({ owner: "anna" }, days(3))], days(3));
  expect(await tasks(db)).toMatchObject([{ assignee: "anna", asOwner: true }]);
});

test("a task that begins while its owner is away goes to the cover and stays there", async ({ db }) => {
  const configuration = team();
  await churn(db, configuration, days(6));
  expect(await tasks(db)).toMatchObject([{ assignee: "bo", asOwner: false }]);
  const [action] = await db.selectFrom("actions").select("reason").execute();
  expect(action?.reason).toBe("task for bo, for anna, who is away until 20 March 2026");
  await pass(db, configuration, [becomes({ owner: "cy" }, days(12))], days(12));
  expect(await tasks(db)).toMatchObject([{ assignee: "bo", asOwner: false }]);
});

test("being away moves nothing, and what moves to somebody who is away goes to the cover", async ({ db }) => {
  const configuration = team();
  await churn(db, configuration, days(1));
  await pass(db, configuration, [becomes({ industry: "steel" }, days(6))], days(6));
  expect(await tasks(db)).toMatchObject([{ assignee: "anna", asOwner: true }]);
  await pass(db, configuration, [becomes({ owner: "cy" }, days(16))], days(16));
  expect(await tasks(db)).toMatchObject([{ assignee: "bo", asOwner: false }]);
});

test("a task is due in working days", async ({ db }) => {
  const configuration = team({}, [{ ...call, dueInWorkingDays: 4 }]);
  await churn(db, configuration, days(1));
  // From Wednesday over the weekend to Tuesday.
  expect(await tasks(db)).toMatchObject([{ dueOn: "2026-03-17" }]);
});

function ticket(id: string, at: Date, set: Extract<RecordInput, { kind: "ticket" }>["set"]): Input {
  return { kind: "ticket", id, account: "acme", at: at.toISOString(), set };
}

test("each urgent ticket starts a run, also when several come at once, and none that was there before", async ({
  db,
}) => {
  const trigger = { on: "event", record: "ticket", where: { fact: "priority", is: "urgent" } };
  const configuration = await begin(db, trigger, [], [ticket("t0", days(-1), { priority: "urgent" })]);
  const two = [ticket("t1", days(1), { priority: "urgent" }), ticket("t2", days(1), { priority: "urgent" })];
  expect(await pass(db, configuration, [...two, ticket("t3", days(1), { priority: "low" })], days(1))).toBe(2);
  await expectNoMore(db, configuration, days(1));
  expect(await pass(db, configuration, [ticket("t3", days(1.5), { priority: "urgent" })], days(1.5))).toBe(1);
  expect(await pass(db, configuration, [ticket("t4", days(0.1), { priority: "urgent" })], days(2))).toBe(0);
  expect(await reasons(db)).toEqual(Array(3).fill("a ticket came: priority is urgent"));
});

test("an answer to a survey starts a run once, and is over by itself", async ({ db }) => {
  const trigger = { on: "survey", type: "nps", where: { fact: "score", atMost: 6 } };
  const configuration = await begin(db, trigger);
  const answer = (id: string, score: number): Input => {
    return { kind: "survey", id, account: "acme", at: days(1).toISOString(), set: { type: "nps", score } };
  };
  expect(await pass(db, configuration, [answer("a", 3), answer("b", 9)], days(1))).toBe(1);
  expect(await pass(db, configuration, [], days(2))).toBe(0);
  const [state] = await readTriggerStates(db, [1]);
  expect(state).toMatchObject({
    state: "inactive",
    episode: 1,
    reason: expect.stringContaining("over: a survey came"),
  });
});

test("a schedule wakes an account by time alone, in its own zone", async ({ db }) => {
  const vienna = becomes({ zone: "Europe/Vienna" }, days(-1));
  const configuration = await begin(db, { on: "schedule", at: "09:00", weekdays: ["thu"] }, [], [vienna]);
  // 12 March 2026 is a Thursday.
  const thursday = (time: string) => new Date(`2026-03-12T${time}Z`);
  expect((await respondDue({ db, configuration, log }, thursday("07:59:59"))).judged).toBe(0);
  expect(await respondDue({ db, configuration, log }, thursday("08:00:00"))).toMatchObject({ judged: 1, fired: 1 });
  expect((await respondDue({ db, configuration, log }, thursday("08:00:00"))).fired).toBe(0);
  expect(await reasons(db)).toEqual(["it was 12 March 2026 at 09:00 (Europe/Vienna)"]);
});

test("a run is repeated by time alone for as long as its episode lasts", async ({ db }) => {
  const repeated = playbook({
    trigger: { on: "stage", enters: "churned" },
    entry: { mode: "episode", repeatEvery: "2d" },
    steps: [call],
  });
  const configuration = configure([repeated]);
  await cover(db, "2026-03-01", start);
  const inputs = [...account("acme", "2026-03-01", [5]), becomes({ stage: "live" }, start)];
  expect(await pass(db, configuration, inputs, start)).toBe(0);
  expect(await pass(db, configuration, [becomes({ stage: "churned" }, days(1))], days(1))).toBe(1);
  const fired = [];
  for (const at of [2.9, 3, 3.1, 5]) fired.push((await respondDue({ db, configuration, log }, days(at))).fired);
  expect(fired).toEqual([0, 1, 0, 1]);
  expect(await pass(db, configuration, [becomes({ stage: "live" }, days(6))], days(6))).toBe(0);
  expect((await respondDue({ db, configuration, log }, days(9))).fired).toBe(0);
  const runs = await db.selectFrom("runs").select(["episode", "round"]).orderBy("id").execute();
  expect(runs).toEqual([1, 2, 3].map((round) => ({ episode: 1, round })));
});

test("a renewal is near by the working days of the account's owner", async ({ db }) => {
  const owners = {
    kind: "owners",
    id: "owners",
    body: { owners: [{ id: "anna", name: "Anna", email: "anna@example.com", country: "DE" }] },
  };
  const contract: Input = {
    kind: "subscription",
    id: "s1",
    account: "acme",
    at: days(-1).toISOString(),
    set: {
      status: "active",
      startsOn: "2026-01-01",
      amountMinor: 100_00,
      currency: "EUR",
      interval: "month",
      // A Wednesday, after the German holidays of Good Friday (3 April) and Easter Monday.
      periodEndsOn: "2026-04-08",
    },
  };
  const configuration = await begin(db, { on: "renewal", withinWorkingDays: 5 }, [owners], [contract]);
  const fired = [];
  for (const at of [18, 19, 20]) fired.push(await pass(db, configuration, [], days(at)));
  // 30 March and 5 working days are 8 April: Tuesday, Wednesday, Thursday, Tuesday, Wednesday.
  expect(fired).toEqual([0, 0, 1]);
});
