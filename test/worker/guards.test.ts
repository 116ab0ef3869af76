import { sql } from "kysely";
import { describe, expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { decideBrake, lockBrakes } from "../../src/store/guards/brakes.ts";
import { writeDueAccounts } from "../../src/worker/account-writes.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

// A Tuesday.
const start = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const hour = 3_600_000;
const later = (ms: number) => new Date(start.getTime() + ms);
const week = (value: number) => Array.from({ length: 7 }, () => value);
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `a${String(index).padStart(3, "0")}`);

function house(guards: Readonly<Record<string, unknown>>, playbooks: readonly Readonly<Record<string, unknown>>[]) {
  return configure(playbooks, 1, {}, false, [{ kind: "guards", id: "guards", body: guards }]);
}

/** Accounts of so many logins a day, scored and judged. */
async function live(db: Db, configuration: Configuration, keys: readonly string[], logins: number, now: Date) {
  const yesterday = new Date(now.getTime() - 24 * hour).toISOString().slice(0, 10);
  await take(
    db,
    keys.flatMap((key) => account(key, yesterday, week(logins))),
    now,
  );
  await cover(db, yesterday, now);
  await scoreDue({ db, configuration, log }, now);
  return respond(db, configuration, now);
}

function respond(db: Db, configuration: Configuration, now: Date) {
  return respondDue({ db, configuration, log }, now);
}

function states(db: Db) {
  return db
    .selectFrom("triggerStates")
    .select(["playbookId", "accountId", "state", "guard", "reason", "dueAt"])
    .orderBy("accountId")
    .orderBy("playbookId")
    .execute();
}

describe("hours", () => {
  test("a run waits for working hours and begins with them", async ({ db }) => {
    const configuration = configure([playbook({ guards: { window: "owner-working-hours" } })]);
    const evening = later(6 * hour);
    expect(await live(db, configuration, ["acme"], 3, evening)).toMatchObject({ fired: 0 });
    const opening = new Date("2026-03-11T09:00:00Z");
    expect(await states(db)).toMatchObject([{ state: "pending", guard: "window", dueAt: opening }]);
    expect(await respond(db, configuration, new Date(opening.getTime() - 1))).toMatchObject({ judged: 0 });
    expect(await respond(db, configuration, opening)).toMatchObject({ judged: 1, fired: 1 });
    expect(await states(db)).toMatchObject([{ state: "firing", guard: null }]);
  });
});

describe("caps", () => {
  test("count the runs of all playbooks, also those of the same batch; the higher priority comes first", async ({
    db,
  }) => {
    const configuration = house({ maxPerAccount: { runs: 1, per: "7d" } }, [
      playbook({ id: "aside", priority: "info" }),
      playbook({ id: "mild" }),
      playbook({ id: "urgent", priority: "escalation" }),
    ]);
    expect(await live(db, configuration, ["acme"], 3, start)).toMatchObject({ fired: 1 });
    const waiting = { guard: "account-cap", dueAt: later(7 * 24 * hour) };
    expect(await states(db)).toMatchObject([
      {
        playbookId: "aside",
        ...waiting,
        reason: expect.stringContaining("1 of 1 runs of all playbooks within 7 days"),
      },
      { playbookId: "mild", ...waiting },
      { playbookId: "urgent", state: "firing" },
    ]);
    expect(await respond(db, configuration, later(7 * 24 * hour))).toMatchObject({ fired: 1 });
    expect(await states(db)).toMatchObject([{ guard: "account-cap" }, { state: "firing" }, { state: "firing" }]);
  });
});

describe("inhibition", () => {
  const steps = [
    { id: "alert", do: "slack", to: "alerts", text: "{{ account.name }}" },
    { id: "breathe", do: "wait", for: "5h" },
    { id: "end", do: "slack", to: "alerts", text: "{{ account.name }}" },
  ];

  test("a run waits while one of a higher priority is under way, and begins when that ends", async ({ db }) => {
    const configuration = house({ inhibition: "priority" }, [
      playbook({ id: "mild" }),
      playbook({ id: "urgent", name: "Enterprise escalation", priority: "escalation", steps }),
    ]);
    expect(await live(db, configuration, ["acme"], 3, start)).toMatchObject({ fired: 1 });
    const [mild] = await states(db);
    expect(mild).toMatchObject({ guard: "inhibition", dueAt: null });
    expect(mild?.reason).toBe('score 30 is below 40; muted by "Enterprise escalation"');
    expect(await respond(db, configuration, later(5 * hour))).toMatchObject({ judged: 1, fired: 0 });
    expect(await respond(db, configuration, later(5 * hour + 1))).toMatchObject({ judged: 1, fired: 1 });
    expect(await respond(db, configuration, later(5 * hour + 2))).toMatchObject({ judged: 0 });
  });
});

describe("storm brake", () => {
  const stormy = () =>
    house({ ask: "alerts" }, [playbook({ guards: { stormBrake: { share: 0.1, per: "1h", atLeast: 2 } } })]);

  test("stops what would fire for too many, lets nothing of them out, and asks once, for whom", async ({ db }) => {
    const keys = keysOf(30);
    expect(await live(db, stormy(), keys, 8, start)).toMatchObject({ fired: 0 });
    expect(await live(db, stormy(), keys.slice(0, 2), 3, later(hour))).toMatchObject({ fired: 2 });
    expect(await live(db, stormy(), keys.slice(2, 27), 3, later(1.5 * hour))).toMatchObject({ fired: 0 });
    const waiting = (await states(db)).filter(({ guard }) => guard === "storm-brake");
    expect(waiting).toHaveLength(25);
    expect(waiting[0]?.reason).toBe(
      "score 30 is below 40; storm brake: 27 of 30 accounts within 1 hour, more than 10 %",
    );
    await live(db, stormy(), keys.slice(27), 3, later(3 * hour));
    const notices = await db
      .selectFrom("actions")
      .select(["message", "channel", "dueAt"])
      .where("noticeKey", "is not", null)
      .execute();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ channel: "alerts", dueAt: later(1.5 * hour + 60_000) });
    const text = JSON.stringify(notices[0]?.message);
    expect(text).toContain("2 runs had begun within that time before it stopped, and 28 wait");
    expect(text).toContain("a021 Ltd and 8 more");
  });

  test("released, those that wait begin and count for no other storm; those that come later do", async ({ db }) => {
    const keys = keysOf(20);
    await live(db, stormy(), keys, 8, start);
    await live(db, stormy(), keys.slice(0, 10), 3, later(hour));
    expect(await decide(db, "go", later(2 * hour))).toBe(10);
    expect(await respond(db, stormy(), later(2 * hour))).toMatchObject({ judged: 10, fired: 10 });
    expect(await live(db, stormy(), keys.slice(10, 12), 3, later(2 * hour))).toMatchObject({ fired: 2 });
    expect(await live(db, stormy(), keys.slice(12, 14), 3, later(2.5 * hour))).toMatchObject({ fired: 0 });
  });

  test("dropped, their episodes start no run, and say who dropped them", async ({ db }) => {
    const keys = keysOf(10);
    await live(db, stormy(), keys, 8, start);
    await live(db, stormy(), keys, 3, later(hour));
    expect(await decide(db, "drop", later(2 * hour))).toBe(10);
    expect(await respond(db, stormy(), later(2 * hour))).toMatchObject({ judged: 10, fired: 0 });
    expect((await states(db))[0]).toMatchObject({
      state: "firing",
      guard: null,
      reason: expect.stringContaining(
        "dropped by anna on 10 March 2026 at 14:00 (Etc/UTC), when a storm brake had been pulled",
      ),
    });
    await live(db, stormy(), keys, 8, later(3 * hour));
    expect(await live(db, stormy(), keys.slice(0, 1), 3, later(4 * hour))).toMatchObject({ fired: 1 });
  });

  test("two workers at once begin no more than one would", async ({ db, url }) => {
    const configuration = stormy();
    const keys = keysOf(400);
    await live(db, configuration, keys, 8, start);
    // Thirty in the batch of each: no storm to either of them alone.
    const isLow = (index: number) => index % 200 < 30;
    await take(
      db,
      keys.flatMap((key, index) => account(key, "2026-03-09", week(isLow(index) ? 3 : 9))),
      later(hour),
    );
    await scoreDue({ db, configuration, log }, later(hour));
    const other = openDatabase(url);
    await Promise.all([db, other.db].map((each) => respond(each, configuration, later(hour))));
    await other.close();
    const { rows } = await sql<{ runs: number; brakes: number; notices: number }>`
      select (select count(*)::integer from runs) as runs, (select count(*)::integer from storm_brakes) as brakes,
        (select count(*)::integer from actions where notice_key is not null) as notices`.execute(db);
    expect(rows).toEqual([{ runs: 30, brakes: 1, notices: 1 }]);
  });

  async function decide(db: Db, decision: "go" | "drop", now: Date) {
    return db.transaction().execute(async (tx) => {
      await lockBrakes(tx, ["save"]);
      return decideBrake(tx, "save", { decision, by: "anna" }, now);
    });
  }
});

describe("holdout", () => {
  test("keeps a run for some accounts in which nothing is done, and counts it for nothing", async ({ db }) => {
    const configuration = house({ maxPerAccount: { runs: 1, per: "7d" } }, [
      playbook({ id: "tried", priority: "escalation", holdout: { percent: 50 } }),
      playbook({ id: "usual" }),
    ]);
    await live(db, configuration, keysOf(40), 3, start);
    const runs = await db.selectFrom("runs").select(["accountId", "playbookId", "state", "isAlert"]).execute();
    const held = runs.filter(({ state }) => state === "holdout");
    expect(held.length).toBeGreaterThan(8);
    expect(held.length).toBeLessThan(32);
    const usual = runs.filter(({ playbookId }) => playbookId === "usual").map(({ accountId }) => accountId);
    expect(usual.sort()).toEqual(held.map(({ accountId }) => accountId).sort());
    expect(await db.selectFrom("actions").selectAll().where("playbookId", "=", "tried").execute()).toHaveLength(
      40 - held.length,
    );
  });
});

describe("loops", () => {
  test("two playbooks that set each other's field end, and say why", async ({ db }) => {
    const setter = (id: string, from: string, to: string) =>
      playbook({
        id,
        trigger: { on: "threshold", when: { fact: "segment", is: from } },
        steps: [{ id: "set", do: "set-field", field: "segment", value: to }],
      });
    const configuration = configure([setter("ping", "smb", "mid"), setter("pong", "mid", "smb")]);
    await take(
      db,
      [{ kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme", segment: "smb" } }],
      start,
    );
    for (let minute = 0; minute < 8; minute += 1) {
      await scoreDue({ db, configuration, log }, later(minute * 60_000));
      await respond(db, configuration, later(minute * 60_000));
      await writeDueAccounts({ db, log, author: "test" }, later(minute * 60_000));
    }
    const runs = await db.selectFrom("runs").select(["playbookId", "depth", "chain"]).orderBy("id").execute();
    expect(runs).toEqual([
      { playbookId: "ping", depth: 0, chain: [] },
      { playbookId: "pong", depth: 1, chain: ["ping"] },
    ]);
    expect((await states(db))[0]?.reason).toContain('loop: these brought each other about: "Save", "Save", "Save"');
  });
});

test("asks nothing of the database for accounts of which no run would begin", async ({ db }) => {
  const configuration = house({ maxPerAccount: { runs: 1, per: "7d" }, stormBrake: { share: 0.1 } }, [playbook()]);
  await live(db, configuration, ["acme"], 8, start);
  await sql`drop table playbook_snoozes, storm_brake_episodes, storm_brakes`.execute(db);
  expect(await live(db, configuration, ["acme"], 9, later(hour))).toMatchObject({ judged: 1, failed: 0 });
});
