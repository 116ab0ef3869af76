import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import type { Db } from "../../src/store/db.ts";
import { endOutage, openOutage } from "../../src/store/outages.ts";
import { readTriggerStates } from "../../src/store/playbook-state.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const dayMs = 86_400_000;
const later = (days: number) => new Date(start.getTime() + days * dayMs);
const week = (value: number) => Array.from({ length: 7 }, () => value);
const dayBefore = (now: Date) => new Date(now.getTime() - dayMs).toISOString().slice(0, 10);

const configuration = configure([
  playbook({ id: "few-logins", trigger: { on: "threshold", when: { fact: "usage.logins.avg_7d", below: 5 } } }),
  playbook({ id: "low-score" }),
]);

async function deliver(db: Db, logins: number, now: Date): Promise<void> {
  await take(db, account("acme", dayBefore(now), week(logins)), now);
  await cover(db, dayBefore(now), now);
}

async function judge(db: Db, now: Date): Promise<number> {
  await scoreDue({ db, configuration, log }, now);
  return (await respondDue({ db, configuration, log }, now)).fired;
}

async function fail(db: Db, kind: "failing" | "zero", now: Date): Promise<void> {
  await db.transaction().execute((tx) => openOutage(tx, 1, { kind, beganAt: now, reason: "the vendor answered 500" }));
}

async function recover(db: Db, now: Date): Promise<void> {
  await db.transaction().execute((tx) => endOutage(tx, 1, now));
}

async function states(db: Db) {
  const rows = await readTriggerStates(db, [1]);
  return Object.fromEntries(rows.map(({ playbookId, state, held }) => [playbookId, held ? `${state}, held` : state]));
}

test("while the source of a metric fails, triggers that name it are held, and those of the score go on with what it was", async ({
  db,
}) => {
  await deliver(db, 8, start);
  expect(await judge(db, start)).toBe(0);
  await fail(db, "failing", later(1));
  // A page that came through is not yet the whole of it.
  await deliver(db, 1, later(1.5));
  expect(await judge(db, later(2.5))).toBe(0);
  expect(await states(db)).toEqual({ "few-logins": "inactive, held", "low-score": "inactive, held" });
  const explained = await explainAccount(db, configuration, { key: "acme", day: null, since: null }, later(2.5));
  const [fewLogins] = explained?.explanation.playbooks ?? [];
  expect(fewLogins?.reason).toContain("held: test usage fails since 2026-03-11");
});

test("nothing fires at the recovery for what came to be so meanwhile, though it is judged before it is scored", async ({
  db,
}) => {
  await deliver(db, 8, start);
  await judge(db, start);
  await fail(db, "zero", later(1));
  await judge(db, later(1));
  await deliver(db, 1, later(2));
  await recover(db, later(2));
  await sql`update account_work set next_respond_at = ${start}`.execute(db);
  expect(await respondDue({ db, configuration, log }, later(2))).toMatchObject({ judged: 1, fired: 0 });
  expect(await states(db)).toEqual({ "few-logins": "inactive, held", "low-score": "inactive, held" });
  expect(await judge(db, later(2.1))).toBe(0);
  expect(await states(db)).toEqual({ "few-logins": "firing", "low-score": "firing" });
  await deliver(db, 9, later(3));
  await judge(db, later(3));
  await deliver(db, 1, later(4));
  expect(await judge(db, later(4))).toBe(2);
});

test("without an outage the same course of things fires", async ({ db }) => {
  await deliver(db, 8, start);
  await judge(db, start);
  await deliver(db, 1, later(2));
  expect(await judge(db, later(2))).toBe(2);
});
