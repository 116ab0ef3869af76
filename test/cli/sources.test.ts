import { sql } from "kysely";
import { describe, expect } from "vitest";
import { sourcesSchema } from "../../src/queries/sources/overview.ts";
import { unmatchedSchema } from "../../src/queries/sources/unmatched.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { refuseFields } from "../store/field-rows.ts";
import { say, take, ticket } from "../store/identity/scene.ts";
import { test } from "../support/database.ts";
import { collectDeps, plainSource } from "../worker/plain-source.ts";
import { keepwell } from "./command-line.ts";

const match = { accounts: "match" } as const;
const keys = { idsAreKeys: true } as const;
const now = new Date("2026-03-10T12:00:00Z");

const source = plainSource({
  id: "crm",
  streams: ["account", "ticket"],
  pull: async () => ({ raw: [], cursor: "end", done: true, coveredThrough: "2026-03-09" }),
});

describe("sources", () => {
  test("lists streams with how far they are, and what is wrong with them", async ({ database, db }) => {
    expect((await keepwell(["sources"], database)).stdout).toBe("There are no sources: sources.json names them.\n");
    await collectDue(collectDeps(db, [source]), now);
    await sql`
      insert into stream_outages (stream_id, began_at, reason, kind)
      select id, '2026-03-08T10:00:00Z', 'the vendor answered 500', 'failing' from streams where kind = 'ticket'`.execute(
      db,
    );
    await say(db, "crm", [{ id: "12" }], match);
    const { stdout, stderr } = await keepwell(["sources", "list"], database);
    expect(stdout).toMatch(/crm +not in the documents +account .*2026-03-09.* ok/);
    expect(stdout).toContain("failing since 2026-03-08 10:00, its measures are held: the vendor answered 500");
    expect(stderr).toBe("crm has 1 account that nobody could place: keepwell sources unmatched --source crm\n");
    const json = sourcesSchema.parse(JSON.parse((await keepwell(["sources", "--json"], database)).stdout));
    expect(json.sources[0]).toMatchObject({ id: "crm", unmatched: 1, streams: [{ trouble: null }, { trouble: {} }] });
  });

  test("tells of how many accounts a CRM refused the fields, and why the last time", async ({ database, db }) => {
    await refuseFields(db, "crm", now);
    const { stdout, stderr } = await keepwell(["sources"], database);
    expect(stdout).toMatch(/crm +not in the documents/);
    expect(stderr).toBe("crm refused the fields of 2 accounts, the last: Band is required\n");
    const json = sourcesSchema.parse(JSON.parse((await keepwell(["sources", "--json"], database)).stdout));
    expect(json.sources.map(({ id, failedFields }) => [id, failedFields])).toEqual([
      ["crm", { accounts: 2, reason: "Band is required" }],
    ]);
  });

  test("pauses, resumes, pulls, resets and accepts, each with a row of the audit", async ({ database, db }) => {
    await collectDue(collectDeps(db, [source]), now);
    const run = (...words: string[]) => keepwell(["sources", ...words, "--author", "anna"], database);
    expect((await run("pause", "crm")).stdout).toBe("Not pulled any more: crm account, crm ticket.\n");
    expect(await run("pause", "crm", "ticket")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing to pause in crm\/ticket/),
    });
    await sql`update streams set next_pull_at = now() - interval '1 s'`.execute(db);
    expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 0 });
    expect((await run("resume", "crm", "ticket")).stdout).toBe("Pulled again: crm ticket.\n");
    expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 1 });
    await run("resume", "crm");
    await run("reset", "crm", "ticket");
    const rows = await db.selectFrom("streams").select(["kind", "cursor"]).orderBy("kind").execute();
    expect(rows).toEqual([
      { kind: "account", cursor: "end" },
      { kind: "ticket", cursor: null },
    ]);
    expect((await run("pull", "crm")).stdout).toContain("Due now: crm account, crm ticket.");
    expect(await run("accept", "crm", "ticket")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing to accept/),
    });
    expect(await run("pull", "nobody")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nobody was never pulled/),
    });
    expect(await run("pull", "crm", "deals")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/only account, ticket/),
    });
    const deeds = await db.selectFrom("audit").select(["deed", "subject"]).orderBy("id").execute();
    expect(deeds.map(({ deed, subject }) => `${deed} ${subject}`)).toEqual([
      ...[
        "stream.pause crm",
        "stream.resume crm/ticket",
        "stream.resume crm",
        "stream.reset crm/ticket",
        "stream.pull crm",
      ],
    ]);
  });
});

describe("accounts that nobody could place", () => {
  test("are listed with what waits and who may be meant, and placed", async ({ database, db }) => {
    await say(db, "app", [{ id: "acme", set: { name: "Acme" } }], keys);
    await say(db, "crm", [{ id: "12", domains: ["acme.com"] }, { id: "13" }, { id: "14" }], match);
    await take(db, "crm", [ticket("t1", "12")], match);
    const list = await keepwell(["sources", "unmatched", "--json"], database);
    const [first] = unmatchedSchema.parse(JSON.parse(list.stdout)).unmatched;
    expect(first).toMatchObject({
      id: "12",
      waiting: 2,
      suggestions: [{ account: "acme", why: "its name is in acme.com" }],
    });
    const text = await keepwell(["sources", "unmatched"], database);
    expect(text.stderr).toContain("keepwell sources match crm 12 acme");
    const run = async (...words: string[]) =>
      (await keepwell(["sources", ...words, "--author", "anna"], database)).stdout;
    expect(await run("match", "crm", "12", "acme")).toBe("12 of crm is acme. Applied of what waited: 2.\n");
    expect(await run("new", "crm", "13", "--key", "initech")).toBe(
      "The account initech is made. Applied of what waited: 1.\n",
    );
    expect(await run("dismiss", "crm", "14")).toBe("14 of crm is none of ours. Dropped of what waited: 1.\n");
    expect(await run("unmatch", "crm", "12")).toBe("12 of crm is acme no more. Waiting for a person to place it: 2.\n");
    expect(await run("merge", "initech", "acme")).toBe("All that was known of initech is acme's now.\n");
    const again = await keepwell(["sources", "merge", "acme", "initech"], database);
    expect(again).toMatchObject({ code: 2, stderr: "error: acme is acme already.\n" });
    const deeds = await db
      .selectFrom("audit")
      .select(["author", "deed"])
      .where("author", "=", "anna")
      .orderBy("id")
      .execute();
    expect(deeds.map(({ deed }) => deed)).toEqual([
      ...["identity.match", "identity.new", "identity.dismiss", "identity.unmatch", "account.merge"],
    ]);
  });

  test("refuse what cannot be, and say why", async ({ database, db }) => {
    await say(db, "app", [{ id: "acme" }, { id: "other" }], keys);
    await say(db, "crm", [{ id: "12", key: "acme" }]);
    const run = (...words: string[]) => keepwell(["sources", ...words], database);
    expect(await run("match", "crm", "12", "other")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is acme already: unmatch it first/),
    });
    expect(await run("new", "crm", "99", "--key", "acme")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/an account acme already/),
    });
    expect(await run("dismiss", "crm", "99")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/not among the unmatched/),
    });
    expect(await run("unmatch", "crm", "99")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/means no account of ours/),
    });
    expect(await run("merge", "acme", "acme")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/acme is acme already/),
    });
  });
});
