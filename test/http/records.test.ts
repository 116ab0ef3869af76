import { sql } from "kysely";
import { describe, expect } from "vitest";
import { z } from "zod";
import type { Db } from "../../src/store/db.ts";
import { type Api, test } from "./api.ts";
import { expectProblem } from "./problems.ts";

const path = "/api/v1/records";
const at = "2026-03-01T10:00:00Z";
const acme = { kind: "account", id: "acme", at, set: { name: "Acme" } };

/** One good record of each kind. */
const everyKind = [
  { ...acme, set: { name: "Acme", zone: "Europe/Vienna", owner: "anna", fields: { tier: 2, vip: true, note: null } } },
  { kind: "contact", id: "c1", account: "acme", at, set: { name: "Kim", email: "kim@example.com", role: "primary" } },
  { kind: "ticket", id: "t1", account: "acme", at, set: { subject: "Help", status: "open", openedAt: at } },
  { kind: "survey", id: "s1", account: "acme", at, set: { type: "nps", score: 9 } },
  {
    kind: "subscription",
    id: "p1",
    account: "acme",
    at,
    set: { startsOn: "2026-01-01", amountMinor: 12_000, currency: "EUR", interval: "month", seats: 5 },
  },
  {
    kind: "invoice",
    id: "i1",
    account: "acme",
    at,
    set: { status: "open", amountMinor: 12_000, currency: "EUR", issuedOn: "2026-02-01", dueOn: "2026-02-15" },
  },
  { kind: "opportunity", id: "o1", account: "acme", at, set: { type: "renewal", outcome: "open" } },
  { kind: "touchpoint", id: "h1", account: "acme", at, set: { type: "call", note: "All well" } },
  { kind: "event", id: "e1", account: "acme", at, set: { name: "exported", payload: { rows: [1, { deep: null }] } } },
  { kind: "usage", account: "acme", name: "logins", day: "2026-03-01", value: 5 },
  { kind: "usage", mode: "event", account: "acme", name: "exports", day: "2026-03-01", value: 1, id: "u1" },
];

const rejectedSchema = z.object({ rejected: z.array(z.object({ index: z.number(), reason: z.string() })) });

const post = async (api: Api, body: unknown, headers: Readonly<Record<string, string>> = {}, token?: string) =>
  api.call("POST", path, { token: token ?? (await api.token()), body, headers });

/** All that a request could have left behind. */
async function contents(db: Db): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*)::integer from accounts) as accounts, (select count(*)::integer from record_changes) as changes,
      (select count(*)::integer from usage_daily) as days, (select count(*)::integer from usage_events) as events,
      (select count(*)::integer from held_inputs) as held, (select count(*)::integer from stream_coverage) as coverage,
      (select count(*)::integer from idempotency_keys) as keys,
      (select coalesce(sum(dirty_seq), 0)::integer from account_work) as dirty`.execute(db);
  return rows[0] ?? {};
}

describe("records", () => {
  test("of every kind are taken, and taken again change nothing", async ({ api, db }) => {
    const first = await post(api, { records: everyKind });
    expect(first).toMatchObject({ status: 200, body: { written: 11, unchanged: 0, held: 0, rejected: [] } });
    const before = await contents(db);
    expect(before).toMatchObject({ accounts: 1, changes: 9, days: 2, events: 1 });
    expect(await post(api, { records: everyKind })).toMatchObject({
      status: 200,
      body: { written: 0, unchanged: 11, held: 0, rejected: [] },
    });
    expect(await contents(db)).toEqual(before);
  });

  test("that are good are kept while bad ones are told by their place and why", async ({ api, db }) => {
    const usage = { kind: "usage", account: "acme", name: "logins", day: "2026-03-01", value: 1 };
    const bad: readonly (readonly [unknown, RegExp])[] = [
      [null, /expected object/],
      ["text", /expected object/],
      [[], /expected object/],
      [{}, /kind/],
      [{ kind: "toString" }, /kind/],
      [{ ...acme, kind: "acount" }, /kind/],
      [{ ...acme, id: "" }, /^id: /],
      [{ ...acme, id: "x".repeat(10_000) }, /^id: Too big/],
      [{ ...acme, at: "yesterday" }, /^at: /],
      [{ ...acme, at: "2026-02-30T00:00:00Z" }, /^at: /],
      [{ ...acme, at: "0000-01-01T00:00:00Z" }, /years 1 to 9998/],
      [{ ...acme, at: "2026-03-01T10:00:00" }, /^at: /],
      [{ ...acme, surprise: 1 }, /surprise/],
      [{ ...acme, set: { nmae: "Acme" } }, /^set: .*nmae/],
      [{ ...acme, set: { zone: "Mars/Olympus" } }, /^set\.zone: .*time zone/],
      [{ ...acme, account: "other" }, /^account: /],
      [{ ...usage, account: "nobody" }, /no account nobody/],
      [{ ...usage, day: "2026-13-01" }, /^day: /],
      [{ ...usage, day: "0000-02-29" }, /years 1 to 9998/],
      [{ ...usage, value: "5" }, /^value: /],
      [{ ...usage, value: 1e300 }, /^value: Too big/],
      [{ ...usage, value: -1e300 }, /^value: Too small/],
      [{ ...usage, name: "log.ins" }, /^name: a usage name/],
      [{ ...usage, name: "n".repeat(10_000) }, /^name: /],
      [{ ...acme, set: { name: "nul\0" } }, /NUL/],
      [{ ...acme, set: { name: "half \ud800 of a pair" } }, /broken character/],
      [{ ...acme, id: "\0" }, /NUL/],
      [{ ...acme, set: { "\0": 1 } }, /Unrecognized key/],
      [{ ...acme, set: { "\ud800": 1 } }, /Unrecognized key/],
      [{ ...acme, set: { fields: { "no spaces": 1 } } }, /^set\.fields/],
      [{ kind: "invoice", id: "i", account: "acme", at, set: { amountMinor: 0.5 } }, /^set\.amountMinor: /],
      [{ kind: "invoice", id: "i", account: "acme", at, set: { amountMinor: 1e20 } }, /^set\.amountMinor: /],
      [{ kind: "contact", id: "c", account: "acme", at, set: { email: "a@x, v@v" } }, /^set\.email: /],
      [{ kind: "event", id: "e", account: "acme", at, set: { payload: { text: "\0" } } }, /NUL/],
    ];
    const records = [acme, ...bad.map(([record]) => record), usage];
    const answer = await post(api, { records }, { "idempotency-key": "one" });
    expect(answer).toMatchObject({ status: 200, body: { written: 2, unchanged: 0, held: 0 } });
    const { rejected } = rejectedSchema.parse(answer.body);
    expect(rejected.map(({ index }) => index)).toEqual(bad.map((_, index) => index + 1));
    for (const [position, [, reason]] of bad.entries()) expect(rejected[position]?.reason).toMatch(reason);
    expect(await contents(db)).toMatchObject({ accounts: 1, changes: 1, days: 1 });
    expect((await post(api, { records })).body).toMatchObject({ written: 0, unchanged: 2, rejected });
  });

  test("numbers that JSON can write and no float can hold are rejected", async ({ api }) => {
    const body = `{"records":[{"kind":"usage","account":"acme","name":"a","day":"2026-03-01","value":1e400}]}`;
    expect(await post(api, body)).toMatchObject({ status: 200, body: { rejected: [{ index: 0 }] } });
  });

  test("a reason that would quote much is cut", async ({ api }) => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`unknown-${index}`, 1]));
    const answer = await post(api, { records: [{ ...acme, ...many }] });
    expect(JSON.stringify(answer.body).length).toBeLessThan(1000);
  });

  test("of unknown accounts are held until the account comes, if the sender says so", async ({ api, db }) => {
    const usage = everyKind.slice(-2);
    const held = await post(api, { records: usage, unknownAccounts: "hold" });
    expect(held).toMatchObject({ status: 200, body: { written: 0, held: 2, rejected: [] } });
    expect(await contents(db)).toMatchObject({ held: 2, days: 0 });
    expect((await post(api, { records: [acme] })).body).toMatchObject({ written: 3, held: 0, rejected: [] });
    expect(await contents(db)).toMatchObject({ held: 0, days: 2 });
  });

  test("a record that moves to another account is rejected", async ({ api }) => {
    const ticket = { kind: "ticket", id: "t1", account: "acme", at, set: { status: "open" } };
    const other = { ...acme, id: "other", set: { name: "Other" } };
    const records = [acme, other, ticket, { ...ticket, account: "other" }];
    expect(await post(api, { records })).toMatchObject({
      body: { written: 3, rejected: [{ index: 3, reason: expect.stringContaining("belongs to another account") }] },
    });
  });

  test("keys named like JavaScript's own change nothing but their own record", async ({ api, db }) => {
    const body = `{"records":[
      {"kind":"account","id":"acme","at":"${at}","set":{"name":"Acme","__proto__":{"owner":"evil"}}},
      {"kind":"account","id":"b","at":"${at}","set":{"name":"B","fields":{"__proto__":{"x":1},"constructor":"c"}}},
      {"kind":"event","id":"e","account":"acme","at":"${at}","set":{"name":"n","payload":{"__proto__":{"x":1}}}},
      {"kind":"account","id":"c","at":"${at}","__proto__":{"set":{"name":"C"}}}]}`;
    expect((await post(api, body)).status).toBe(200);
    expect(Object.prototype).not.toHaveProperty("x");
    const { rows } = await sql<{ set: string }>`select set::text from record_changes`.execute(db);
    for (const row of rows) expect(row.set).not.toMatch(/__proto__|evil/);
    const owners = await db.selectFrom("accounts").select("owner").execute();
    expect(owners.every(({ owner }) => owner === null)).toBe(true);
  });

  test("5,000 fit into one request, and one more does not", async ({ api, db }) => {
    const usage = Array.from({ length: 4999 }, (_, index) => ({
      kind: "usage",
      account: "acme",
      name: "logins",
      day: new Date(Date.parse("2020-01-01") + index * 86_400_000).toISOString().slice(0, 10),
      value: index,
    }));
    expect(await post(api, { records: [acme, ...usage] })).toMatchObject({ status: 200, body: { written: 5000 } });
    const before = await contents(db);
    expect(expectProblem(await post(api, { records: [acme, ...usage, acme] }), 400)).toContain("5000");
    expect(await contents(db)).toEqual(before);
  });

  test("usage goes to the month's own partition, not to the one for the rest", async ({ api, db }) => {
    await post(api, { records: everyKind });
    const { rows } = await sql`select 1 from usage_daily_default`.execute(db);
    expect(rows).toEqual([]);
  });
});

describe("the whole of a body", () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ["no object", [], /expected object/],
    ["an unknown key", { record: [] }, /record/],
    ["records that are no list", { records: { 0: acme } }, /expected array/],
    ["a source that is no name", { source: "Robert'); drop table accounts;--" }, /small letters/],
    ["an unknown way with unknown accounts", { unknownAccounts: "create" }, /unknownAccounts/],
    ["coverage of an unknown kind", { coverage: [{ kind: "logins", through: "2026-03-01" }] }, /kind/],
    ["coverage without a day", { coverage: [{ kind: "usage", through: "soon" }] }, /through/],
    ["coverage before there were years", { coverage: [{ kind: "usage", through: "0000-01-01" }] }, /0000-01-01/],
    ["coverage of a year typed wrongly", { coverage: [{ kind: "usage", through: "0026-03-01" }] }, /0026-03-01/],
    ["coverage of days to come", { coverage: [{ kind: "usage", through: "2999-01-01" }] }, /2999-01-01: expected/],
    ["more coverage than kinds", { coverage: Array(11).fill({ kind: "usage", through: "2026-03-01" }) }, /Too big/],
  ];
  test.for(cases)("is refused for %s, and nothing of it is kept", async ([, body, reason], { api, db }) => {
    const whole = Array.isArray(body) ? body : { records: [acme], ...Object(body) };
    expect(expectProblem(await post(api, whole, { "idempotency-key": "k" }), 400)).toMatch(reason);
    expect(await contents(db)).toMatchObject({ accounts: 0, changes: 0, coverage: 0, keys: 0 });
  });

  test("may be as little as an empty object", async ({ api }) => {
    const nothing = { written: 0, unchanged: 0, held: 0, rejected: [] };
    expect(await post(api, {})).toMatchObject({ status: 200, body: nothing });
  });
});

test("coverage makes silence zero, and never goes back", async ({ api, db }) => {
  const through = async () => {
    const { rows } = await sql<{ day: string }>`select max(through_day) as day from stream_coverage`.execute(db);
    return rows[0]?.day;
  };
  const cover = (day: string) => post(api, { source: "app", coverage: [{ kind: "usage", through: day }] });
  await post(api, { source: "app", records: everyKind });
  const before = await contents(db);
  expect((await cover("2026-03-05")).status).toBe(200);
  expect(await through()).toBe("2026-03-05");
  expect((await contents(db))["dirty"]).toBeGreaterThan(before["dirty"] ?? 0);
  await cover("2026-03-02");
  expect(await through()).toBe("2026-03-05");
});

describe("an Idempotency-Key", () => {
  const key = { "idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324" };
  const event = {
    kind: "usage",
    mode: "event",
    account: "acme",
    name: "exports",
    day: "2026-03-01",
    value: 1,
    id: "u",
  };
  const body = { records: [acme, event, { bad: "\0" }] };

  test("gives the same body the same answer, word for word, and applies it once", async ({ api, db }) => {
    const token = await api.token();
    const first = await post(api, body, key, token);
    const before = await contents(db);
    const second = await post(api, body, key, token);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(JSON.stringify(second.body)).toBe(JSON.stringify(first.body));
    expect(first.body).toMatchObject({ written: 2, rejected: [{ index: 2 }] });
    expect(await contents(db)).toEqual(before);
  });

  test("with another body is 422, and nothing of that is kept", async ({ api, db }) => {
    const token = await api.token();
    await post(api, body, key, token);
    const before = await contents(db);
    const other = await post(api, { records: [{ ...acme, id: "other" }] }, key, token);
    expect(expectProblem(other, 422)).toContain("another body");
    expect(await contents(db)).toEqual(before);
  });

  test("of another token is another key", async ({ api }) => {
    await post(api, body, key);
    expect(await post(api, body, key)).toMatchObject({ status: 200, body: { written: 0, unchanged: 2 } });
  });

  test("used by ten at once takes effect once, and all hear the same", async ({ api, db }) => {
    const token = await api.token();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(api, body, key, token)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(await contents(db)).toMatchObject({ accounts: 1, changes: 1, events: 1, keys: 1 });
  });

  test("is not used up by a request that was refused", async ({ api }) => {
    const token = await api.token();
    expectProblem(await post(api, { wrong: true }, key, token), 400);
    expect(await post(api, body, key, token)).toMatchObject({ status: 200, body: { written: 2 } });
  });

  test("has 1 to 255 characters", async ({ api }) => {
    expectProblem(await post(api, body, { "idempotency-key": "k".repeat(256) }), 400);
    expectProblem(await post(api, body, { "idempotency-key": "" }), 400);
    expect((await post(api, body, { "idempotency-key": "k".repeat(255) })).status).toBe(200);
  });
});

test("ten senders of overlapping records at once leave each record once", async ({ api, db }) => {
  const token = await api.token();
  const keys = Array.from({ length: 20 }, (_, index) => `account-${index}`);
  const bodyOf = (turn: number) => ({
    records: [...keys.slice(turn), ...keys.slice(0, turn)].flatMap((id) => [
      { ...acme, id },
      { kind: "ticket", id: `t-${id}`, account: id, at, set: { status: "open" } },
      { kind: "usage", mode: "event", account: id, name: "exports", day: "2026-03-01", value: 1, id: `u-${id}` },
    ]),
  });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, turn) => post(api, bodyOf(turn), {}, token)));
  expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
  const written = answers.reduce((sum, answer) => sum + Number(Object(answer.body).written), 0);
  expect(written).toBe(60);
  expect(await contents(db)).toMatchObject({ accounts: 20, changes: 40, events: 20, days: 20 });
});
