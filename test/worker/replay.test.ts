import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import { createLog } from "../../src/log.ts";
import { formatDay, parseDay, startOfDay } from "../../src/scoring/days.ts";
import type { Input } from "../../src/scoring/records.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Database, Db } from "../../src/store/db.ts";
import { applyInputs } from "../../src/store/intake.ts";
import { readTies } from "../../src/store/scores/children.ts";
import { type ReplaySummary, replayScores } from "../../src/worker/replay.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { configure, cover } from "./scenario.ts";

const firstDay = parseDay("2026-03-24");
const lastDay = parseDay("2026-04-10");
const now = new Date("2026-04-20T00:00:00Z");
const log = createLog({ level: "silent", format: "json" });
const minuteMs = 60_000;

/** Clocks change in Berlin on 29 March and in Auckland on 5 April. */
const zones = ["Etc/UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"] as const;
const keys = ["top", "middle", "left", "right", "alone", "late"] as const;
const zoneOf = (key: (typeof keys)[number]) => zones[keys.indexOf(key) % zones.length] ?? "Etc/UTC";

const line = [
  [0, 0],
  [10, 100],
] as const;
const falling = [
  [0, 100],
  [4, 0],
] as const;

const enterprise = {
  id: "enterprise",
  name: "Enterprise",
  appliesTo: { fact: "segment", is: "enterprise" },
  hysteresis: { points: 5, dwell: "2d" },
  minimumCoverage: 0.3,
  rollUp: { method: "revenue", includeSelf: true },
  groups: [
    {
      id: "usage",
      weight: 3,
      measures: [
        { id: "logins", metric: "usage.logins.avg_7d", weight: 2, missing: "exclude", curve: line, holdFor: "3d" },
        { id: "days", metric: "usage.logins.active_days_14d", weight: 1, curve: line, maxAge: "2d" },
      ],
    },
    {
      id: "people",
      weight: 2,
      measures: [
        { id: "tickets", metric: "tickets.open", weight: 1, curve: falling },
        {
          id: "age",
          metric: "account.age_days",
          weight: 1,
          curve: [
            [0, 0],
            [500, 100],
          ],
        },
        {
          id: "mrr",
          metric: "billing.mrr",
          weight: 1,
          curve: [
            [0, 0],
            [900, 100],
          ],
        },
      ],
    },
  ],
  caps: [{ when: { fact: "tickets.open", atLeast: 3 }, max: 30, reason: "Many open tickets" }],
};

const lifecycle = {
  stages: [
    { id: "onboarding", name: "Onboarding" },
    { id: "value", name: "Value", when: { fact: "usage.logins.sum_7d", atLeast: 20 } },
  ],
  milestones: [
    { id: "used", name: "Used", when: { fact: "usage.logins.sum_7d", atLeast: 5 } },
    { id: "live", name: "Live", expected: { within: "5d", from: "began" }, stuckAfter: "4d" },
  ],
};

const configuration = configure([], 1, enterprise, true, [{ kind: "lifecycle", id: "lifecycle", body: lifecycle }]);

/** Something that a source or a person says at a minute of the story. */
interface Said {
  readonly minute: number;
  readonly key: (typeof keys)[number];
  readonly what:
    | "usage"
    | "late"
    | "ticket"
    | "override"
    | "milestone"
    | "stage"
    | "segment"
    | "parent"
    | "price"
    | "name";
  readonly value: number;
  /** Days back to the moment it speaks of. */
  readonly back: number;
}

const storyMinutes = (lastDay - firstDay + 2) * 1440;
const said: fc.Arbitrary<Said> = fc.record({
  minute: fc.nat(storyMinutes),
  key: fc.constantFrom(...keys),
  what: fc.constantFrom(
    "usage",
    "usage",
    "usage",
    "late",
    "ticket",
    "override",
    "milestone",
    "stage",
    "segment",
    "parent",
    "price",
    "name",
  ),
  value: fc.nat(12),
  back: fc.nat(4),
});

/** What every story holds, so that nothing the test is about is left to chance. */
const always: readonly Said[] = [
  { minute: 4000, key: "left", what: "override", value: 7, back: 0 },
  { minute: 5000, key: "right", what: "milestone", value: 4, back: 1 },
  { minute: 6000, key: "late", what: "segment", value: 3, back: 2 },
  { minute: 7000, key: "alone", what: "parent", value: 1, back: 0 },
  ...[1, 2, 4].map((value, index) => ({ minute: 8000 + index, key: "alone", what: "ticket", value, back: 0 }) as const),
  { minute: 9000, key: "left", what: "late", value: 9, back: 3 },
];

const storyStart = (firstDay - 1) * 86_400_000;

function inputsOf({ minute, key, what, value, back }: Said): Input {
  const learned = storyStart + minute * minuteMs;
  const at = new Date(learned - back * 86_400_000).toISOString();
  const account = key;
  const day = (days: number) => formatDay(Math.floor(learned / 86_400_000) - 1 - days);
  switch (what) {
    case "usage":
      return { kind: "usage", mode: "daily", account, name: "logins", day: day(0), value };
    case "late":
      return { kind: "usage", mode: "daily", account, name: "logins", day: day(back + 1), value };
    case "ticket": {
      const status = value % 3 === 0 ? "solved" : "open";
      return { kind: "ticket", id: `${key}-${value % 5}`, account, at, set: { status, openedAt: at } };
    }
    case "override": {
      const until = value % 2 === 0 ? null : new Date(learned + value * 43_200_000).toISOString();
      const set = { score: value % 5 === 0 ? null : value * 7, band: null, until, reason: "known better", by: "anna" };
      return { kind: "override", id: `${key}/override`, account, at, set };
    }
    case "milestone":
      return {
        kind: "milestone",
        id: `${key}/live`,
        account,
        at,
        set: { milestone: "live", reached: value % 3 !== 0, by: "anna" },
      };
    case "stage":
      return {
        kind: "stage",
        id: `${key}/stage`,
        account,
        at,
        set: { stage: value % 3 === 0 ? "value" : null, by: "anna" },
      };
    case "segment":
      return { kind: "account", id: key, at, set: { segment: value % 3 === 0 ? "small" : "enterprise" } };
    case "parent":
      return { kind: "account", id: key, at: new Date(learned).toISOString(), set: { parent: keys[value] ?? null } };
    case "price":
      return {
        kind: "subscription",
        id: `${key}-plan`,
        account,
        at,
        set: { startsOn: "2026-01-01", amountMinor: value * 10_000, currency: "EUR", interval: "month" },
      };
    case "name":
      return { kind: "account", id: key, at, set: { name: `${key} ${value}` } };
    default:
      return what satisfies never;
  }
}

/** When the usage source fails, and when it is well again. */
const outage = { from: storyStart + 8 * 86_400_000, to: storyStart + 13 * 86_400_000 };

type Step = { readonly at: number; readonly take: (db: Db) => Promise<void> };

function stepsOf(story: readonly Said[]): Step[] {
  const sayings = story
    .filter(({ minute, what }) => {
      const at = storyStart + minute * minuteMs;
      return (what !== "usage" && what !== "late") || at < outage.from || at >= outage.to;
    })
    .map((one): Step => {
      const at = storyStart + one.minute * minuteMs;
      return { at, take: (db) => say(db, [inputsOf(one)], at) };
    });
  const covered = Array.from({ length: lastDay - firstDay + 2 }, (_, index) => firstDay - 1 + index)
    .map((day) => ({ day, at: (day + 1) * 86_400_000 + 3 * 3_600_000 }))
    .filter(({ at }) => at < outage.from || at >= outage.to)
    .map(({ day, at }): Step => ({ at, take: (db) => cover(db, formatDay(day), new Date(at)) }));
  const failing: Step[] = [
    {
      at: outage.from,
      take: async (db) => {
        await sql`insert into stream_outages (stream_id, began_at, reason)
          select id, ${new Date(outage.from)}, 'down' from streams where kind = 'usage'`.execute(db);
      },
    },
    {
      at: outage.to,
      take: async (db) => {
        await sql`update stream_outages set ended_at = ${new Date(outage.to)}`.execute(db);
      },
    },
  ];
  return [...sayings, ...covered, ...failing, ...passes()].sort((a, b) => a.at - b.at);
}

/** A live pass over the accounts of a zone in the last moment of each of their days; all others are kept out of it. */
function passes(): Step[] {
  return zones.flatMap((zone) =>
    Array.from({ length: lastDay - firstDay + 1 }, (_, index) => {
      const at = startOfDay(zone, firstDay + index + 1) - 1;
      const take = async (db: Db) => {
        await sql`
          update account_work w
          set rolls_up = false, next_score_at = null,
            scored_seq = case when a.zone = ${zone} then dirty_seq - 1 else dirty_seq end,
            retry_at = case when a.zone = ${zone} then null::timestamptz else 'infinity' end
          from accounts a where a.id = w.account_id`.execute(db);
        expect((await scoreDue({ db, configuration, log, batchSize: 3 }, new Date(at))).failed).toBe(0);
      };
      return { at, take };
    }),
  );
}

/** Cycles of parents are refused, all else is taken. */
async function say(db: Db, inputs: readonly Input[], at: number): Promise<void> {
  const { rejected } = await db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: "test", inputs, now: new Date(at), recordedAt: "now", unknownAccounts: "reject" }),
    );
  for (const { cause } of rejected) expect(cause).toBe("its parent would close a cycle");
}

async function begin(db: Db): Promise<void> {
  await sql`truncate accounts, identities, streams, records, record_changes, usage_names, usage_daily, usage_superseded,
    scores, changes restart identity cascade`.execute(db);
  const at = "2025-09-01T00:00:00Z";
  await say(
    db,
    keys.flatMap((key): Input[] => {
      const parent = { middle: "top", left: "middle", right: "middle" }[String(key)];
      const own = { name: key, zone: zoneOf(key), beganOn: "2025-09-01", segment: "enterprise" };
      const price = { startsOn: "2026-01-01", amountMinor: 50_000, currency: "EUR", interval: "month" as const };
      return [
        { kind: "account", id: key, at, set: parent === undefined ? own : { ...own, parent } },
        { kind: "subscription", id: `${key}-plan`, account: key, at, set: price },
        { kind: "ticket", id: `${key}-0`, account: key, at, set: { status: "solved", openedAt: at } },
        { kind: "usage", mode: "daily", account: key, name: "logins", day: formatDay(firstDay - 3), value: 5 },
      ];
    }),
    storyStart - minuteMs,
  );
}

async function storedRows(db: Db) {
  const rows = await db.selectFrom("scores").selectAll().orderBy("accountId").orderBy("day").execute();
  return rows.map((row) => ({ ...row, origin: "either" }));
}

async function replayAll(database: Database, isRecording: boolean): Promise<ReplaySummary> {
  return replayScores(database, configuration, {
    units: unitsOf(await readAllAccounts(database.db), await readTies(database.db)),
    fromDay: firstDay,
    toDay: lastDay,
    isRecording,
    isEmpty: true,
    now,
  });
}

test("replayed scores equal, field by field, what live passes stored in the last moment of each local day", {
  timeout: 240_000,
}, async ({ database }) => {
  const { db } = database;
  const seen = new Set<string>();
  const marks = {
    held: '"held"',
    overridden: "known better",
    children: '"children"',
    enterprise: '"modelId":"enterprise"',
    default: '"modelId":"default"',
    reached: '"by":"hand"',
    capped: "capped at",
  };
  await fc.assert(
    fc.asyncProperty(fc.array(said, { minLength: 100, maxLength: 160 }), async (story) => {
      await begin(db);
      for (const { take } of stepsOf([...always, ...story])) await take(db);
      const live = await storedRows(db);
      expect(live).toHaveLength(keys.length * (lastDay - firstDay + 1));
      await sql`truncate scores`.execute(db);
      const { days } = await replayAll(database, true);
      expect(await storedRows(db)).toEqual(live);
      await sql`truncate scores`.execute(db);
      expect(await replayAll(database, false)).toMatchObject({ stored: 0, days });
      const text = JSON.stringify(live);
      for (const [name, mark] of Object.entries(marks)) if (text.includes(mark)) seen.add(name);
    }),
    { numRuns: 3, endOnFailure: true },
  );
  expect([...seen].sort()).toEqual(Object.keys(marks).sort());
});
