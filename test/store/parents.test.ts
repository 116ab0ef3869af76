import fc from "fast-check";
import { expect } from "vitest";
import type { RecordInput } from "../../src/scoring/records.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { applyInputs, type IntakeSummary } from "../../src/store/intake.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-03-10T12:00:00Z");

function account(id: string, parent?: string | null, at = "2026-01-01T00:00:00Z"): RecordInput {
  return { kind: "account", id, at, set: { name: id, ...(parent !== undefined && { parent }) } };
}

function take(db: Db, inputs: readonly RecordInput[], at = now): Promise<IntakeSummary> {
  return db
    .transaction()
    .execute((tx) => applyInputs(tx, { source: "crm", inputs, now: at, recordedAt: "now", unknownAccounts: "reject" }));
}

async function parents(db: Db): Promise<Record<string, string | null>> {
  const rows = await db
    .selectFrom("accounts as a")
    .leftJoin("accounts as p", "p.id", "a.parentId")
    .select(["a.key as child", "p.key as parent"])
    .orderBy("a.key")
    .execute();
  return Object.fromEntries(rows.map(({ child, parent }) => [child, parent]));
}

const due = async (db: Db) =>
  (
    await db
      .selectFrom("accountWork as w")
      .innerJoin("accounts as a", "a.id", "w.accountId")
      .select("a.key")
      .whereRef("dirtySeq", ">", "scoredSeq")
      .orderBy("a.key")
      .execute()
  ).map(({ key }) => key);

const settle = (db: Db) =>
  db
    .updateTable("accountWork")
    .set((eb) => ({ scoredSeq: eb.ref("dirtySeq") }))
    .execute();

test("an account belongs to the parent its record names, and to none once the record says so", async ({ db }) => {
  await take(db, [account("group"), account("acme", "group")]);
  expect(await parents(db)).toEqual({ acme: "group", group: null });
  await take(db, [account("acme", null, "2026-02-01T00:00:00Z")]);
  expect(await parents(db)).toEqual({ acme: null, group: null });
});

test("of two parents named for one moment in one instant the later counts", async ({ db }) => {
  await take(db, [account("group"), account("other")]);
  await take(db, [account("acme", "group", now.toISOString())]);
  await take(db, [account("acme", "other", now.toISOString())]);
  expect(await parents(db)).toEqual({ acme: "other", group: null, other: null });
});

test("a parent that comes later finds its children", async ({ db }) => {
  await take(db, [account("acme", "group"), account("globex", "group"), account("other", "else")]);
  expect(await parents(db)).toEqual({ acme: null, globex: null, other: null });
  await take(db, [account("group")]);
  expect(await parents(db)).toEqual({ acme: "group", globex: "group", group: null, other: null });
});

test("moving a child makes its old and its new parent due", async ({ db }) => {
  await take(db, [account("one"), account("two"), account("far"), account("acme", "one")]);
  await settle(db);
  await take(db, [account("acme", "two", "2026-02-01T00:00:00Z")]);
  expect(await due(db)).toEqual(["acme", "one", "two"]);
});

test("a record that would close a cycle is rejected with the way around it, and the others are kept", async ({
  db,
}) => {
  await take(db, [account("a"), account("b", "a"), account("c", "b")]);
  const later = "2026-02-01T00:00:00Z";
  const summary = await take(db, [account("d", "c", later), account("a", "c", later), account("e", "d", later)]);
  expect(summary.rejected).toEqual([
    { index: 1, reason: "its parent would close a cycle: a → c → b → a", cause: "its parent would close a cycle" },
  ]);
  expect(await parents(db)).toEqual({ a: null, b: "a", c: "b", d: "c", e: "d" });
});

test("a cycle within one batch is refused at the record that closes it", async ({ db }) => {
  const summary = await take(db, [account("a", "b"), account("b", "c"), account("c", "a"), account("own", "own")]);
  expect(summary.rejected.map(({ index }) => index)).toEqual([2, 3]);
  expect(await parents(db)).toEqual({ a: "b", b: "c", c: null, own: null });
});

test("two accounts change places in one batch", async ({ db }) => {
  await take(db, [account("a"), account("b", "a")]);
  const later = "2026-02-01T00:00:00Z";
  const summary = await take(db, [account("a", "b", later), account("b", null, later)]);
  expect(summary.rejected).toEqual([]);
  expect(await parents(db)).toEqual({ a: "b", b: null });
});

test("a history in which two accounts changed places comes in any order", async ({ db }) => {
  await take(db, [account("a", "b", "2026-03-01T00:00:00Z"), account("b")]);
  const summary = await take(db, [
    account("b", "a", "2026-01-05T00:00:00Z"),
    account("b", null, "2026-02-01T00:00:00Z"),
  ]);
  expect(summary.rejected).toEqual([]);
  expect(await parents(db)).toEqual({ a: "b", b: null });
});

test("two writers at once never close a cycle together", async ({ db, url }) => {
  const other = openDatabase(url);
  for (let turn = 0; turn < 5; turn += 1) {
    const [a, b] = [`a${turn}`, `b${turn}`];
    await take(db, [account(a), account(b)]);
    const later = "2026-02-01T00:00:00Z";
    const summaries = await Promise.all([take(db, [account(a, b, later)]), take(other.db, [account(b, a, later)])]);
    expect(summaries.reduce((sum, { rejected }) => sum + rejected.length, 0)).toBe(1);
  }
  await other.close();
});

test("a change dated ahead that closes a cycle once it takes effect leaves the account without a parent", async ({
  db,
}) => {
  await take(db, [account("a", "b", "2026-04-01T00:00:00Z"), account("b", "a")]);
  expect(await parents(db)).toEqual({ a: null, b: "a" });
  const then = new Date("2026-04-02T00:00:00Z");
  await take(db, [{ kind: "account", id: "a", at: "2026-04-02T00:00:00Z", set: { owner: "anna" } }], then);
  expect(await parents(db)).toEqual({ a: null, b: "a" });
});

test("random batches never leave a cycle, and what is not rejected is what is in force", async ({ db }) => {
  const key = fc.constantFrom("a", "b", "c", "d", "e");
  const batch = fc.array(fc.record({ key, parent: fc.option(key), minute: fc.nat(300) }), {
    minLength: 1,
    maxLength: 8,
  });
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
      turn += 1;
      const name = (one: string) => `${turn}-${one}`;
      const kept = new Map<string, { parent: string | null; at: string }>();
      for (const [index, inputs] of batches.entries()) {
        const records = inputs.map(({ key: one, parent, minute }) =>
          account(
            name(one),
            parent === null ? null : name(parent),
            new Date(Date.UTC(2026, 0, 1 + index, 0, minute)).toISOString(),
          ),
        );
        const { rejected } = await take(db, records, new Date(now.getTime() + index));
        records.forEach((record, place) => {
          if (rejected.some(({ index: at }) => at === place) || record.kind !== "account") return;
          const before = kept.get(record.id);
          // Of two at one moment the later in the batch stands.
          if (before === undefined || before.at <= record.at) {
            kept.set(record.id, { parent: record.set.parent ?? null, at: record.at });
          }
        });
      }
      const found = await parents(db);
      for (const [child, { parent }] of kept) {
        const exists = parent !== null && Object.hasOwn(found, parent);
        expect(found[child]).toBe(exists ? parent : null);
      }
      for (const child of Object.keys(found)) expect(depthOf(child, found)).toBeLessThan(100);
    }),
    { numRuns: 40 },
  );
});

function depthOf(key: string, found: Readonly<Record<string, string | null>>): number {
  let depth = 0;
  for (let at: string | null = key; at !== null && depth < 100; at = found[at] ?? null) depth += 1;
  return depth;
}
