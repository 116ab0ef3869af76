import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { type Db, openDatabase } from "../../../src/store/db.ts";
import { test } from "../../support/database.ts";
import { accountInput, identities, records, type Said, say, take, ticket, unmatched } from "./scene.ts";

const match = { accounts: "match" } as const;
const keys = { idsAreKeys: true } as const;

describe("an account of a source", () => {
  test("is the one whose key its own field names", async ({ db }) => {
    await say(db, "app", [{ id: "acme" }], keys);
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    expect(await identities(db)).toEqual({ "app acme": "acme", "crm 12": "acme" });
  });

  test("is the only one that is known by its domain, as the record or the claim of any source states it", async ({
    db,
  }) => {
    await take(db, "import", [accountInput({ id: "acme", set: { domain: "https://www.acme.com" } })], keys);
    await say(db, "crm", [{ id: "12", domains: ["info@acme.com"] }], match);
    await say(db, "desk", [{ id: "7", set: { domain: "acme.com" } }], match);
    expect(await identities(db)).toEqual({ "import acme": "acme", "crm 12": "acme", "desk 7": "acme" });
  });

  test("is never found by its id, where ids are not our keys", async ({ db }) => {
    await say(db, "app", [{ id: "12345" }], keys);
    await take(db, "app", [ticket("t1", "12345")], keys);
    await say(db, "crm", [{ id: "12345" }]);
    await take(db, "desk", [ticket("t2", "12345")]);
    expect(await identities(db)).toEqual({ "app 12345": "12345", "crm 12345": "crm-12345" });
    expect((await records(db))["12345"]).toEqual(["app account 12345", "app ticket t1"]);
  });

  test("is never found by a free-mail domain", async ({ db }) => {
    await take(db, "import", [accountInput({ id: "acme", set: { domain: "gmail.com" } })], keys);
    await say(db, "crm", [{ id: "12", domains: ["joe@gmail.com"] }], match);
    expect(await unmatched(db)).toEqual({ "crm 12": "no account is known by its domains" });
  });

  test("is made where the source may make accounts, under its key or a name that no key of ours can be", async ({
    db,
  }) => {
    await say(db, "crm", [{ id: "12", key: "acme" }, { id: "13" }]);
    expect(await identities(db)).toEqual({ "crm 12": "acme", "crm 13": "crm-13" });
  });

  test("waits with all that is its own where it may only be found", async ({ db }) => {
    const summary = await say(db, "crm", [{ id: "12" }], match);
    expect(summary).toMatchObject({ held: 1, written: 0, accountsCreated: 0 });
    await take(db, "crm", [ticket("t1", "12")], match);
    expect(await unmatched(db)).toEqual({ "crm 12": "no account is known by its domains" });
    expect(await records(db)).toEqual({});
  });

  test("goes to the list when several accounts have its domain, whatever the source may do", async ({ db }) => {
    const both = ["one", "two"].map((id) => accountInput({ id, set: { domain: "acme.com" } }));
    await take(db, "import", both, keys);
    await say(db, "crm", [{ id: "12", domains: ["acme.com"] }]);
    expect(await unmatched(db)).toEqual({
      "crm 12": "acme.com is one, acme.com is two: several accounts may be meant",
    });
  });

  test("goes to the list when the same source knows the account of its domain by another id", async ({ db }) => {
    await say(db, "crm", [
      { id: "12", domains: ["acme.com"] },
      { id: "13", domains: ["acme.com"] },
    ]);
    expect(await unmatched(db)).toEqual({ "crm 13": "acme.com is crm-12, which crm knows as 12 already" });
  });

  test("goes to the list when its key and its domain name two accounts that may be one", async ({ db }) => {
    await say(db, "crm", [{ id: "12", domains: ["acme.com"] }]);
    await say(db, "app", [{ id: "acme" }], keys);
    await say(db, "desk", [{ id: "7", key: "acme", domains: ["acme.com"] }]);
    expect(await unmatched(db)).toEqual({ "desk 7": "its key says acme, but acme.com is crm-12" });
  });

  test("with a key of its own is another one than its sister of the same domain", async ({ db }) => {
    await say(db, "crm", [
      { id: "12", key: "acme-us", domains: ["acme.com"] },
      { id: "13", key: "acme-eu", domains: ["acme.com"] },
    ]);
    expect(await identities(db)).toEqual({ "crm 12": "acme-us", "crm 13": "acme-eu" });
    expect(await unmatched(db)).toEqual({});
  });

  test("stays what it is, whatever its source says of it later", async ({ db }) => {
    await say(db, "app", [{ id: "acme" }, { id: "other" }], keys);
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    await say(db, "crm", [{ id: "12", key: "other", domains: ["other.com"], at: "2026-02-01T00:00:00Z" }]);
    expect(await identities(db)).toMatchObject({ "crm 12": "acme" });
  });

  test("leaves a domain that its record gives up to others", async ({ db }) => {
    await take(db, "import", [accountInput({ id: "one", set: { domain: "acme.com" } })], keys);
    const moved = [
      accountInput({ id: "one", at: "2026-02-01T00:00:00Z", set: { domain: null } }),
      accountInput({ id: "two", set: { domain: "acme.com" } }),
    ];
    await take(db, "import", moved, keys);
    await say(db, "crm", [{ id: "12", domains: ["acme.com"] }], match);
    expect(await identities(db)).toMatchObject({ "crm 12": "two" });
  });
});

describe("a parent that a source names by its own id", () => {
  const child = { id: "13", set: { parent: "12" } };
  const parents = async (db: Db) => {
    const { rows } = await sql<{ key: string; parent: string | null }>`
      select a.key, p.key as parent from accounts a left join accounts p on p.id = a.parent_id order by 1`.execute(db);
    return Object.fromEntries(rows.map(({ key, parent }) => [key, parent]));
  };

  test("is the account that the source means by it, never one with that key", async ({ db }) => {
    await say(db, "app", [{ id: "12" }], keys);
    await say(db, "crm", [{ id: "12", key: "acme" }, child]);
    expect(await parents(db)).toEqual({ "12": null, acme: null, "crm-13": "acme" });
  });

  test.for([
    { how: "makes an account of it", parent: { id: "12" }, key: "crm-12" },
    { how: "finds it by its key", parent: { id: "12", key: "acme" }, key: "acme" },
  ])("is found when the source $how later", async ({ parent, key }, { db }) => {
    await say(db, "app", [{ id: "acme" }], keys);
    await say(db, "crm", [child]);
    expect(await parents(db)).toEqual({ acme: null, "crm-13": null });
    await say(db, "crm", [parent]);
    expect(await parents(db)).toMatchObject({ "crm-13": key });
    await say(db, "crm", [{ ...child, at: "2026-02-01T00:00:00Z", set: { owner: "anna" } }]);
    expect(await parents(db)).toMatchObject({ "crm-13": key });
  });
});

test("two sources that meet a company at the same time make one account of it", async ({ db, url }) => {
  const other = openDatabase(url);
  for (let turn = 0; turn < 5; turn += 1) {
    const said = [{ id: String(turn), domains: [`acme${turn}.com`] }];
    await Promise.all([say(db, "crm", said), say(other.db, "desk", said)]);
  }
  await other.close();
  expect(await db.selectFrom("accounts").select("key").execute()).toHaveLength(5);
  expect(Object.keys(await identities(db))).toHaveLength(10);
});

describe("what waits", () => {
  test("is applied once the account comes that its key names, in the order it came", async ({ db }) => {
    await say(db, "crm", [{ id: "12", key: "acme", set: { owner: "anna" } }], match);
    await take(db, "crm", [ticket("t1", "12"), ticket("t2", "12")], match);
    const summary = await say(db, "app", [{ id: "acme" }], keys);
    expect(summary).toMatchObject({ accountsCreated: 1, written: 4 });
    expect(await records(db)).toEqual({
      acme: ["app account acme", "crm account 12", "crm ticket t1", "crm ticket t2"],
    });
    expect(await unmatched(db)).toEqual({});
    expect(await db.selectFrom("heldInputs").selectAll().execute()).toEqual([]);
    expect(await say(db, "crm", [{ id: "12", key: "acme" }], match)).toMatchObject({ unchanged: 1, written: 0 });
  });

  test("is applied once an account is known by its domain, and by what that says in turn", async ({ db }) => {
    await say(db, "desk", [{ id: "7", domains: ["acme.at"] }], match);
    await say(db, "crm", [{ id: "12", domains: ["acme.com", "acme.at"] }], match);
    await say(db, "app", [{ id: "acme", domains: ["acme.com"] }], keys);
    expect(await identities(db)).toEqual({ "app acme": "acme", "crm 12": "acme", "desk 7": "acme" });
    expect(await unmatched(db)).toEqual({});
  });

  test("stays in the list with a new reason when what came makes it no clearer", async ({ db }) => {
    await say(db, "crm", [{ id: "12", domains: ["acme.com"] }], match);
    await say(
      db,
      "app",
      [
        { id: "one", domains: ["acme.com"] },
        { id: "two", domains: ["acme.com"] },
      ],
      keys,
    );
    expect(Object.keys(await unmatched(db))).toEqual(["crm 12"]);
    expect((await unmatched(db))["crm 12"]).toContain("several accounts");
  });

  test("is not taken by an account of ours whose key happens to be the source's id", async ({ db }) => {
    await take(db, "crm", [ticket("t1", "acme")], match);
    await say(db, "app", [{ id: "acme" }], keys);
    expect(await records(db)).toEqual({ acme: ["app account acme"] });
  });

  test("keeps the stream by which its usage came", async ({ db }) => {
    const usage = { kind: "usage", mode: "daily", account: "12", name: "logins", day: "2026-03-01", value: 3 } as const;
    await take(db, "crm", [usage], { stream: "events" });
    await say(db, "crm", [{ id: "12" }]);
    const { rows } = await sql`
      select n.name, s.source, s.kind from usage_names n join streams s on s.id = n.stream_id`.execute(db);
    expect(rows).toEqual([{ name: "logins", source: "crm", kind: "events" }]);
  });
});

interface Page {
  readonly source: string;
  readonly said: Said;
  readonly batch: object;
}

/** A company as four sources see it: each hint leads to this company only. */
const seenAs = (name: string): readonly Page[] => [
  { source: "app", said: { id: name, domains: [`${name}.com`] }, batch: keys },
  { source: "crm", said: { id: `c-${name}`, key: name, domains: [`${name}.com`, `${name}.at`] }, batch: {} },
  { source: "desk", said: { id: `d-${name}`, domains: [`${name}.at`] }, batch: match },
  { source: "billing", said: { id: `cus-${name}`, key: name }, batch: match },
];

/** Which ids mean one account, whatever its key is. */
async function partition(db: Db): Promise<string[]> {
  const groups = new Map<string, string[]>();
  for (const [id, key] of Object.entries(await identities(db))) groups.set(key, [...(groups.get(key) ?? []), id]);
  return [...groups.values()].map((ids) => ids.sort().join(", ")).sort();
}

test("sources that arrive in any order mean the same accounts in the end, and what is held is applied once", async ({
  db,
}) => {
  const names: string[] = [];
  const turns = fc.array(fc.shuffledSubarray([...seenAs("acme").keys()], { minLength: 4 }), {
    minLength: 10,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(turns, async (orders) => {
      const fresh = orders.map((_, turn) => `acme${names.length + turn}`);
      names.push(...fresh);
      for (let step = 0; step < 4; step += 1) {
        for (const [turn, order] of orders.entries()) {
          const page = seenAs(fresh[turn] ?? "")[order[step] ?? 0];
          if (page === undefined) continue;
          const { source, said, batch } = page;
          await take(db, source, [ticket(`t-${said.id}`, said.id)], batch);
          await say(db, source, [said], batch);
        }
      }
      expect(await unmatched(db)).toEqual({});
      const whole = names.map((name) => `app ${name}, billing cus-${name}, crm c-${name}, desk d-${name}`);
      expect(await partition(db)).toEqual(whole.sort());
      const { rows } = await sql<{ records: number; held: number; changes: number }>`
        select (select count(*) from records)::integer as records, (select count(*) from held_inputs)::integer as held,
          (select count(*) from record_changes)::integer as changes`.execute(db);
      expect(rows).toEqual([{ records: 8 * names.length, held: 0, changes: 8 * names.length }]);
    }),
    { numRuns: 3 },
  );
});
