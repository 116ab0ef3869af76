import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { addToDigests, closeDigest, type DigestEntry, takeDueDigest } from "../../src/store/digests.ts";
import { sendDigests } from "../../src/worker/digests.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

/** A Tuesday. */
const start = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);
const turnedRed = { on: "band", enters: "red" };
const hourly = [{ id: "alert", do: "slack", to: "alerts", text: "x", digest: { window: "1h" } }];
const told = () => configure([playbook({ trigger: turnedRed, steps: hourly })]);

/** Logins a day of each account, and what playbooks make of them. */
async function live(db: Db, configuration: Configuration, logins: Readonly<Record<string, number>>, now: Date) {
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  const week = (value: number) => Array.from({ length: 7 }, () => value);
  const inputs = Object.entries(logins).flatMap(([key, value]) => account(key, yesterday, week(value)));
  await take(db, inputs, now);
  await cover(db, yesterday, now);
  await scoreDue({ db, configuration, log }, now);
  return respondDue({ db, configuration, log }, now);
}

async function messages(db: Db) {
  const { rows } = await sql<{ kind: string; recipient: string; head: string | null; text: string; noticeKey: string }>`
    select kind, recipient, message ->> 'subject' as head, message ->> 'text' as text, notice_key from actions
    where state = 'pending' order by id`.execute(db);
  return rows;
}

test("accounts that turn red within a window are told in one message when it ends, and the next window is another", async ({
  db,
}) => {
  const configuration = told();
  await live(db, configuration, { one: 1, two: 2, three: 8 }, start);
  await live(db, configuration, { three: 3, four: 8 }, hours(0.5));
  expect(await messages(db)).toEqual([]);
  const skipped = await db.selectFrom("actions").select(["state", "reason"]).execute();
  expect(skipped).toHaveLength(3);
  expect(skipped[0]).toEqual({
    state: "skipped",
    reason: "told in the digest of anna, by 10 March 2026 at 13:00 (Etc/UTC)",
  });

  expect(await respondDue({ db, configuration, log }, hours(1))).toMatchObject({ judged: 0, actions: 1 });
  const [message, ...others] = await messages(db);
  expect(others).toEqual([]);
  expect(message).toMatchObject({
    kind: "slack",
    recipient: "alerts",
    noticeKey: expect.stringMatching(/^digest:\d+$/),
  });
  expect(message?.text).toContain("3 accounts turned red");
  expect(message?.text).toMatch(/one Ltd.*two Ltd.*three Ltd/s);
  await respondDue({ db, configuration, log }, hours(2));
  expect(await messages(db)).toHaveLength(1);

  await live(db, configuration, { four: 1 }, hours(2));
  await respondDue({ db, configuration, log }, hours(3));
  expect((await messages(db))[1]?.text).toContain("1 account turned red");
});

test("tells of an account that has recovered meanwhile that it has, and of one that was archived nothing", async ({
  db,
}) => {
  const configuration = told();
  await live(db, configuration, { one: 1, two: 2, gone: 1 }, start);
  await live(db, configuration, { two: 8 }, hours(0.5));
  await sql`update accounts set archived_at = now(), archived_reason = 'left' where key = 'gone'`.execute(db);
  await respondDue({ db, configuration, log }, hours(1));
  const [message] = await messages(db);
  expect(message?.text).toContain("~two Ltd~ (two) · score 80.0 · green");
  expect(message?.text).toContain("recovered since: ");
  expect(message?.text).not.toContain("gone");
});

test("makes no message where every account of it was archived", async ({ db }) => {
  const configuration = told();
  await live(db, configuration, { gone: 1 }, start);
  await sql`update accounts set archived_at = now(), archived_reason = 'left'`.execute(db);
  expect(await sendDigests({ db, configuration }, hours(1))).toBe(0);
  expect(await db.selectFrom("digests").select("closedAt").execute()).toEqual([{ closedAt: hours(1) }]);
});

test("each owner gets one mail at their own time of day, with what is at stake", async ({ db }) => {
  const owners = {
    owners: [
      { id: "anna", name: "Anna", email: "anna@example.com", zone: "Asia/Tokyo" },
      { id: "ben", name: "Ben", email: "ben@example.com" },
    ],
  };
  const steps = [{ id: "mail", do: "email", to: "owner", subject: "x", body: "x", digest: { at: "09:00" } }];
  const configuration = configure([playbook({ steps })], 1, {}, false, [
    { kind: "owners", id: "owners", body: owners },
  ]);
  const price = {
    startsOn: "2025-01-01",
    amountMinor: 100_000,
    currency: "EUR",
    interval: "month",
    status: "active",
  } as const;
  await take(
    db,
    [
      ...account("one", "2026-03-09", [1, 1, 1, 1, 1, 1, 1]),
      ...account("two", "2026-03-09", [1, 1, 1, 1, 1, 1, 1], "ben"),
      { kind: "subscription", id: "s1", account: "one", at: "2025-01-01T00:00:00Z", set: price },
    ],
    start,
  );
  await cover(db, "2026-03-09", start);
  await scoreDue({ db, configuration, log }, start);
  await respondDue({ db, configuration, log }, start);
  expect(await sendDigests({ db, configuration }, new Date("2026-03-11T00:00:00Z"))).toBe(1);
  const [mail] = await messages(db);
  expect(mail).toMatchObject({ kind: "email", recipient: "anna@example.com", head: "1 account: Save" });
  expect(mail?.text).toContain("one Ltd (one) · score 10.0 · red · 5,400 EUR a year at stake");
  expect(await sendDigests({ db, configuration }, new Date("2026-03-11T09:00:00Z"))).toBe(1);
  expect((await messages(db))[1]).toMatchObject({ recipient: "ben@example.com" });
});

test("two workers make one message of each digest", async ({ db, url }) => {
  const configuration = told();
  await live(db, configuration, { one: 1, two: 2 }, start);
  const other = openDatabase(url);
  const sent = await Promise.all(
    [db, other.db, db, other.db].map((each) => sendDigests({ db: each, configuration }, hours(1))),
  );
  await other.close();
  expect(sent.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(await messages(db)).toHaveLength(1);
});

test("a digest whose message was made is closed with it, or neither is", async ({ db }) => {
  const configuration = told();
  await live(db, configuration, { one: 1 }, start);
  await sql`create function fail() returns trigger language plpgsql as $$ begin raise 'crash'; end $$`.execute(db);
  await sql`create trigger crash before update on digests for each row execute function fail()`.execute(db);
  await expect(sendDigests({ db, configuration }, hours(1))).rejects.toThrow("crash");
  expect(await messages(db)).toEqual([]);
  await sql`drop trigger crash on digests`.execute(db);
  expect(await sendDigests({ db, configuration }, hours(1))).toBe(1);
  expect(await messages(db)).toHaveLength(1);
});

test("what comes while a digest is being closed stands in the next one", async ({ db, url }) => {
  await take(db, account("one", "2026-03-09", [1]), start);
  const entry: DigestEntry = {
    channel: "alerts",
    recipient: "anna",
    ownerId: "anna",
    dueAt: start.getTime(),
    accountId: 1,
    playbookId: "save",
    kind: "alert",
    runId: null,
    reason: "because",
    expectedLoss: null,
  };
  const add = (each: Db) => each.transaction().execute((tx) => addToDigests(tx, [entry], start));
  await add(db);
  const other = openDatabase(url);
  const closing = await db.startTransaction().execute();
  const due = await takeDueDigest(closing, start);
  await closeDigest(closing, due?.id ?? 0, null, start);
  const added = add(other.db);
  await closing.commit().execute();
  await added;
  await other.close();
  const rows = await db.selectFrom("digests").select(["id", "closedAt"]).orderBy("id").execute();
  expect(rows.map(({ closedAt }) => closedAt)).toEqual([start, null]);
  expect(await db.selectFrom("digestItems").select("digestId").execute()).toEqual([{ digestId: rows[1]?.id }]);
});

test("says so where the channel of a digest is no longer configured", async ({ db }) => {
  await live(db, told(), { one: 1 }, start);
  const channels = { channels: [{ id: "other", kind: "slack", transport: "outbox" }] };
  const configuration = configure([], 2, {}, false, [{ kind: "channels", id: "channels", body: channels }]);
  await sendDigests({ db, configuration }, hours(1));
  const [action] = await db
    .selectFrom("actions")
    .select(["state", "reason"])
    .where("noticeKey", "is not", null)
    .execute();
  expect(action).toEqual({
    state: "skipped",
    reason: 'digest of 1 line that nobody gets: the channel "alerts" is no longer configured',
  });
});
