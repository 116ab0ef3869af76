import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { lockGrants } from "../../src/store/alert-requests.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { grantAlerts } from "../../src/worker/alert-budget.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { untilBlocked } from "../support/blocked.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const monday = new Date("2026-03-09T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const days = (count: number) => new Date(monday.getTime() + count * 86_400_000);
const week = (value: number) => Array.from({ length: 7 }, () => value);

/** Five alerts a week, one a day. */
function budgeted(changes: Readonly<Record<string, unknown>> = {}, budget: object = {}): Configuration {
  const body = { alertBudget: { perWeek: 5, ...budget } };
  return configure([playbook(changes)], 1, {}, false, [{ kind: "guards", id: "guards", body }]);
}

/** Accounts that pay so much a month, all with as bad a score. */
async function live(
  db: Db,
  configuration: Configuration,
  mrr: Readonly<Record<string, number>>,
  now: Date,
  logins = 1,
) {
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  const inputs = Object.entries(mrr).flatMap(([key, major]) => [
    ...account(key, yesterday, week(logins)),
    {
      kind: "subscription" as const,
      id: `plan-${key}`,
      account: key,
      at: "2025-01-01T00:00:00Z",
      set: {
        startsOn: "2025-01-01",
        amountMinor: major * 100,
        currency: "EUR",
        interval: "month" as const,
        status: "active" as const,
      },
    },
  ]);
  await take(db, inputs, now);
  await cover(db, yesterday, now);
  await scoreDue({ db, configuration, log }, now);
  return respondDue({ db, configuration, log }, now);
}

/** The accounts with a run, in the order in which they began. */
async function alerted(db: Db): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select a.key from runs r join accounts a on a.id = r.account_id order by r.id`.execute(db);
  return rows.map(({ key }) => key);
}

async function standing(db: Db, key: string) {
  const { rows } = await sql<{ state: string; guard: string | null; reason: string; standing: string | null }>`
    select t.state, t.guard, t.reason, r.reason as standing from trigger_states t
    join accounts a on a.id = t.account_id
    left join alert_requests r on r.account_id = t.account_id and r.playbook_id = t.playbook_id
    where a.key = ${key}`.execute(db);
  return rows[0];
}

test("the greatest expected loss goes first, and the rest of a week's allowance comes with its days", async ({
  db,
}) => {
  const configuration = budgeted();
  expect(await live(db, configuration, { small: 100, large: 900, middle: 500 }, monday)).toMatchObject({ fired: 1 });
  expect(await alerted(db)).toEqual(["large"]);
  expect(await standing(db, "middle")).toMatchObject({
    state: "pending",
    guard: "budget",
    reason: expect.stringContaining("waits for the alert budget of anna, 5 a week"),
    standing: "place 2 of 3 by expected loss (2,700 EUR a year); 0 of the 1 released so far this week are given",
  });
  await respondDue({ db, configuration, log }, new Date(monday.getTime() + 3_600_000));
  expect(await alerted(db)).toEqual(["large"]);
  expect((await standing(db, "middle"))?.standing).toBe(
    "place 1 of 2 by expected loss (2,700 EUR a year); 1 of the 1 released so far this week are given",
  );
  await respondDue({ db, configuration, log }, days(1));
  expect(await alerted(db)).toEqual(["large", "middle"]);
  const runs = await db.selectFrom("runs").select(["ownerId", "isAlert"]).distinct().execute();
  expect(runs).toEqual([{ ownerId: "anna", isAlert: true }]);
});

test("what was not used stays until the week is over, and the next week begins anew", async ({ db }) => {
  const configuration = budgeted();
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`a${index}`, 100 + index]));
  await live(db, configuration, many, days(4));
  expect(await alerted(db)).toHaveLength(5);
  await respondDue({ db, configuration, log }, days(6));
  expect(await alerted(db)).toHaveLength(5);
  await respondDue({ db, configuration, log }, days(7));
  expect(await alerted(db)).toHaveLength(6);
});

test("an account that recovers waits no longer, and takes nobody's place", async ({ db }) => {
  const configuration = budgeted();
  await live(db, configuration, { large: 900, middle: 500, small: 100 }, monday);
  await live(db, configuration, { middle: 500 }, new Date(monday.getTime() + 3_600_000), 8);
  expect(await standing(db, "middle")).toMatchObject({
    state: "inactive",
    guard: null,
    reason: expect.stringContaining("over before its guard (budget) let it begin"),
    standing: null,
  });
  await respondDue({ db, configuration, log }, days(1));
  expect(await alerted(db)).toEqual(["large", "small"]);
});

test("an escalation goes at once, and counts", async ({ db }) => {
  const configuration = configure([playbook({ id: "escalate", priority: "escalation" }), playbook()], 1, {}, false, [
    { kind: "guards", id: "guards", body: { alertBudget: { perWeek: 5 } } },
  ]);
  expect(await live(db, configuration, { one: 100, two: 200 }, monday)).toMatchObject({ fired: 2 });
  expect(await alerted(db)).toEqual(["one", "two"]);
  await respondDue({ db, configuration, log }, days(1));
  expect(await alerted(db)).toHaveLength(2);
  await respondDue({ db, configuration, log }, days(2));
  expect(await alerted(db)).toEqual(["one", "two", "two"]);
});

test("runs that reach nobody of our team do not ask", async ({ db }) => {
  const hook = [{ id: "tell", do: "webhook", to: "crm" }];
  expect(await live(db, budgeted({ steps: hook }), { one: 1, two: 2, three: 3 }, monday)).toMatchObject({ fired: 3 });
  expect(await db.selectFrom("runs").select("isAlert").distinct().execute()).toEqual([{ isAlert: false }]);
});

test("without an alert budget nobody waits", async ({ db }) => {
  expect(await live(db, configure([playbook()]), { one: 1, two: 2, three: 3 }, monday)).toMatchObject({ fired: 3 });
  expect(await db.selectFrom("alertRequests").selectAll().execute()).toEqual([]);
});

test("who waits stands in the owner's digest each morning, until it was granted", async ({ db }) => {
  const configuration = budgeted({}, { digest: "mail", digestAt: "09:00" });
  await live(db, configuration, { large: 900, middle: 500, small: 100 }, monday);
  const mails = async () => {
    const { rows } = await sql<{ text: string; subject: string; recipient: string }>`
      select recipient, message ->> 'text' as text, message ->> 'subject' as subject from actions
      where kind = 'email' order by id`.execute(db);
    return rows;
  };
  expect(await mails()).toEqual([]);
  await respondDue({ db, configuration, log }, new Date("2026-03-10T08:00:00Z"));
  expect(await alerted(db)).toEqual(["large", "middle"]);
  await respondDue({ db, configuration, log }, new Date("2026-03-10T09:00:00Z"));
  const [first, ...others] = await mails();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ recipient: "anna@example.com", subject: "1 alert held back by the alert budget" });
  expect(first?.text).toContain("small Ltd (small) · score 10.0 · red · 540 EUR a year at stake\nscore 10");
  expect(first?.text).not.toContain("middle");
  await respondDue({ db, configuration, log }, new Date("2026-03-10T09:01:00Z"));
  await respondDue({ db, configuration, log }, new Date("2026-03-11T09:00:00Z"));
  expect(await alerted(db)).toEqual(["large", "middle", "small"]);
  expect(await mails()).toHaveLength(1);
});

test("workers at once never give an owner more than the week has", async ({ db, url }) => {
  const configuration = budgeted();
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, 100 + ((index * 17) % 40)]));
  const friday = days(4);
  const quiet = configure([]);
  await live(db, quiet, many, friday);
  await sql`update account_work set facts_seq = facts_seq + 1`.execute(db);
  await scoreDue({ db, configuration, log }, friday);
  const other = openDatabase(url);
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([db, other.db, db, other.db].map((each) => respondDue({ db: each, configuration, log }, friday)));
  }
  await other.close();
  expect(await alerted(db)).toHaveLength(5);
  const { rows } = await sql<{ open: number }>`
    select count(*)::integer as open from alert_requests where granted_at is null`.execute(db);
  expect(rows).toEqual([{ open: 35 }]);
});

test("a grant is for one run: of two events of an account the second waits for the next", async ({ db }) => {
  const configuration = budgeted({ trigger: { on: "event", record: "ticket", within: "7d" } });
  await live(db, configuration, { one: 100 }, monday);
  const tickets = ["t1", "t2"].map((id, index) => ({
    kind: "ticket" as const,
    id,
    account: "one",
    at: new Date(monday.getTime() + 1000 * (index + 1)).toISOString(),
    set: { subject: "Help", status: "open" as const },
  }));
  const hour = new Date(monday.getTime() + 3_600_000);
  await take(db, tickets, hour);
  await scoreDue({ db, configuration, log }, hour);
  await respondDue({ db, configuration, log }, hour);
  expect(await alerted(db)).toHaveLength(1);
  await respondDue({ db, configuration, log }, hour);
  expect(await alerted(db)).toHaveLength(1);
  await respondDue({ db, configuration, log }, days(1));
  expect(await alerted(db)).toHaveLength(2);
});

test("a channel of the digest that cannot tell is refused", () => {
  expect(() => budgeted({}, { digest: "crm" })).toThrow("expected the id of a channel of channels.json");
});

test("whoever grants waits for another who does, and counts what that one gave", async ({ db, url }) => {
  const configuration = budgeted();
  const friday = days(4);
  const keys = Array.from({ length: 10 }, (_, index) => `a${index}`);
  await take(
    db,
    keys.flatMap((key) => account(key, "2026-03-09", week(1))),
    friday,
  );
  await sql`insert into alert_requests (playbook_id, account_id, owner_id, week, revenue, danger, asked_at)
    select 'save', id, 'anna', '2026-03-09', id * 1000, 0.5, ${friday} from accounts`.execute(db);
  const other = openDatabase(url);
  const granting = await other.db.startTransaction().execute();
  await lockGrants(granting);
  await sql`update alert_requests set granted_at = ${friday} where revenue <= 4000`.execute(granting);
  const second = grantAlerts({ db, configuration }, friday);
  await untilBlocked(other.db, second);
  await granting.commit().execute();
  expect(await second).toBe(1);
  await other.close();
  const rows = await db.selectFrom("alertRequests").select("accountId").where("grantedAt", "is not", null).execute();
  expect(rows).toHaveLength(5);
  expect(rows.map(({ accountId }) => accountId)).toContain(10);
});

test("a grant of last week is none, and the run asks again", async ({ db }) => {
  const configuration = budgeted({}, { perWeek: 1 });
  await live(db, configuration, { large: 900, middle: 500, small: 100 }, days(4));
  // As a worker leaves it that died between the grant and the run.
  await sql`update alert_requests r set granted_at = ${days(4)} from accounts a
    where a.id = r.account_id and a.key = 'small'`.execute(db);
  await sql`update account_work set next_respond_at = ${days(7)}`.execute(db);
  await respondDue({ db, configuration, log }, days(7));
  expect(await alerted(db)).toEqual(["large", "middle"]);
  expect(await standing(db, "small")).toMatchObject({ guard: "budget" });
});
