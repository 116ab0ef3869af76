import { describe, expect } from "vitest";
import { z } from "zod";
import { createSilentLog } from "../../src/log.ts";
import { listedAccountSchema } from "../../src/queries/accounts.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";
import type { Db } from "../../src/store/db.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";
import { type Api, serve, test } from "./api.ts";
import { expectProblem } from "./problems.ts";

const now = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const week = (value: number) => Array.from({ length: 7 }, () => value);
const configuration = configure([playbook()]);

/** Accounts with their logins a day; scored and judged. */
async function live(db: Db, logins: Readonly<Record<string, number>>): Promise<void> {
  for (const [key, value] of Object.entries(logins)) await take(db, account(key, "2026-03-09", week(value)), now);
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration, log }, now);
  await respondDue({ db, configuration, log }, now);
}

const pageSchema = z.strictObject({ accounts: z.array(listedAccountSchema), next: z.string().nullable() });

async function list(api: Api, query = ""): Promise<z.infer<typeof pageSchema>> {
  const answer = await api.call("GET", `/api/v1/accounts${query}`, { token: await api.token() });
  expect(answer.status).toBe(200);
  return pageSchema.parse(answer.body);
}

const keysOf = (page: z.infer<typeof pageSchema>) => page.accounts.map((one) => one.account);

describe("the list of accounts", () => {
  test("is empty at first", async ({ api }) => {
    expect(await list(api)).toEqual({ accounts: [], next: null });
  });

  test("tells of each account its newest score, and what fired", async ({ api, db }) => {
    await live(db, { acme: 3, other: 9 });
    expect((await list(api)).accounts).toEqual([
      {
        account: "acme",
        name: "acme Ltd",
        owner: "anna",
        segment: null,
        stage: null,
        day: "2026-03-10",
        score: 30,
        weekChange: null,
        band: "red",
        coverage: 1,
        mainDriver: "logins",
        fired: ["save"],
      },
      expect.objectContaining({ account: "other", score: 90, band: "green", fired: [] }),
    ]);
  });

  test("can be walked page by page: every account once, in order, also those that come meanwhile", async ({
    api,
    db,
  }) => {
    const keys = Array.from({ length: 25 }, (_, index) => `account-${String(index).padStart(2, "0")}`);
    await live(db, Object.fromEntries(keys.map((key) => [key, 5])));
    const met: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await list(api, `?limit=10${query}`);
      met.push(...keysOf(page));
      cursor = page.next;
      // One before the cursor and one after it, made between two pages.
      if (met.length === 10) await live(db, { "account-00a": 5, "account-20a": 5 });
    } while (cursor !== null);
    expect(met).toEqual([...keys.slice(0, 21), "account-20a", ...keys.slice(21)]);
  });

  test("ends without a next page when the last one is just full", async ({ api, db }) => {
    await live(db, { a: 5, b: 5, c: 5 });
    expect(await list(api, "?limit=3")).toMatchObject({ next: null });
    expect(await list(api, "?limit=2")).toMatchObject({ next: "b" });
    expect(await list(api, "?limit=2&cursor=b")).toMatchObject({ accounts: [{ account: "c" }], next: null });
    expect(await list(api, "?cursor=zzz")).toEqual({ accounts: [], next: null });
  });

  test("walks over keys that need encoding", async ({ api, db }) => {
    const keys = ["a&limit=1", "a b", "a/b", "a+b", "ä=%", "a?#"];
    await live(db, Object.fromEntries(keys.map((key) => [key, 5])));
    const met: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: z.infer<typeof pageSchema> = await list(api, `?limit=1&cursor=${encodeURIComponent(cursor)}`);
      met.push(...keysOf(page));
      cursor = page.next;
    }
    expect(met.toSorted()).toEqual(keys.toSorted());
  });

  test("can be asked for by owner, segment and band", async ({ api, db }) => {
    await live(db, { red: 1, yellow: 5, green: 9 });
    await take(db, account("ben's", "2026-03-09", [], "ben"), now);
    const at = "2026-03-01T00:00:00Z";
    await take(db, [{ kind: "account", id: "green", at, set: { segment: "mid" } }], now);
    expect(keysOf(await list(api, "?band=red"))).toEqual(["red"]);
    expect(keysOf(await list(api, "?band=unknown"))).toEqual(["ben's"]);
    expect(keysOf(await list(api, "?owner=ben"))).toEqual(["ben's"]);
    expect(keysOf(await list(api, "?segment=mid"))).toEqual(["green"]);
    expect(keysOf(await list(api, "?segment=mid&band=red"))).toEqual([]);
    expect(keysOf(await list(api, "?owner=' or 1=1 --"))).toEqual([]);
  });

  test.for([
    "?limit=0",
    "?limit=501",
    "?limit=1.5",
    "?limit=ten",
    "?limit=",
    "?limit=1&limit=2",
    "?owner=a&owner=b",
    "?owner[]=a",
    "?sort=score",
    "?__proto__=x",
    "?band=%00",
    "?cursor=a%00",
    `?cursor=${"x".repeat(301)}`,
  ])("refuses %s", async (query, { api }) => {
    expectProblem(await api.call("GET", `/api/v1/accounts${query}`, { token: await api.token() }), 400);
  });
});

describe("one account", () => {
  const show = async (api: Api, key: string, query = "") =>
    api.call("GET", `/api/v1/accounts/${encodeURIComponent(key)}${query}`, { token: await api.token() });

  test("is told with its score, drivers, metrics and playbooks", async ({ db }) => {
    const api = await serve(db, { configuration });
    await live(db, { acme: 3 });
    const answer = await show(api, "acme");
    await api.server.stop();
    expect(answer.status).toBe(200);
    const explanation = explanationSchema.parse(answer.body);
    expect(explanation).toMatchObject({
      account: "acme",
      name: "acme Ltd",
      owner: "anna",
      asOf: "2026-03-10T12:00:00.000Z",
      model: "default",
      revision: 1,
      score: 30,
      band: "red",
      coverage: 1,
    });
    expect(explanation.drivers).toEqual([
      {
        group: "usage",
        measure: "logins",
        metric: "usage.logins.avg_7d",
        value: 3,
        unit: expect.any(String),
        ageDays: 0,
        state: "value",
        points: 30,
        weight: 1,
        contribution: 30,
      },
    ]);
    expect(explanation.metrics["usage.logins.avg_7d"]).toEqual({
      value: 3,
      unit: expect.any(String),
      ageDays: 0,
      state: "value",
    });
    expect(explanation.metrics["tickets.open"]).toMatchObject({ value: null, ageDays: null, state: "no-data" });
    expect(explanation.metrics["contract.seats"]).toMatchObject({ value: null, reason: expect.any(String) });
    expect(explanation.playbooks).toMatchObject([
      { id: "save", state: "firing", since: now.toISOString(), reason: expect.stringContaining("score") },
    ]);
  });

  test("is found by any key that an account may have", async ({ api, db }) => {
    const keys = [
      "a/b",
      "a b",
      "a.b",
      "...",
      "a%2Fb",
      "a?b#c",
      "ä ö",
      "日本",
      "😀",
      "a+b",
      "' or 1=1",
      "__proto__",
      "\t",
    ];
    await live(db, Object.fromEntries(keys.map((key) => [key, 5])));
    for (const key of keys) {
      expect(await show(api, key)).toMatchObject({ status: 200, body: { account: key, score: 50 } });
    }
  });

  test("that nobody knows is 404", async ({ api, db }) => {
    await live(db, { acme: 5 });
    for (const key of ["ACME", "acme ", "nobody", "\0", "acme\0", "x".repeat(301), "constructor"]) {
      expect(expectProblem(await show(api, key), 404)).toBe("There is no such account.");
    }
  });

  test("can be asked for as of the end of a past day", async ({ api, db }) => {
    await live(db, { acme: 3 });
    expect(await show(api, "acme", "?at=2026-03-10")).toMatchObject({ status: 200, body: { score: 30 } });
    expect(await show(api, "acme", "?at=2026-03-09")).toMatchObject({ status: 200, body: { score: null } });
    for (const day of ["0000-01-01", "0001-01-01", "0150-01-01", "1969-12-31", "9999-12-31"]) {
      expect(await show(api, "acme", `?at=${day}`)).toMatchObject({ status: 200, body: { account: "acme" } });
    }
  });

  test("can be asked why it moved since a day", async ({ api, db }) => {
    await live(db, { acme: 3 });
    for (const day of ["2026-03-01", "0000-01-01", "1969-12-31", "9999-12-31"]) {
      const answer = await show(api, "acme", `?since=${day}`);
      expect(answer.status).toBe(200);
      expect(explanationSchema.parse(answer.body).change).toMatchObject({ to: { score: 30 }, parts: [] });
    }
  });

  test.for([
    "?since=yesterday",
    "?since=",
    "?at=yesterday",
    "?at=2026-02-30",
    "?at=2026-03-10T00:00:00Z",
    "?at=",
    "?day=2026-03-10",
    "?at=1&at=2",
  ])("refuses %s", async (query, { api, db }) => {
    await live(db, { acme: 3 });
    expectProblem(await show(api, "acme", query), 400);
  });

  test("with nothing but a name is told as what is not known", async ({ api, db }) => {
    await take(db, account("acme", "2026-03-09", []), now);
    const answer = await show(api, "acme");
    expect(explanationSchema.parse(answer.body)).toMatchObject({ score: null, band: null, coverage: 0 });
  });
});
