import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import { encode } from "iconv-lite";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Database, Db } from "../../src/store/db.ts";
import { keepwell, type Ran } from "../cli/command-line.ts";
import { test as withDatabase } from "../support/database.ts";

const test = withDatabase.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-import-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

interface Answer {
  readonly files: readonly {
    readonly rows: number;
    readonly written: number;
    readonly unchanged: number;
    readonly held: number;
    readonly accountsCreated: number;
    readonly rejectedRows: number;
    readonly rejects: readonly { readonly kind: string; readonly cause: string; readonly count: number }[];
    readonly warnings: readonly { readonly warning: string; readonly rows: number }[];
  }[];
  readonly rejectsFiles: readonly string[];
}

type Base = Database & { readonly url: string };

async function put(folder: string, files: Readonly<Record<string, string | Buffer | object>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const isText = typeof content === "string" || Buffer.isBuffer(content);
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), isText ? content : JSON.stringify(content));
  }
}

function run(database: Base, folder: string, ...words: string[]): Promise<Ran> {
  return keepwell(["import", join(folder, "mapping.json"), "--rejects", join(folder, "rejects"), ...words], database);
}

async function answer(database: Base, folder: string, ...words: string[]): Promise<Answer> {
  const ran = await run(database, folder, "--json", ...words);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
}

/** All that an import leaves, without the ids and moments of the database's own. */
async function tablesOf(db: Db): Promise<unknown> {
  const read = async (text: string): Promise<readonly unknown[]> => (await sql.raw<unknown>(text).execute(db)).rows;
  return {
    accounts: await read("select key, name, owner, segment from accounts order by key"),
    changes: await read(`select r.kind, r.external_id, a.key, c.occurred_at, c.recorded_at, c.backfilled, c.set::text
      from record_changes c join records r on r.id = c.record_id join accounts a on a.id = c.account_id order by 1, 2, 4, 5`),
    usage: await read(`select a.key, n.name, u.day, u.value, u.recorded_at, u.backfilled
      from usage_daily u join accounts a on a.id = u.account_id join usage_names n on n.id = u.name_id order by 1, 2, 3`),
    superseded: await read("select day, value from usage_superseded order by 1, 2"),
    events: await read("select count(*), sum(value) from usage_events"),
    coverage: await read(`select s.source, s.kind, c.through_day, c.backfilled
      from stream_coverage c join streams s on s.id = c.stream_id order by 2`),
    held: await read("select source, account, input from held_inputs order by id"),
  };
}

/** One hash per table: for what is too much to compare row by row. */
async function hashesOf(db: Db): Promise<unknown> {
  const tables = [
    "accounts",
    "identities",
    "records",
    "record_changes",
    "usage_daily",
    "usage_superseded",
    "usage_events",
  ];
  const hash = (table: string): string =>
    `(select md5(string_agg(md5(t::text), '' order by md5(t::text))) from ${table} t) as ${table}`;
  return (await sql.raw<unknown>(`select ${tables.map(hash).join(", ")}`).execute(db)).rows;
}

const mapping = {
  source: "shop",
  completeThrough: "2024-12-31",
  files: [
    {
      match: "customers*.csv",
      records: [{ kind: "account", id: "id", at: "since", set: { name: "name", owner: "owner" } }],
    },
    {
      match: "contracts*.csv",
      account: "customer",
      records: [{ kind: "subscription", id: "id", at: "start", set: { startsOn: "start", seats: "seats" } }],
    },
    {
      match: "usage*.csv",
      account: { via: "subscription", id: "contract" },
      records: [{ kind: "usage", mode: "event", id: "id", name: { constant: "logins" }, day: "day", value: "count" }],
      checks: [{ warn: "usage before its contract", value: "day", before: "subscription.startsOn" }],
    },
    {
      match: "tickets*.csv",
      account: "customer",
      unknownAccounts: "hold",
      records: [{ kind: "ticket", id: "id", at: "opened", set: { subject: "subject", status: { constant: "open" } } }],
    },
  ],
};

const customers = "id,since,name,owner\nacme,2024-01-01,Acme,ana\nbeta,2024-02-01,Beta,bob\n";
const contracts = "id,customer,start,seats\nc1,acme,2024-01-05,5\nc2,beta,2024-02-05,7\n";
const usage = "id,contract,day,count\nu1,c1,2024-03-01,2\nu2,c1,2024-03-01,3\nu3,c2,2024-01-01,4\n";
const tickets = 'id,customer,opened,subject\nt1,acme,2024-03-02,"Log\nin"\nt2,beta,2024-03-03,x\n';
const shop = {
  "mapping.json": mapping,
  "in/customers.csv": customers,
  "in/contracts.csv": contracts,
  "in/usage.csv": usage,
  "in/tickets.csv": tickets,
};

describe("an import", () => {
  test("of a folder reads its files in the mapping's order and joins usage to accounts by their contracts", async ({
    database,
    db,
    folder,
  }) => {
    await put(folder, shop);
    const { files, rejectsFiles } = await answer(database, folder, join(folder, "in"));
    expect(files.map(({ rows, written, accountsCreated }) => [rows, written, accountsCreated])).toEqual([
      [2, 2, 2],
      [2, 2, 0],
      [3, 3, 0],
      [2, 2, 0],
    ]);
    expect(files[2]?.warnings).toEqual([{ warning: "usage before its contract", rows: 1 }]);
    expect(rejectsFiles).toEqual([]);
    expect(await tablesOf(db)).toMatchObject({
      accounts: [
        { key: "acme", name: "Acme", owner: "ana" },
        { key: "beta", name: "Beta", owner: "bob" },
      ],
      usage: [
        { key: "acme", day: "2024-03-01", value: 5, recordedAt: new Date("2024-03-02T00:00:00Z"), backfilled: true },
        { key: "beta", day: "2024-01-01", value: 4 },
      ],
      coverage: ["account", "subscription", "ticket", "usage"].map((kind) => ({
        kind,
        throughDay: "2024-12-31",
        backfilled: true,
      })),
    });
  });

  test("twice changes nothing", async ({ database, db, folder }) => {
    await put(folder, shop);
    await answer(database, folder, join(folder, "in"));
    const before = await tablesOf(db);
    const dirty = await db.selectFrom("accountWork").select("dirtySeq").execute();
    const { files } = await answer(database, folder, join(folder, "in"));
    expect(files.map(({ written, unchanged }) => [written, unchanged])).toEqual([
      [0, 2],
      [0, 2],
      [0, 3],
      [0, 2],
    ]);
    expect(await tablesOf(db)).toEqual(before);
    expect(await db.selectFrom("accountWork").select("dirtySeq").execute()).toEqual(dirty);
  });

  test("as a dry run gives the same summary and stores nothing", async ({ database, db, folder }) => {
    await put(folder, shop);
    const empty = await tablesOf(db);
    const dry = await run(database, folder, "--dry-run", join(folder, "in"));
    expect(dry.stderr).toContain("A dry run: nothing was stored.");
    expect(await tablesOf(db)).toEqual(empty);
    const wet = await run(database, folder, join(folder, "in"));
    expect(dry.stdout).toBe(wet.stdout);
  });

  test("counts rows it cannot use, says why in a file beside, and goes on", async ({ database, folder }) => {
    await put(folder, {
      ...shop,
      "in/usage.csv": `${usage}u1,c1,2024-03-01,9\nu5,c9,2024-03-01,1\nu6,c1,2024-02-30,1\nu7,"c1,2024-03-01,1\nu8,c1,2024-03-01,many\n`,
    });
    const ran = await run(database, folder, join(folder, "in"));
    expect(ran.code).toBe(0);
    expect(await readFile(join(folder, "rejects/usage.csv.rejects.csv"), "utf8")).toBe(
      [
        "line,reason,row",
        '5,usage event u1 was met before with other content,"u1,c1,2024-03-01,9"',
        '6,no subscription c9,"u5,c9,2024-03-01,1"',
        '7,"usage: column day: ""2024-02-30"" is not a date written as iso","u6,c1,2024-02-30,1"',
        '8,a quote is opened and not closed,"u7,""c1,2024-03-01,1"',
        '9,"usage: column value: ""many"" is not a number","u8,c1,2024-03-01,many"'.replace(
          "column value",
          "column count",
        ),
        "",
      ].join("\n"),
    );
    const { files } = await answer(database, folder, join(folder, "in"));
    expect(files[2]).toMatchObject({
      rows: 8,
      rejectedRows: 5,
      rejects: expect.arrayContaining([
        { kind: "usage", cause: "unknown subscription", count: 1 },
        { kind: "row", cause: "a quote is opened and not closed", count: 1 },
      ]),
    });
    await put(folder, { "in/usage.csv": usage });
    await answer(database, folder, join(folder, "in"));
    expect(await readdir(join(folder, "rejects"))).toEqual([]);
  });

  test("holds tickets of accounts that come later, and rejects contracts of accounts that never do", async ({
    database,
    db,
    folder,
  }) => {
    await put(folder, shop);
    const first = await answer(database, folder, join(folder, "in/tickets.csv"), join(folder, "in/contracts.csv"));
    expect(first.files.map(({ held, rejects }) => [held, rejects])).toEqual([
      [0, [{ kind: "subscription", cause: "unknown account", count: 2 }]],
      [2, []],
    ]);
    await answer(database, folder, join(folder, "in/customers.csv"));
    expect(await tablesOf(db)).toMatchObject({
      changes: [
        { kind: "account" },
        { kind: "account" },
        { kind: "ticket", recordedAt: new Date("2024-03-02T00:00:00Z") },
        { kind: "ticket" },
      ],
      held: [],
    });
  });

  test("reads Latin-1 with semicolons and decimal commas, and NDJSON known at a moment of its own", async ({
    database,
    db,
    folder,
  }) => {
    await put(folder, {
      "mapping.json": {
        source: "erp",
        dates: "DD.MM.YYYY",
        zone: "Europe/Vienna",
        files: [
          {
            match: "*.txt",
            encoding: "latin1",
            decimal: ",",
            records: [
              {
                kind: "account",
                id: "Kürzel",
                at: "seit",
                set: { name: "Firma", fields: { umsatz: { column: "Umsatz", type: "number" } } },
              },
            ],
          },
          {
            match: "*.ndjson",
            format: "ndjson",
            dates: "iso",
            account: "who",
            knownAt: { column: "seen" },
            records: [{ kind: "ticket", id: "id", at: "at", set: { status: { constant: "open" } } }],
          },
        ],
      },
      "kunden.txt": encode("Kürzel;Firma;seit;Umsatz\r\nacme;Größe & Söhne;01.07.2024;1.234,5\r\n", "latin1"),
      "t.ndjson": '{"id":1,"who":"acme","at":"2024-07-02T10:00:00Z","seen":"2024-07-05T00:00:00+02:00"}\n',
    });
    await answer(database, folder, join(folder, "t.ndjson"), join(folder, "kunden.txt"));
    expect(await tablesOf(db)).toMatchObject({
      accounts: [{ key: "acme", name: "Größe & Söhne" }],
      changes: [
        { occurredAt: new Date("2024-06-30T22:00:00Z"), set: '{"name":"Größe & Söhne","fields":{"umsatz":1234.5}}' },
        {
          occurredAt: new Date("2024-07-02T10:00:00Z"),
          recordedAt: new Date("2024-07-04T22:00:00Z"),
          backfilled: true,
        },
      ],
    });
  });

  test("makes the month partitions its usage needs before it writes", async ({ database, db, folder }) => {
    await put(folder, shop);
    await answer(database, folder, join(folder, "in"));
    const { rows } = await sql<{ partition: string }>`
      select distinct tableoid::regclass::text as partition from usage_daily order by 1`.execute(db);
    expect(rows.map((row) => row.partition)).toEqual(["usage_daily_2024_01", "usage_daily_2024_03"]);
  });
});

describe("bad input", () => {
  test("a wrong mapping ends with 2 and every fault, with its place in the file", async ({ database, folder }) => {
    await put(folder, {
      "mapping.json": '{\n "source": "Shop",\n "files": [\n  { "match": "a.csv", "recods": [] }\n ]\n}',
    });
    const ran = await run(database, folder, "a.csv");
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/mapping\.json:2:\d+ source: /);
    expect(ran.stderr).toMatch(
      /mapping\.json:4:\d+ files\[0\]\.recods: unknown key "recods"; did you mean "records"\?/,
    );
  });

  test.each([
    ["a mapping that is no JSON", { "mapping.json": "{" }, "in", "mapping.json"],
    ["a mapping that is not there", {}, "in", "cannot be read"],
    ["a file that is not there", { "mapping.json": mapping }, "in/none.csv", "there is no file"],
    ["a file the mapping does not know", { "mapping.json": mapping, "in/x.csv": "a\n" }, "in/x.csv", "matches none of"],
    [
      "a file without a column",
      { "mapping.json": mapping, "in/usage.csv": "id,contract,day\n" },
      "in/usage.csv",
      'no column "count"',
    ],
    [
      "a date format that is none",
      { "mapping.json": { ...mapping, dates: "dd/mm/yy" }, "in/customers.csv": customers },
      "in/customers.csv",
      "is no date format",
    ],
  ])("%s ends with 2 and says so", async (_name, files, path, message) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-import-"));
    await put(folder, files);
    // No database is at hand: all this is found before anything could be written.
    const ran = await keepwell(["import", join(folder, "mapping.json"), join(folder, path), "--rejects", folder]);
    await rm(folder, { recursive: true });
    expect(`${ran.code} ${ran.stderr}`).toMatch(/^2 /);
    expect(ran.stderr).toContain(message);
  });
});

test("two overlapping files in any order leave the tables of the whole", async ({ database, db, folder }) => {
  const rows = fc
    .uniqueArray(fc.tuple(fc.nat(40), fc.constantFrom("c1", "c2"), fc.integer({ min: 1, max: 9 }), fc.nat(20)), {
      selector: ([id]) => id,
      maxLength: 25,
    })
    .map((all) => all.map(([id, contract, day, count]) => `u${id},${contract},2024-04-0${day},${count}\n`));
  const head = "id,contract,day,count\n";
  const wipe = () =>
    sql`truncate accounts, record_changes, usage_daily, usage_superseded, usage_events, held_inputs, streams cascade`.execute(
      db,
    );
  const importAll = async (files: readonly string[][]): Promise<unknown> => {
    await wipe();
    await answer(database, folder, join(folder, "in/customers.csv"), join(folder, "in/contracts.csv"));
    for (const lines of files) {
      await put(folder, { "usage.csv": head + lines.join("") });
      await answer(database, folder, join(folder, "usage.csv"));
    }
    return tablesOf(db);
  };
  await put(folder, shop);
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), fc.nat(), fc.boolean(), async (lines, a, b, isReversed) => {
      const [from, to] = [a % (lines.length + 1), b % (lines.length + 1)].sort((x, y) => x - y);
      const parts = [lines.slice(0, to), lines.slice(from).toReversed()];
      const whole = await importAll([lines]);
      expect(await importAll(isReversed ? parts.toReversed() : parts)).toEqual(whole);
    }),
    { numRuns: 12 },
  );
});

const ravenstack = resolve("../shared/data/ravenstack");
const isThere = existsSync(ravenstack);

describe.skipIf(!isThere)(
  `the ravenstack export${isThere ? "" : " (skipped: ../shared/data/ravenstack is not there)"}`,
  () => {
    test("imports with every fault of its data counted, and twice changes nothing", async ({
      database,
      db,
      folder,
    }) => {
      const words = ["import", "examples/ravenstack/mapping.json", ravenstack, "--json", "--rejects", folder];
      const once: Answer = JSON.parse((await keepwell(words, database)).stdout);
      expect(once.files.map(({ rows, written, rejectedRows }) => [rows, written, rejectedRows])).toEqual([
        [500, 500, 0],
        [5000, 5486, 0],
        [25_000, 74_937, 21],
        [2000, 7175, 0],
        [600, 600, 0],
      ]);
      expect(once.files[2]?.rejects).toEqual([
        { kind: "usage", cause: "a usage event was met before with other content", count: 63 },
      ]);
      expect(once.files.flatMap((file) => file.warnings)).toEqual([
        { warning: "usage before its subscription starts", rows: 19_142 },
        { warning: "usage before its account signed up", rows: 13_198 },
        { warning: "usage after its subscription ended", rows: 290 },
        { warning: "ticket before its account signed up", rows: 1077 },
      ]);
      const { rows: counts } = await sql`
      select (select count(*) from accounts) as accounts,
        (select count(*) from records where kind = 'subscription') as subscriptions,
        (select count(*) from record_changes where kind = 'subscription' and set ->> 'trial' = 'true') as trials,
        (select count(*) from record_changes where kind = 'subscription' and set ->> 'endsOn' is not null) as ended,
        (select count(*) from records where kind = 'ticket') as tickets,
        (select count(*) from records where kind = 'survey') as surveys,
        (select count(*) from records where kind = 'event') as churns`.execute(db);
      expect(counts).toEqual([
        { accounts: 500, subscriptions: 5000, trials: 778, ended: 486, tickets: 2000, surveys: 1175, churns: 600 },
      ]);
      const before = await hashesOf(db);
      const again: Answer = JSON.parse((await keepwell(words, database)).stdout);
      expect(again.files.map((file) => file.written)).toEqual([0, 0, 0, 0, 0]);
      expect(again.files.map((file) => file.warnings)).toEqual(once.files.map((file) => file.warnings));
      expect(await hashesOf(db)).toEqual(before);
      // Guards against a hang only: two imports of 33,100 rows on a busy machine.
    }, 300_000);
  },
);
