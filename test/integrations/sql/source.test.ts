import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { pullContext } from "../pull-context.ts";
import { mapAll, openWarehouse, readToEnd, sourceOf, type Warehouse } from "./warehouse.ts";

const now = new Date("2026-03-10T12:00:00Z");

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openWarehouse();
  await warehouse.query(`
    create table customers (id bigint primary key, name text, updated_at timestamptz(6));
    insert into customers select n, 'Customer ' || n, timestamptz '2026-03-01 08:00:00.123456+00' + (n / 5000) * interval '1 microsecond'
      from generate_series(1, 10000) n`);
});
afterAll(() => warehouse.close());

const byMoment = {
  record: "account",
  query: "select id, name, updated_at as at from customers where updated_at >= :since -- the newest",
  cursor: { type: "moment", column: "at" },
};

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error("nothing was refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SourceHalt)) throw error;
  return `${error.verdict.kind}: ${error.message}`;
}

describe("reading a table page by page", () => {
  test("brings every row once, though thousands share a moment to the microsecond", async () => {
    const source = sourceOf(warehouse.url, byMoment);
    const { rows, pages } = await readToEnd(source, now);
    expect(rows).toHaveLength(10_000);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(10_000);
    expect(pages).toHaveLength(6);
  });

  test("goes on behind the last row when the server throws everybody out after each page", async () => {
    let thrownOut = 0;
    const { rows } = await readToEnd(sourceOf(warehouse.url, byMoment), now, null, async () => {
      const { rowCount } = await warehouse.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where application_name = 'keepwell' and datname = current_database()`);
      thrownOut += rowCount ?? 0;
    });
    expect(thrownOut).toBe(5);
    expect(rows).toHaveLength(10_000);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(10_000);
  });

  test("takes up from a cursor alone what another process began", async () => {
    const rows = await readByMany(() => sourceOf(warehouse.url, byMoment));
    expect(rows).toHaveLength(10_000);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(10_000);
  });

  test("reads next time what changed since, and a little before", async () => {
    await warehouse.query("create table log (id int, name text, at timestamptz)");
    await warehouse.query("insert into log values (1, 'a', '2026-03-10 08:00Z'), (2, 'b', '2026-03-10 09:00Z')");
    const source = sourceOf(warehouse.url, { ...byMoment, query: "select * from log where at >= :since" });
    const first = await readToEnd(source, now);
    await warehouse.query(
      "insert into log values (3, 'late', '2026-03-10 08:55Z'), (4, 'd', '2026-03-10 11:00Z'), (5, 'too late', '2026-03-10 08:30Z')",
    );
    const second = await readToEnd(source, now, first.cursor);
    expect(second.rows.map(({ id }) => id)).toEqual(["3", "2", "4"]);
  });

  test("reads all of it each time without a cursor, as one sweep where rows that are missing were deleted", async () => {
    const source = sourceOf(warehouse.url, {
      record: "account",
      query: "select id, name from customers where id < 4001",
      deletes: "missing",
    });
    const first = await readToEnd(source, now);
    expect(first.rows).toHaveLength(4_000);
    expect(first.pages.map(({ sweep }) => sweep)).toEqual([
      "2026-03-10T12:00:00.000Z",
      "2026-03-10T12:00:00.000Z",
      "2026-03-10T12:00:00.000Z",
    ]);
    expect(source.streams[0]).toMatchObject({ mode: "snapshot", feeds: ["account"] });
    const later = await readToEnd(source, new Date("2026-03-10T13:00:00Z"), first.cursor);
    expect(later.pages[0]?.sweep).toBe("2026-03-10T13:00:00.000Z");
  });

  test("follows a growing number", async () => {
    const stream = {
      record: "account",
      query: "select id, name from customers where id > :since",
      cursor: { type: "integer", column: "id", overlap: 0 },
    };
    const source = sourceOf(warehouse.url, stream);
    const first = await readToEnd(source, now);
    expect(first.rows).toHaveLength(10_000);
    await warehouse.query("insert into customers values (10001, 'New', now())");
    expect((await readToEnd(source, now, first.cursor)).rows).toMatchObject([{ id: "10001" }]);
    await warehouse.query("delete from customers where id = 10001");
  });

  test("keeps one connection at most, and none when it has ended", async () => {
    const connections = async () => {
      const { rows } = await warehouse.query(
        "select count(*)::int as n from pg_stat_activity where application_name = 'keepwell' and datname = current_database()",
      );
      return rows[0]?.n;
    };
    const source = sourceOf(warehouse.url, byMoment);
    await source.pull("rows", null, pullContext(source, now));
    await source.pull("rows", null, pullContext(source, now));
    expect(await connections()).toBe(1);
    await source.close?.();
    await expect.poll(connections).toBe(0);
  });
});

/** Each page by a source of its own, as after a restart. */
async function readByMany(open: () => Source): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  let cursor: unknown = null;
  for (;;) {
    const source = open();
    const page = await source.pull("rows", cursor, pullContext(source, now));
    await source.close?.();
    rows.push(...page.raw.map((row) => ({ ...Object(row) })));
    cursor = JSON.parse(JSON.stringify(page.cursor));
    if (page.done) return rows;
  }
}

describe("usage", () => {
  const usage = {
    record: "usage",
    query: `select account, 'logins' as name, day, count(*) as value from logins
      where day >= :since and day < :until group by account, day`,
    cursor: { type: "day", column: "day", overlap: "1d" },
  };

  beforeAll(async () => {
    await warehouse.query(`create table logins (account text, day date);
      insert into logins values ('acme', '2026-03-07'), ('acme', '2026-03-08'), ('acme', '2026-03-08'), ('acme', '2026-03-09'), ('acme', '2026-03-10')`);
  });

  test("comes by whole days, is covered through yesterday, and the last days come again", async () => {
    const source = sourceOf(warehouse.url, usage);
    const first = await readToEnd(source, now);
    expect(mapAll(source, first, now).flatMap(({ inputs }) => inputs)).toEqual(
      [
        ["2026-03-07", 1],
        ["2026-03-08", 2],
        ["2026-03-09", 1],
      ].map(([day, value]) => ({
        ...{ kind: "usage", mode: "daily", account: "acme", name: "logins", day, value },
      })),
    );
    expect(first.pages.at(-1)).toMatchObject({ done: true, coveredThrough: "2026-03-09" });
    const second = await readToEnd(source, new Date("2026-03-11T00:30:00Z"), first.cursor);
    expect(second.rows.map(({ day }) => day)).toEqual(["2026-03-08", "2026-03-09", "2026-03-10"]);
    expect(second.pages.at(-1)).toMatchObject({ coveredThrough: "2026-03-10" });
  });

  test("is covered through the day a query gives, never through one that goes on", async () => {
    const covered = async (query: string) =>
      (await readToEnd(sourceOf(warehouse.url, { ...usage, coverage: { query } }), now)).pages.at(-1)?.coveredThrough;
    expect(await covered("select max(day) - 2 from logins")).toBe("2026-03-08");
    expect(await covered("select max(day) + 5 from logins")).toBe("2026-03-09");
    expect(await covered("select null::date")).toBeUndefined();
  });

  test("of single events is counted once each", async () => {
    const source = sourceOf(warehouse.url, {
      record: "usage",
      query:
        "select 'acme' as account, 'exports' as name, date '2026-03-09' as day, 1 as value, 'e1' as id, 'u1' as user",
    });
    const mapped = mapAll(source, await readToEnd(source, now), now);
    expect(mapped[0]?.inputs).toMatchObject([{ mode: "event", id: "e1", user: "u1" }]);
  });
});

describe("what columns become", () => {
  async function mapped(query: string, stream: Readonly<Record<string, unknown>> = {}, more = {}) {
    const source = sourceOf(warehouse.url, { record: "subscription", query, ...stream }, more);
    return mapAll(source, await readToEnd(source, now), now)[0];
  }

  test("fields are named as records name them, or with underscores", async () => {
    const answer =
      await mapped(`select 's1' as id, 42::bigint as account, timestamptz '2026-03-01 10:00+02' as at, 'Team' as plan,
      9007199254740991 as amount_minor, 'EUR' as currency, 'year' as interval, date '2027-01-01' as "periodEndsOn", true as auto_renew,
      3::numeric as seats, null::date as ends_on`);
    expect(answer).toMatchObject({
      inputs: [
        {
          ...{ kind: "subscription", id: "s1", account: "42", at: "2026-03-01T08:00:00.000Z" },
          set: {
            ...{ plan: "Team", amountMinor: 9_007_199_254_740_991, currency: "EUR", interval: "year" },
            ...{ periodEndsOn: "2027-01-01", autoRenew: true, seats: 3, endsOn: null },
          },
        },
      ],
    });
  });

  test("a time without a zone is one of the zone in the settings", async () => {
    const query = "select 's1' as id, 'acme' as account, timestamp '2026-03-01 10:00' as at, 'Team' as plan";
    expect(await mapped(query, {}, { zone: "Europe/Vienna" })).toMatchObject({
      inputs: [{ at: "2026-03-01T09:00:00.000Z" }],
    });
    expect(await mapped(query)).toMatchObject({ inputs: [{ at: "2026-03-01T10:00:00.000Z" }] });
  });

  test("a row that does not say when it became true is a look at how things stand", async () => {
    const answer = await mapped("select 's1' as id, 'acme' as account, 'Team' as plan");
    expect(answer).toMatchObject({ inputs: [], states: [{ id: "s1", at: now.toISOString(), set: { plan: "Team" } }] });
  });

  test("a row of a stream that follows a moment became so at that moment", async () => {
    const query =
      "select 's1' as id, 'acme' as account, timestamptz '2026-03-01Z' as changed, 'Team' as plan where now() > :since";
    const answer = await mapped(query, { cursor: { type: "moment", column: "changed" } });
    expect(answer).toMatchObject({ inputs: [{ at: "2026-03-01T00:00:00.000Z", set: { plan: "Team" } }], states: [] });
  });

  test.each([
    { what: "a number that is none", column: "'NaN'::float8 as seats" },
    { what: "half a seat", column: "2.5 as seats" },
    { what: "more than a number can hold", column: "9007199254740993 as amount_minor" },
    { what: "a day at the end of time", column: "'infinity'::date as ends_on" },
    { what: "a word nobody knows", column: "'sleeping' as status" },
  ])("$what costs its own row only, with why", async ({ column }) => {
    const answer = await mapped(`select 's1' as id, 'acme' as account, ${column}`);
    expect(answer).toMatchObject({ inputs: [] });
    expect(answer?.skipped).toMatch(/\S/);
  });

  test("documents of JSON are read by paths", async () => {
    const mapping = {
      account: "$.body.customer.id",
      records: [
        {
          kind: "ticket",
          id: "$.id",
          at: "$.at",
          set: { subject: "$.body.title", status: { path: "$.body.state", map: { done: "solved" } } },
        },
      ],
    };
    const query = `select 7 as id, timestamptz '2026-03-01Z' as at, '{"customer":{"id":"acme"},"title":"Help","state":"done"}'::jsonb as body`;
    expect(await mapped(query, { record: undefined, mapping, key: ["id"] })).toMatchObject({
      inputs: [{ kind: "ticket", id: "7", account: "acme", set: { subject: "Help", status: "solved" } }],
    });
  });
});

describe("a query that would do more than read", () => {
  beforeAll(async () => {
    await warehouse.query(`create table precious (n int); insert into precious values (1); create sequence numbers;
      create function sneak() returns int language sql as 'insert into precious values (2) returning n'`);
  });

  test.each([
    {
      what: "a function that writes",
      query: "select 1 as id, sneak() as name",
      reason: /cannot execute INSERT in a read-only transaction/,
    },
    {
      what: "a sequence",
      query: "select nextval('numbers') as id",
      reason: /cannot execute nextval\(\) in a read-only transaction/,
    },
    {
      what: "a WITH that deletes",
      query: "with gone as (delete from precious returning n) select n as id from gone",
      reason: /data-modifying statement/,
    },
    { what: "INTO", query: "select n as id into copied from precious", reason: /INTO/ },
    { what: "a lock", query: "select n as id from precious for update", reason: /read-only transaction|FOR UPDATE/ },
    {
      what: "a setting turned back",
      query: "select set_config('transaction_read_only', 'off', false) as id, sneak() as name",
      reason: /read-write|read-only/,
    },
    {
      what: "a way out of the brackets",
      query: "select 1 as id) q; drop table precious; --",
      reason: /expected one statement/,
    },
  ])("is refused: $what", async ({ query, reason }) => {
    const read = async () => {
      const source = sourceOf(warehouse.url, { record: "account", query });
      return reasonOf(source.pull("rows", null, pullContext(source, now)));
    };
    const refused = await read().catch((error: unknown) => String(error));
    expect(refused).toMatch(reason);
    expect((await warehouse.query("select n from precious")).rows).toEqual([{ n: 1 }]);
  });

  test("leaves nothing behind for the next reading", async () => {
    const source = sourceOf(warehouse.url, {
      record: "account",
      query: "select set_config('default_transaction_read_only', 'off', false) as id",
    });
    await readToEnd(source, now);
    const next = sourceOf(warehouse.url, { record: "account", query: "select sneak() as id" });
    expect(await reasonOf(next.pull("rows", null, pullContext(next, now)))).toMatch(/read-only transaction/);
  });

  test("ends when it takes too long", async () => {
    const source = sourceOf(
      warehouse.url,
      { record: "account", query: "select 1 as id, pg_sleep(60)::text as name" },
      { timeout: "1s" },
    );
    expect(await reasonOf(source.pull("rows", null, pullContext(source, now)))).toBe(
      "fatal: the database says: canceling statement due to statement timeout",
    );
  });
});

describe("checking a database", () => {
  const check = (stream: Readonly<Record<string, unknown>>, url = warehouse.url) => {
    const source = sourceOf(url, stream);
    return source.check(pullContext(source, now));
  };

  test("says where it reads", async () => {
    expect(await check(byMoment)).toMatchObject({
      ok: true,
      missing: [],
      detail: expect.stringMatching(/^reads test_\w+ as \w+$/),
    });
  });

  test.each([
    { query: "select id, name from customers where updated_at >= :since", detail: /column q\.at does not exist/ },
    {
      query: "select name, updated_at as at from customers where updated_at >= :since",
      detail: /column q\.id does not exist/,
    },
    {
      query: "select id, naem as name, updated_at as at from customers where updated_at >= :since",
      detail: /column "naem" does not exist/,
    },
    {
      query: "select id, 1 as nonsense, updated_at as at from customers where updated_at >= :since",
      detail: /the column "nonsense" is no field of an account/,
    },
    { query: "select id, from customers where :since", detail: /syntax error/ },
  ])("names what is wrong with $query", async ({ query, detail }) => {
    expect(await check({ ...byMoment, query })).toMatchObject({ ok: false, detail: expect.stringMatching(detail) });
  });

  test("names the privilege that is missing, and shows no password", async () => {
    const role = `reader_${new URL(warehouse.url).pathname.slice(6)}`;
    await warehouse.query(`create role ${role} login password 'hunter2hunter2'`);
    const url = new URL(warehouse.url);
    url.username = role;
    url.password = "hunter2hunter2";
    const answer = await check(byMoment, url.href);
    expect(answer).toMatchObject({ ok: false, missing: ["permission denied for table customers"] });
    await warehouse.query(`drop role ${role}`);
    const gone = await check(byMoment, url.href);
    expect(gone.ok).toBe(false);
    expect(JSON.stringify([answer, gone])).not.toContain("hunter2");
  });

  test("says that nobody answers", async () => {
    expect(await check(byMoment, "postgres://somebody:hunter2@127.0.0.1:9/nowhere")).toMatchObject({
      ok: false,
      detail: "rows: the database: the connection was refused",
    });
  });
});
