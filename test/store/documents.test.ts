import fc from "fast-check";
import { describe, expect } from "vitest";
import {
  applyDocuments,
  hashDocument,
  isEmpty,
  readLiveDocuments,
  readRevisionKey,
} from "../../src/store/documents.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-03-02T08:00:00Z");
const options = { author: "anna", note: "first", now };
const company = { kind: "company", id: "company", body: { name: "Example" } };
const playbook = { kind: "playbook", id: "save", body: { id: "save", steps: [1, 2] } };

describe("documents", () => {
  test("get a new revision only where their content has changed", async ({ db }) => {
    const apply = (bodies: readonly (typeof company | typeof playbook)[]) =>
      db.transaction().execute((tx) => applyDocuments(tx, bodies, options));
    expect(await isEmpty(db)).toBe(true);
    expect(await apply([company, playbook])).toMatchObject({ created: [{ kind: "company" }, { kind: "playbook" }] });
    expect(await isEmpty(db)).toBe(false);
    const changed = { ...company, body: { name: "Example, Inc." } };
    const sameInOtherOrder = { ...playbook, body: { steps: [1, 2], id: "save" } };
    expect(await apply([changed, sameInOtherOrder])).toEqual({
      created: [],
      changed: [{ kind: "company", id: "company" }],
      unchanged: [{ kind: "playbook", id: "save" }],
      removed: [],
    });
    const live = await readLiveDocuments(db);
    expect(live.map(({ id, revision, body, author, note }) => ({ id, revision, body, author, note }))).toEqual([
      { id: "company", revision: 2, body: { name: "Example, Inc." }, author: "anna", note: "first" },
      { id: "save", revision: 1, body: playbook.body, author: "anna", note: "first" },
    ]);
    const kept = await db
      .selectFrom("documents")
      .select(["id", "revision"])
      .orderBy("id")
      .orderBy("revision")
      .execute();
    expect(kept.map(({ id, revision }) => `${id} ${revision}`)).toEqual(["company 1", "company 2", "save 1"]);
  });

  test("that are left out are no longer live, and come back as a new revision", async ({ db }) => {
    const apply = (bodies: readonly (typeof company | typeof playbook)[]) =>
      db.transaction().execute((tx) => applyDocuments(tx, bodies, options));
    await apply([company, playbook]);
    const before = await readRevisionKey(db);
    expect(await apply([company])).toMatchObject({ removed: [{ kind: "playbook", id: "save" }] });
    expect((await readLiveDocuments(db)).map(({ id }) => id)).toEqual(["company"]);
    expect(await readRevisionKey(db)).not.toBe(before);
    expect(await apply([company, playbook])).toMatchObject({ created: [{ kind: "playbook", id: "save" }] });
    expect((await readLiveDocuments(db)).map(({ revision }) => revision)).toEqual([1, 2]);
  });

  test("make every account due when anything changes, and none when nothing does", async ({ db }) => {
    const account = await db
      .insertInto("accounts")
      .values({ key: "acme", name: "Acme" })
      .returning("id")
      .executeTakeFirstOrThrow();
    await db.insertInto("accountWork").values({ accountId: account.id, dirtySeq: 5, scoredSeq: 5 }).execute();
    const work = () => db.selectFrom("accountWork").select(["dirtySeq", "nextRespondAt"]).executeTakeFirstOrThrow();
    await db.transaction().execute((tx) => applyDocuments(tx, [company], options));
    expect(await work()).toEqual({ dirtySeq: 6, nextRespondAt: now });
    await db.transaction().execute((tx) => applyDocuments(tx, [company], options));
    expect(await work()).toEqual({ dirtySeq: 6, nextRespondAt: now });
    await db.transaction().execute((tx) => applyDocuments(tx, [], options));
    expect(await work()).toMatchObject({ dirtySeq: 7 });
  });

  test("applied by two at once end as the second one's, with every revision kept", async ({ db }) => {
    const applications = [1, 2, 3, 4].map((version) =>
      db
        .transaction()
        .execute((tx) => applyDocuments(tx, [{ ...company, body: { name: `Example ${version}` } }], options)),
    );
    await Promise.all(applications);
    const revisions = await db.selectFrom("documents").select("revision").orderBy("revision").execute();
    expect(revisions.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect((await readLiveDocuments(db)).map(({ revision }) => revision)).toEqual([4]);
  });

  test("have the same hash however their keys are ordered, and another one for other content", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (body, extra) => {
        const turned = Object.fromEntries(Object.entries(body).reverse());
        expect(hashDocument(turned)).toBe(hashDocument(body));
        expect(hashDocument(JSON.parse(JSON.stringify(body)))).toBe(hashDocument(body));
        expect(hashDocument({ ...body, [`new ${extra}`]: 1 })).not.toBe(hashDocument(body));
        expect(hashDocument([body, 1])).not.toBe(hashDocument([1, body]));
      }),
    );
  });
});
