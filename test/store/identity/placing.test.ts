import { sql } from "kysely";
import { expect } from "vitest";
import { listAccounts } from "../../../src/store/account-list.ts";
import type { Db, Tx } from "../../../src/store/db.ts";
import { dismissAccount, placeAccount, placeAsNew, takeOff } from "../../../src/store/identity/placing.ts";
import { test } from "../../support/database.ts";
import { identities, now, records, say, take, ticket, unmatched } from "./scene.ts";

const match = { accounts: "match" } as const;
const keys = { idsAreKeys: true } as const;
const wish = { source: "crm", externalId: "12", author: "anna" };

const inTx = <Result>(db: Db, use: (tx: Tx) => Promise<Result>) => db.transaction().execute(use);

async function idOf(db: Db, key: string): Promise<number> {
  return (await db.selectFrom("accounts").select("id").where("key", "=", key).executeTakeFirstOrThrow()).id;
}

async function begin(db: Db): Promise<void> {
  await say(db, "app", [{ id: "acme" }, { id: "other" }], keys);
  await say(db, "crm", [{ id: "12", domains: ["acme.com"] }], match);
  await take(db, "crm", [ticket("t1", "12"), ticket("t2", "12")], match);
}

test("what a person places gets all that waited, once, and others are known by its domains from then on", async ({
  db,
}) => {
  await begin(db);
  await say(db, "desk", [{ id: "7", domains: ["acme.com"] }], match);
  const accountId = await idOf(db, "acme");
  const placed = await inTx(db, (tx) => placeAccount(tx, wish, accountId, now));
  expect(placed).toEqual({ kind: "placed", accountId, key: "acme", applied: 4 });
  expect(await identities(db)).toMatchObject({ "crm 12": "acme", "desk 7": "acme" });
  expect(await unmatched(db)).toEqual({});
  const again = await inTx(db, (tx) => placeAccount(tx, wish, accountId, now));
  expect(again).toEqual({ kind: "placed-before", key: "acme" });
});

test("an account is made of what nobody could place, under a key of ours or of the source's", async ({ db }) => {
  await begin(db);
  await say(db, "crm", [{ id: "13" }], match);
  expect(await inTx(db, (tx) => placeAsNew(tx, wish, "acme", now))).toEqual({ kind: "key-taken", key: "acme" });
  await inTx(db, (tx) => placeAsNew(tx, wish, "brand-new", now));
  await inTx(db, (tx) => placeAsNew(tx, { ...wish, externalId: "13" }, null, now));
  expect(await identities(db)).toMatchObject({ "crm 12": "brand-new", "crm 13": "crm-13" });
  const names = await db.selectFrom("accounts").select("name").where("key", "=", "brand-new").execute();
  expect(names).toEqual([{ name: "12 Ltd" }]);
});

test("what is none of ours drops what it holds and holds no more, and never finds an account by itself", async ({
  db,
}) => {
  await begin(db);
  expect(await inTx(db, (tx) => dismissAccount(tx, wish))).toEqual({ dropped: 3 });
  expect(await inTx(db, (tx) => dismissAccount(tx, wish))).toBeNull();
  await say(db, "crm", [{ id: "12", key: "acme", at: "2026-02-02T00:00:00Z" }], match);
  await take(db, "crm", [ticket("t3", "12")], match);
  expect(await identities(db)).toEqual({ "app acme": "acme", "app other": "other" });
  expect(await db.selectFrom("heldInputs").select("input").execute()).toEqual([]);
});

test("a wrong match is undone: the source's records wait again, and go where a person says", async ({ db }) => {
  await begin(db);
  const [acme, other] = [await idOf(db, "acme"), await idOf(db, "other")];
  await inTx(db, (tx) => placeAccount(tx, wish, acme, now));
  expect(await inTx(db, (tx) => takeOff(tx, wish, now))).toEqual({ accountId: acme, key: "acme", returned: 3 });
  expect(await records(db)).toEqual({ acme: ["app account acme"], other: ["app account other"] });
  expect(await unmatched(db)).toEqual({ "crm 12": "taken off acme by anna" });
  await say(db, "crm", [{ id: "12", key: "acme", at: "2026-02-02T00:00:00Z" }], match);
  expect(await identities(db)).not.toHaveProperty("crm 12");
  await inTx(db, (tx) => placeAccount(tx, wish, other, now));
  expect((await records(db))["other"]).toEqual([
    ...["app account other", "crm account 12", "crm ticket t1", "crm ticket t2"],
  ]);
});

test("an account that only the taken-off source knew is archived", async ({ db }) => {
  await say(db, "crm", [{ id: "12", key: "acme" }]);
  await inTx(db, (tx) => takeOff(tx, wish, now));
  expect(await listAccounts(db, { order: "key", limit: 10 })).toEqual([]);
});

test("records stay where the source knows the account by another id as well", async ({ db }) => {
  await say(db, "app", [{ id: "acme" }], keys);
  await say(db, "crm", [
    { id: "12", key: "acme" },
    { id: "13", key: "acme" },
  ]);
  expect(await inTx(db, (tx) => takeOff(tx, wish, now))).toMatchObject({ returned: null });
  const { rows } = await sql`select 1 from held_inputs`.execute(db);
  expect(rows).toEqual([]);
});
