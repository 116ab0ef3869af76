import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Input } from "../../src/scoring/records.ts";
import { findAccount } from "../../src/store/accounts-directory.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { applyHeld, applyInputs, type IntakeBatch, type IntakeSummary, stateCoverage } from "../../src/store/intake.ts";
import { test } from "../support/database.ts";

const now = new Date("2025-03-10T12:00:00Z");
const later = new Date("2025-03-11T12:00:00Z");

function apply(db: Db, inputs: readonly Input[], batch: Partial<IntakeBatch> = {}): Promise<IntakeSummary> {
  return db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: "crm", inputs, now, recordedAt: "now", unknownAccounts: "reject", ...batch }),
    );
}

function account(id: string, set: object = {}, at = "2025-01-01T00:00:00Z"): Input {
  return { kind: "account", id, at, set };
}

function ticket(id: string, set: object = {}, at = "2025-02-01T00:00:00Z", of = "acme"): Input {
  return { kind: "ticket", id, account: of, at, set };
}

function day(value: number, on = "2025-03-01", of = "acme"): Input {
  return { kind: "usage", mode: "daily", account: of, name: "logins", day: on, value };
}

function event(id: string | undefined, value: number, on = "2025-03-01", of = "acme"): Input {
  return { kind: "usage", mode: "event", account: of, name: "logins", day: on, value, id };
}

async function rowsOf(db: Db, table: string): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)} order by 1, 2, 3`.execute(db);
  return rows;
}

async function dirtySeq(db: Db, key: string): Promise<number> {
  const row = await db
    .selectFrom("accountWork")
    .innerJoin("accounts", "accounts.id", "accountWork.accountId")
    .select("dirtySeq")
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  return row.dirtySeq;
}

const nothing = { written: 0, held: 0, rejected: [], accountsCreated: 0, accountsTouched: 0 };

describe("accounts", () => {
  test("an account record makes the account, due for scoring", async ({ db }) => {
    const summary = await apply(db, [account("acme", { name: "Acme", owner: "ana", segment: "mid" })]);
    expect(summary).toEqual({ ...nothing, written: 1, unchanged: 0, accountsCreated: 1, accountsTouched: 1 });
    expect(await db.selectFrom("accounts").selectAll().execute()).toMatchObject([
      { key: "acme", name: "Acme", owner: "ana", segment: "mid", firstSeenAt: now },
    ]);
    expect(await db.selectFrom("accountWork").selectAll().execute()).toMatchObject([
      { scoredSeq: 0, nextScoreAt: now },
    ]);
    expect(await dirtySeq(db, "acme")).toBeGreaterThan(0);
  });

  test("the accounts row shows what is true now, whatever order the changes come in", async ({ db }) => {
    await apply(db, [
      account("acme", { owner: "eve" }, "2026-01-01T00:00:00Z"),
      account("acme", { owner: "bob", stage: null }, "2025-02-01T00:00:00Z"),
      account("acme", { name: "Acme", owner: "ana", stage: "live" }, "2025-01-01T00:00:00Z"),
    ]);
    const rows = await db.selectFrom("accounts").select(["name", "owner", "stage"]).execute();
    expect(rows).toEqual([{ name: "Acme", owner: "bob", stage: null }]);
  });

  test("two sources that use the same id mean one account, and its newest change counts", async ({ db }) => {
    await apply(db, [account("acme", { name: "Acme", owner: "ana" })]);
    await apply(db, [account("acme", { owner: "bob" }, "2025-01-05T00:00:00Z")], { source: "billing" });
    expect(await db.selectFrom("accounts").select(["name", "owner"]).execute()).toEqual([
      { name: "Acme", owner: "bob" },
    ]);
    expect((await rowsOf(db, "identities")).length).toBe(2);
  });

  test("a record finds its account by the source's own id before our key", async ({ db }) => {
    await apply(db, [account("acme"), account("other")]);
    const { accountId } = await db
      .selectFrom("identities")
      .select("accountId")
      .where("externalId", "=", "other")
      .executeTakeFirstOrThrow();
    await db.insertInto("identities").values({ source: "desk", externalId: "acme", accountId }).execute();
    await apply(db, [ticket("t1")], { source: "desk" });
    expect(await rowsOf(db, "records")).toContainEqual(expect.objectContaining({ externalId: "t1", accountId }));
  });

  test("an account is found by key, by a source's id, by name, or its like is named", async ({ db }) => {
    await apply(db, [
      account("acme", { name: "Acme Ltd" }),
      account("beta", { name: "Twin" }),
      account("gamma", { name: "twin" }),
    ]);
    expect(await findAccount(db, "acme")).toMatchObject({ kind: "found", key: "acme" });
    expect(await findAccount(db, "ACME LTD")).toMatchObject({ kind: "found", key: "acme" });
    expect(await findAccount(db, "Twin")).toEqual({ kind: "ambiguous", keys: ["beta", "gamma"] });
    expect(await findAccount(db, "acm")).toEqual({ kind: "unknown", near: ["acme"] });
  });
});

describe("changes", () => {
  test("the same inputs again change nothing and mark nobody", async ({ db }) => {
    const inputs = [
      account("acme", { name: "Acme", fields: { seats: 4 } }),
      ticket("t1", { status: "open" }),
      day(3),
      event("e1", 2, "2025-03-02"),
    ];
    await apply(db, inputs);
    const before = await dirtySeq(db, "acme");
    expect(await apply(db, inputs, { now: later })).toEqual({ ...nothing, unchanged: 4 });
    expect(await dirtySeq(db, "acme")).toBe(before);
  });

  test("a change that differs at the same moment is kept as a correction, recorded later", async ({ db }) => {
    await apply(db, [account("acme"), ticket("t1", { priority: "low", subject: "Login" })]);
    await apply(db, [ticket("t1", { priority: "high" })], { now: later });
    const rows = await db
      .selectFrom("recordChanges")
      .select(["set", "recordedAt"])
      .where("kind", "=", "ticket")
      .orderBy("recordedAt")
      .execute();
    expect(rows).toEqual([
      { set: { priority: "low", subject: "Login" }, recordedAt: now },
      { set: { priority: "high" }, recordedAt: later },
    ]);
    expect((await apply(db, [ticket("t1", { subject: "Login" })], { now: later })).unchanged).toBe(1);
  });

  test("a correction in the same instant does not collide with what it corrects", async ({ db }) => {
    await apply(db, [account("acme"), ticket("t1", { priority: "low" })]);
    expect((await apply(db, [ticket("t1", { priority: "high" })])).written).toBe(1);
  });

  test("two changes of one record at one moment in one batch become one, the later above the earlier", async ({
    db,
  }) => {
    await apply(db, [
      account("acme"),
      ticket("t1", { status: "open", priority: "low" }),
      ticket("t1", { status: "solved" }),
    ]);
    const rows = await db.selectFrom("recordChanges").select("set").where("kind", "=", "ticket").execute();
    expect(rows).toEqual([{ set: { status: "solved", priority: "low" } }]);
  });

  test("fields of one's own are patched one by one", async ({ db }) => {
    await apply(db, [account("acme", { fields: { seats: 4, plan: "pro" } })]);
    expect((await apply(db, [account("acme", { fields: { seats: 4 } })])).unchanged).toBe(1);
    expect((await apply(db, [account("acme", { fields: { seats: 5 } })])).written).toBe(1);
  });

  test("a record never moves to another account", async ({ db }) => {
    await apply(db, [account("acme"), account("beta"), ticket("t1")]);
    const summary = await apply(db, [
      ticket("t1", {}, "2025-02-02T00:00:00Z", "beta"),
      ticket("t2", {}, "2025-02-02T00:00:00Z", "beta"),
    ]);
    expect(summary.written).toBe(1);
    expect(summary.rejected).toEqual([
      {
        index: 0,
        reason: "ticket t1 belongs to another account: a record cannot move to another account",
        cause: "a record cannot move to another account",
      },
    ]);
  });

  test("history is recorded when it occurred; what corrects it later is recorded now", async ({ db }) => {
    const history = { recordedAt: "occurred" } as const;
    await apply(db, [account("acme"), ticket("t1", { status: "open" }), day(3)], history);
    await apply(db, [ticket("t1", { status: "solved" })], history);
    const changes = await db
      .selectFrom("recordChanges")
      .select(["recordedAt", "backfilled"])
      .where("kind", "=", "ticket")
      .orderBy("recordedAt")
      .execute();
    expect(changes).toEqual([
      { recordedAt: new Date("2025-02-01T00:00:00Z"), backfilled: true },
      { recordedAt: now, backfilled: false },
    ]);
    expect(await rowsOf(db, "usage_daily")).toMatchObject([
      { recordedAt: new Date("2025-03-02T00:00:00Z"), backfilled: true },
    ]);
  });

  test("each input may be known at a moment of its own", async ({ db }) => {
    const known = new Date("2025-02-20T08:00:00Z");
    await apply(db, [account("acme"), ticket("t1")], { recordedAt: [now, known] });
    const rows = await db.selectFrom("recordChanges").select("recordedAt").where("kind", "=", "ticket").execute();
    expect(rows).toEqual([{ recordedAt: known }]);
  });

  test("text and dates that the database cannot keep are rejected alone", async ({ db }) => {
    const summary = await apply(db, [
      account("acme"),
      ticket("t1", { subject: "a\u0000b" }),
      ticket("t2", { subject: "half \ud800 a pair" }),
      ticket("t3", {}, "0000-01-01T00:00:00Z"),
      ticket("t4", { subject: "a path: C:\\u0000" }),
      day(1, "0000-01-01"),
    ]);
    expect(summary.written).toBe(2);
    expect(summary.rejected.map((each) => each.index)).toEqual([1, 2, 3, 5]);
  });
});

describe("unknown accounts", () => {
  test("their inputs are rejected by name", async ({ db }) => {
    expect(await apply(db, [ticket("t1"), day(1)])).toEqual({
      ...nothing,
      unchanged: 0,
      rejected: [
        { index: 0, reason: "no account acme", cause: "unknown account" },
        { index: 1, reason: "no account acme", cause: "unknown account" },
      ],
    });
  });

  test("or held once each, and applied when the account comes, as known when they came", async ({ db }) => {
    const hold = { unknownAccounts: "hold" } as const;
    expect(await apply(db, [ticket("t1"), day(4)], hold)).toMatchObject({ held: 2, written: 0 });
    await apply(db, [ticket("t1"), day(4)], { ...hold, now: later });
    expect((await rowsOf(db, "held_inputs")).length).toBe(2);
    const summary = await apply(db, [account("acme", { name: "Acme" })], { now: later });
    expect(summary).toMatchObject({ written: 3, accountsCreated: 1 });
    expect(await rowsOf(db, "held_inputs")).toEqual([]);
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 4, recordedAt: now }]);
  });

  test("held inputs of another source come by our key, and not by a foreign source's id", async ({ db }) => {
    await apply(db, [ticket("t1")], { source: "desk", unknownAccounts: "hold" });
    expect(await apply(db, [account("acme")])).toMatchObject({ written: 2 });
  });

  test("held inputs of an account that was linked by hand are applied on demand", async ({ db }) => {
    await apply(db, [account("acme")]);
    await apply(db, [ticket("t1", {}, "2025-02-01T00:00:00Z", "zd-7")], { source: "desk", unknownAccounts: "hold" });
    const { id } = await db.selectFrom("accounts").select("id").executeTakeFirstOrThrow();
    await db.insertInto("identities").values({ source: "desk", externalId: "zd-7", accountId: id }).execute();
    expect(await db.transaction().execute((tx) => applyHeld(tx, [id], later))).toMatchObject({ written: 1 });
  });
});

describe("usage", () => {
  test("a later total of a day replaces the earlier one, which is kept for past moments", async ({ db }) => {
    await apply(db, [account("acme"), day(3)]);
    expect(await apply(db, [day(3)], { now: later })).toMatchObject({ written: 0, unchanged: 1 });
    expect(await apply(db, [day(5)], { now: later })).toMatchObject({ written: 1 });
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 5, recordedAt: later, backfilled: false }]);
    expect(await rowsOf(db, "usage_superseded")).toMatchObject([{ value: 3, recordedAt: now }]);
  });

  test("of two totals of one day in a batch the last counts", async ({ db }) => {
    await apply(db, [account("acme"), day(3), day(5)]);
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 5 }]);
  });

  test("events are summed by day, each counted once by its id, or by its content where it has none", async ({ db }) => {
    await apply(db, [
      account("acme"),
      event("e1", 2),
      event("e2", 2),
      event("e1", 2),
      event(undefined, 7),
      event(undefined, 7),
    ]);
    const summary = await apply(db, [event("e2", 2), event("e3", 1), event(undefined, 7)], { now: later });
    expect(summary).toMatchObject({ written: 1, unchanged: 2 });
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 12 }]);
  });

  test("an event id with other content is rejected, whatever differs", async ({ db }) => {
    await apply(db, [account("acme"), account("beta"), event("e1", 2)]);
    const summary = await apply(db, [
      event("e1", 3),
      event("e1", 2, "2025-03-02"),
      event("e1", 2, "2025-03-01", "beta"),
      event("e9", 1),
      event("e9", 2),
    ]);
    expect(summary.rejected.map((each) => each.index)).toEqual([0, 1, 2, 4]);
    expect(summary.rejected[0]?.reason).toBe("usage event e1 was met before with other content");
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 3 }]);
  });

  test("a day that grows after its end keeps its older sum; one that grows while it lasts does not", async ({ db }) => {
    const during = new Date("2025-03-01T05:00:00Z");
    const stillDuring = new Date("2025-03-01T09:00:00Z");
    await apply(db, [account("acme"), event("e1", 1)], { now: during });
    await apply(db, [event("e2", 1)], { now: stillDuring });
    expect(await rowsOf(db, "usage_superseded")).toEqual([]);
    await apply(db, [event("e3", 1)], { now });
    expect(await rowsOf(db, "usage_superseded")).toMatchObject([{ value: 2, recordedAt: stillDuring }]);
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 3, recordedAt: now }]);
  });

  test("a history that comes after a correction never hides it", async ({ db }) => {
    await apply(db, [account("acme"), day(3)]);
    await apply(db, [day(5)], { now: later });
    await apply(db, [day(6)], { recordedAt: "occurred", now: later });
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 6, recordedAt: later }]);
  });

  test("a usage name remembers the stream that delivers it", async ({ db }) => {
    await apply(db, [account("acme"), day(3)]);
    const rows = await db
      .selectFrom("usageNames")
      .innerJoin("streams", "streams.id", "usageNames.streamId")
      .select(["name", "source", "kind"])
      .execute();
    expect(rows).toEqual([{ name: "logins", source: "crm", kind: "usage" }]);
  });
});

describe("coverage", () => {
  const stated = {
    source: "crm",
    kind: "usage",
    throughDay: "2025-03-05",
    recordedAt: now,
    backfilled: false,
  } as const;

  test("marks every account when it moves, and nobody when it does not", async ({ db }) => {
    await apply(db, [account("acme"), account("beta")]);
    const state = (change: object): Promise<boolean> =>
      db.transaction().execute((tx) => stateCoverage(tx, { ...stated, ...change }));
    const before = await dirtySeq(db, "beta");
    expect(await state({})).toBe(true);
    expect(await dirtySeq(db, "beta")).toBe(before + 1);
    expect(await state({ recordedAt: later })).toBe(false);
    expect(await state({ throughDay: "2025-03-04", recordedAt: later })).toBe(false);
    expect(await dirtySeq(db, "beta")).toBe(before + 1);
    expect((await rowsOf(db, "stream_coverage")).length).toBe(1);
  });

  test("a history is stated beside what is covered already, without moving it", async ({ db }) => {
    await db.transaction().execute((tx) => stateCoverage(tx, stated));
    const moved = await db
      .transaction()
      .execute((tx) => stateCoverage(tx, { ...stated, throughDay: "2025-01-31", backfilled: true }));
    expect(moved).toBe(false);
    expect(await rowsOf(db, "stream_coverage")).toMatchObject([
      { throughDay: "2025-01-31", backfilled: true },
      { throughDay: "2025-03-05", backfilled: false },
    ]);
  });
});

describe("two processes", () => {
  test("that write overlapping batches in opposite orders neither deadlock nor double", async ({ db, url }) => {
    const other = openDatabase(url, { max: 4 });
    try {
      const ids = Array.from({ length: 60 }, (_, index) => `account-${index}`);
      const inputs = ids.flatMap((id): Input[] => [
        account(id, { name: id }),
        ticket(`t-${id}`, { status: "open" }, "2025-02-01T00:00:00Z", id),
        day(2, "2025-03-01", id),
        { ...event(`e-${id}`, 5, "2025-03-02", id), name: `name-${id}` } as Input,
      ]);
      const halves = [inputs, inputs.toReversed(), inputs.slice(80), inputs.slice(0, 160).toReversed()];
      await Promise.all(
        halves.map((half, index) =>
          apply(index % 2 === 0 ? db : other.db, half, { unknownAccounts: "hold" }).then(() =>
            db.transaction().execute((tx) =>
              stateCoverage(tx, {
                source: "crm",
                kind: "usage",
                throughDay: `2025-03-0${index + 1}`,
                recordedAt: now,
                backfilled: false,
              }),
            ),
          ),
        ),
      );
      expect(await rowsOf(db, "held_inputs")).toEqual([]);
      expect((await rowsOf(db, "accounts")).length).toBe(60);
      expect((await rowsOf(db, "record_changes")).length).toBe(120);
      const { rows } = await sql<{ value: number; days: number }>`
        select sum(value) as value, count(*) as days from usage_daily`.execute(db);
      expect(rows).toEqual([{ value: 60 * 7, days: 120 }]);
    } finally {
      await other.close();
    }
  });

  test("that write the same event of a known account wait for each other and count it once", async ({ db }) => {
    // The usage name is known too: a new one would make the second wait by itself.
    await apply(db, [account("acme"), event("e0", 1)]);
    const first = await db.startTransaction().execute();
    const batch = {
      source: "crm",
      inputs: [event("e1", 5)],
      now,
      recordedAt: "now",
      unknownAccounts: "reject",
    } as const;
    await applyInputs(first, batch);
    const second = apply(db, batch.inputs);
    await expect
      .poll(async () => (await sql`select from pg_locks where not granted`.execute(db)).rows.length)
      .toBeGreaterThan(0);
    await first.commit().execute();
    expect(await second).toEqual({ ...nothing, unchanged: 1 });
    expect(await rowsOf(db, "usage_daily")).toMatchObject([{ value: 6 }]);
  });
});

const inputLaw = fc.oneof(
  fc
    .record({ id: fc.constantFrom("a", "b"), at: fc.integer({ min: 1, max: 9 }) })
    .map(({ id, at }) => account(id, { owner: `owner-${id}-${at}` }, `2025-01-0${at}T00:00:00Z`)),
  fc
    .record({ id: fc.integer({ min: 0, max: 5 }), at: fc.integer({ min: 1, max: 9 }) })
    .map(({ id, at }) =>
      ticket(`t${id}`, { subject: `${id} ${at}` }, `2025-02-0${at}T00:00:00Z`, id % 2 === 0 ? "a" : "b"),
    ),
  fc
    .record({ on: fc.integer({ min: 1, max: 9 }), of: fc.constantFrom("a", "b") })
    .map(({ on, of }) => ({ ...day(on * 3, `2025-03-0${on}`, of), name: "totals" }) as Input),
  fc
    .record({ id: fc.integer({ min: 0, max: 30 }) })
    .map(({ id }) => event(`e${id}`, id, `2025-03-0${1 + (id % 9)}`, id % 2 === 0 ? "a" : "b")),
);

test("a history splits into overlapping batches of any order and repetition and gives the same tables", async ({
  db,
}) => {
  const tables = async (): Promise<unknown> => ({
    accounts: await db.selectFrom("accounts").select(["key", "name", "owner"]).orderBy("key").execute(),
    changes: (
      await sql`
        select r.kind, r.external_id, a.key, c.occurred_at, c.recorded_at, c.set from record_changes c
        join records r on r.id = c.record_id join accounts a on a.id = c.account_id order by 1, 2, 4, 5`.execute(db)
    ).rows,
    usage: (
      await sql`
        select a.key, n.name, u.day, u.value, u.recorded_at, u.backfilled from usage_daily u
        join accounts a on a.id = u.account_id join usage_names n on n.id = u.name_id order by 1, 2, 3`.execute(db)
    ).rows,
    superseded: (await sql`select * from usage_superseded`.execute(db)).rows,
    events: (await sql`select key, value from usage_events order by key`.execute(db)).rows,
    held: await db.selectFrom("heldInputs").selectAll().execute(),
  });
  const accounts = [
    account("a", { name: "A" }, "2024-12-01T00:00:00Z"),
    account("b", { name: "B" }, "2024-12-01T00:00:00Z"),
  ];
  const history = { recordedAt: "occurred", unknownAccounts: "hold" } as const;
  const wipe = () =>
    sql`truncate accounts, record_changes, usage_daily, usage_superseded, usage_events, held_inputs cascade`.execute(
      db,
    );
  await fc.assert(
    fc.asyncProperty(
      fc.array(inputLaw, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat(),
      fc.boolean(),
      async (drawn, from, to, isReversed) => {
        const inputs = [...accounts, ...drawn];
        await wipe();
        await apply(db, inputs, history);
        const whole = await tables();
        await wipe();
        const parts = [inputs.slice(from % inputs.length), inputs.slice(0, 1 + (to % inputs.length)), inputs];
        for (const part of isReversed ? parts : [parts[1], parts[0], parts[2]])
          await apply(db, part ?? [], { ...history, now: later });
        expect(await tables()).toEqual(whole);
      },
    ),
    { numRuns: 40 },
  );
});
