import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Input } from "../../../src/scoring/records.ts";
import { listAccounts } from "../../../src/store/account-list.ts";
import { type Db, openDatabase } from "../../../src/store/db.ts";
import { mergeAccounts } from "../../../src/store/identity/merge-accounts.ts";
import { type AccountMerge, applyMerges } from "../../../src/store/identity/merges.ts";
import { test } from "../../support/database.ts";
import { accountInput, identities, later, now, records, say, take, ticket, unmatched } from "./scene.ts";

const keys = { idsAreKeys: true } as const;
const at = "2026-03-05T00:00:00Z";

function merge(db: Db, merges: readonly AccountMerge[], source = "crm"): Promise<number> {
  return db.transaction().execute((tx) => applyMerges(tx, { source, merges, now }));
}

const event = (id: string, account: string, value: number, day = "2026-03-01"): Input => ({
  ...{ kind: "usage", mode: "event", account, name: "logins", day, value, id, user: `user-${id}` },
});

async function idOf(db: Db, key: string): Promise<number> {
  return (await db.selectFrom("accounts").select("id").where("key", "=", key).executeTakeFirstOrThrow()).id;
}

describe("accounts that became one in a source", () => {
  test("are one of ours with all that was known of both", async ({ db }) => {
    await say(db, "crm", [
      { id: "12", key: "acme" },
      { id: "13", key: "dup" },
    ]);
    await say(db, "desk", [{ id: "7", key: "dup" }]);
    await take(db, "desk", [ticket("t1", "7"), event("e1", "7", 2)]);
    await take(db, "crm", [event("e2", "12", 3), ticket("t2", "12")]);
    expect(await merge(db, [{ from: "13", into: "12", at }])).toBe(1);
    expect(await identities(db)).toEqual({ "crm 12": "acme", "crm 13 (ended)": "acme", "desk 7": "acme" });
    expect(await records(db)).toEqual({
      acme: ["crm account 12", "crm account 13", "crm ticket t2", "desk account 7", "desk ticket t1"],
    });
    const days = await db.selectFrom("usageDaily").select(["accountId", "value"]).execute();
    expect(days).toEqual([{ accountId: await idOf(db, "acme"), value: 5 }]);
    const rows = await db.selectFrom("accounts").select(["key", "archivedReason"]).orderBy("key").execute();
    expect(rows).toEqual([
      { key: "acme", archivedReason: null },
      { key: "dup", archivedReason: "merged in crm" },
    ]);
    expect(await listAccounts(db, { order: "key", limit: 10 })).toHaveLength(1);
  });

  test("are merged once, however often that is said", async ({ db }) => {
    await say(db, "crm", [{ id: "12" }, { id: "13" }]);
    const said = [{ from: "13", into: "12", at }];
    expect([await merge(db, said), await merge(db, said)]).toEqual([1, 0]);
    expect(await identities(db)).toEqual({ "crm 12": "crm-12", "crm 13 (ended)": "crm-12" });
  });

  test("are followed along a chain, told in any order", async ({ db }) => {
    await say(db, "crm", [{ id: "1" }, { id: "2" }, { id: "3" }]);
    await merge(db, [
      { from: "2", into: "3", at: "2026-03-06T00:00:00Z" },
      { from: "1", into: "2", at },
    ]);
    await take(db, "crm", [ticket("t1", "1")]);
    expect(await identities(db)).toEqual({ "crm 1 (ended)": "crm-3", "crm 2 (ended)": "crm-3", "crm 3": "crm-3" });
    expect((await records(db))["crm-3"]).toContain("crm ticket t1");
  });

  test("keep the account of the one that is known when the other is not", async ({ db }) => {
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await take(db, "crm", [ticket("t1", "13")], { accounts: "match" });
    expect(await merge(db, [{ from: "12", into: "13", at }])).toBe(0);
    expect(await identities(db)).toEqual({ "crm 12 (ended)": "acme", "crm 13": "acme" });
    expect((await records(db))["acme"]).toContain("crm ticket t1");
  });

  test("place what waited for the one that went up in the other", async ({ db }) => {
    await say(db, "crm", [{ id: "13" }], { accounts: "match" });
    await take(db, "crm", [ticket("t1", "13")], { accounts: "match" });
    await say(db, "crm", [{ id: "12" }]);
    await merge(db, [{ from: "13", into: "12", at }]);
    expect(await unmatched(db)).toEqual({});
    expect((await records(db))["crm-12"]).toContain("crm ticket t1");
  });

  test("make what could not be told apart clear", async ({ db }) => {
    const both = ["one", "two"].map((id) => accountInput({ id, set: { domain: "acme.com" } }));
    await take(db, "crm", both, keys);
    await say(db, "desk", [{ id: "7", domains: ["acme.com"] }]);
    await merge(db, [{ from: "two", into: "one", at }]);
    expect(await identities(db)).toMatchObject({ "desk 7": "one" });
  });

  test("answer to the old key as well, and take its children", async ({ db }) => {
    await take(db, "app", [accountInput({ id: "dup" }), accountInput({ id: "acme" })], keys);
    await take(db, "app", [accountInput({ id: "child", set: { parent: "dup" } })], keys);
    await merge(db, [{ from: "dup", into: "acme", at }], "app");
    await take(db, "api", [ticket("t1", "dup")], keys);
    expect((await records(db))["acme"]).toContain("api ticket t1");
    const parent = await db.selectFrom("accounts").select("parentId").where("key", "=", "child").executeTakeFirst();
    expect(parent?.parentId).toBe(await idOf(db, "acme"));
    await take(db, "app", [accountInput({ id: "late", set: { parent: "dup" } })], keys);
    const late = await db.selectFrom("accounts").select("parentId").where("key", "=", "late").executeTakeFirst();
    expect(late?.parentId).toBe(await idOf(db, "acme"));
  });
});

test("a day's total of both is added up for every moment at which something was known", async ({ db }) => {
  await say(db, "crm", [{ id: "12" }, { id: "13" }]);
  const total = (account: string, value: number): Input => ({
    ...{ kind: "usage", mode: "daily", account, name: "logins", day: "2026-03-01", value },
  });
  await take(db, "crm", [total("12", 10)], { now });
  await take(db, "crm", [total("13", 5)], { now: later(1) });
  await take(db, "crm", [total("12", 20)], { now: later(2) });
  await take(db, "crm", [total("13", 7)], { now: later(3) });
  await merge(db, [{ from: "13", into: "12", at }]);
  const { rows } = await sql<{ value: number; recordedAt: Date }>`
    select value, recorded_at from usage_superseded union all select value, recorded_at from usage_daily
    order by recorded_at`.execute(db);
  expect(rows).toEqual([10, 15, 25, 27].map((value, day) => ({ value, recordedAt: later(day) })));
});

/** Events and tickets of two accounts, told under either name. */
const inputs = fc.uniqueArray(
  fc.record({ id: fc.nat(30), isFirst: fc.boolean(), day: fc.integer({ min: 1, max: 3 }), value: fc.nat(9) }),
  { selector: ({ id }) => id, maxLength: 20 },
);

async function contents(db: Db, key: string): Promise<unknown> {
  const { rows } = await sql`
    select
      (select json_agg(x order by x::text) from (select day, value from usage_daily where account_id = a.id) x) as days,
      (select json_agg(x order by x::text) from (select day, value from usage_events where account_id = a.id) x) as events,
      (select json_agg(x order by x::text) from (select day, user_hash from usage_users where account_id = a.id) x) as users,
      (select json_agg(split_part(external_id, '-', 3) order by external_id) from records where account_id = a.id and kind = 'ticket') as tickets
    from accounts a where a.key = ${key}`.execute(db);
  return rows;
}

test("what is merged is as if all had come to one account, before the merge or after", async ({ db }) => {
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(inputs, fc.nat(20), async (said, cut) => {
      turn += 1;
      const name = (one: string) => `${turn}-${one}`;
      await say(
        db,
        "crm",
        ["one", "two", "all"].map((id) => ({ id: name(id) })),
      );
      const told = (accountOf: (isFirst: boolean) => string, mark: string) =>
        said.flatMap(({ id, isFirst, day, value }): Input[] => {
          const account = name(accountOf(isFirst));
          const used = { ...event(String(id), account, value, `2026-03-0${day}`), id: `${turn}-${mark}-${id}` };
          return [used as Input, ticket(`${turn}-${mark}-${id}`, account)];
        });
      const apart = told((isFirst) => (isFirst ? "one" : "two"), "a");
      await take(db, "crm", apart.slice(0, cut));
      await merge(db, [{ from: name("two"), into: name("one"), at }]);
      await take(db, "crm", apart);
      await take(
        db,
        "crm",
        told(() => "all", "b"),
      );
      expect(await contents(db, `crm-${name("one")}`)).toEqual(await contents(db, `crm-${name("all")}`));
      const nothing = { days: null, events: null, users: null, tickets: null };
      expect(await contents(db, `crm-${name("two")}`)).toEqual([nothing]);
    }),
    { numRuns: 12 },
  );
});

test("two who merge the same accounts crosswise at once neither deadlock nor lose a row", async ({ db, url }) => {
  await say(db, "crm", [{ id: "12" }, { id: "13" }]);
  await take(db, "crm", [ticket("t1", "12"), ticket("t2", "13")]);
  const other = openDatabase(url);
  await Promise.allSettled([
    merge(db, [{ from: "12", into: "13", at }]),
    merge(other.db, [{ from: "13", into: "12", at }]),
  ]);
  await other.close();
  const living = await listAccounts(db, { order: "key", limit: 10 });
  expect(living).toHaveLength(1);
  expect((await records(db))[living[0]?.key ?? ""]).toHaveLength(4);
});

test("an account that goes up in its own child leaves no ring", async ({ db }) => {
  await take(
    db,
    "app",
    [accountInput({ id: "parent" }), accountInput({ id: "child", set: { parent: "parent" } })],
    keys,
  );
  const [fromId, intoId] = [await idOf(db, "parent"), await idOf(db, "child")];
  await db.transaction().execute((tx) => mergeAccounts(tx, { fromId, intoId, reason: "by hand" }, now));
  const row = await db.selectFrom("accounts").select("parentId").where("key", "=", "child").executeTakeFirst();
  expect(row?.parentId).toBeNull();
});
