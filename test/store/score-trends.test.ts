import fc from "fast-check";
import { expect } from "vitest";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import type { MetricState, MetricValue } from "../../src/scoring/history.ts";
import { spanKey, trendOf } from "../../src/scoring/trend-spans.ts";
import { readTrendSpans } from "../../src/store/score-trends.ts";
import { type StoredScore, writeScores } from "../../src/store/scores.ts";
import { test } from "../support/database.ts";

const today = parseDay("2026-05-20");
const now = new Date("2026-05-20T12:00:00Z");
const logins = "usage.logins.avg_28d";

/** Days before today, and what was stored then. */
interface Entry {
  readonly age: number;
  readonly score: number | null;
  readonly coverage: number;
  readonly logins: number | null;
  readonly state: MetricState;
}

function stored(accountId: number, entry: Entry): StoredScore {
  const metric: MetricValue = {
    value: entry.state === "value" || entry.state === "stale" ? (entry.logins ?? 0) : null,
    unit: "per day",
    ageDays: 0,
    state: entry.state,
    ...(entry.state === "value" && entry.logins === 0 ? { reason: "nobody came" } : {}),
  };
  const day = formatDay(today - entry.age);
  return {
    accountId,
    day,
    at: new Date(`${day}T06:00:00Z`),
    origin: "live",
    modelId: "default",
    modelRevision: 1,
    modelReason: null,
    computed: entry.score,
    suggestedBand: null,
    confidence: { value: entry.coverage, coverage: entry.coverage, freshness: 1, history: 1 },
    lifecycle: null,
    score: entry.score,
    band: null,
    coverage: entry.coverage,
    reason: "",
    bandMemory: { band: null, since: null, candidate: null, candidateSince: null },
    drivers: [],
    metrics: { [logins]: metric, "contract.plan": { ...metric, value: "gold", state: "value" } },
  };
}

/** The value a row holds of a fact, as a reader of the row would say. */
function heldValue(base: string, entry: Entry): number | null {
  if (base === "score" || base === "score.computed") return entry.score;
  if (base === "coverage" || base === "confidence") return entry.coverage;
  return base === logins && entry.state === "value" ? (entry.logins ?? 0) : null;
}

const entry = fc.record({
  age: fc.integer({ min: 0, max: 40 }),
  score: fc.option(fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10)),
  coverage: fc.constantFrom(0.25, 0.5, 0.75, 1),
  logins: fc.option(fc.integer({ min: 0, max: 9 })),
  state: fc.constantFrom<MetricState>("value", "value", "stale", "no-data", "not-applicable"),
});
const history = fc.uniqueArray(entry, { selector: ({ age }) => age, maxLength: 25 });
const windows = [1, 2, 7, 30, 33].flatMap((days) =>
  ["score", "score.computed", "coverage", "confidence", logins, "contract.plan"].map((base) => ({ base, days })),
);

test("the extremes of any window are those of a search through all rows", async ({ db }) => {
  const histories = fc.sample(history, { numRuns: 200, seed: 20_260_520 });
  await writeScores(
    db,
    histories.flatMap((entries, index) => entries.map((one) => stored(index + 1, one))),
    true,
  );
  const accounts = histories.map((_, index) => ({ accountId: index + 1, today }));
  const found = await readTrendSpans(db, accounts, windows, now);
  for (const [index, entries] of histories.entries()) {
    for (const { base, days } of windows) {
      const within = entries.filter(({ age }) => age <= days).map((one) => ({ ...one, value: heldValue(base, one) }));
      const known = within.flatMap(({ value, age }) => (value === null ? [] : [{ value, age }]));
      const span = found.get(index + 1)?.get(spanKey(base, days));
      if (known.length === 0) {
        expect(span).toBeUndefined();
        continue;
      }
      const values = known.map(({ value }) => value);
      const firstDay = today - Math.max(...known.map(({ age }) => age));
      expect(span).toEqual({ highest: Math.max(...values), lowest: Math.min(...values), firstDay });
      const present = 50;
      const isLong = known.some(({ age }) => age * 2 >= days);
      const fall = Math.max(0, Math.round((Math.max(...values) - present) * 1e6) / 1e6);
      const expected = isLong ? { value: fall } : { missing: expect.stringContaining(`none of the values of ${base}`) };
      expect(trendOf({ base, direction: "fall", days }, present, span, today)).toEqual(expected);
    }
  }
});

test("each account has windows by its own day, and nobody is told of another's values", async ({ db }) => {
  const plain = { coverage: 1, logins: 1, state: "value" } as const;
  await writeScores(
    db,
    [
      stored(1, { age: 8, score: 90, ...plain }),
      stored(1, { age: 1, score: 40, ...plain }),
      stored(2, { age: 8, score: 80, ...plain }),
    ],
    true,
  );
  const accounts = [
    { accountId: 1, today },
    { accountId: 2, today: today - 1 },
    { accountId: 3, today },
  ];
  const found = await readTrendSpans(db, accounts, [{ base: "score", days: 7 }], now);
  expect(Object.fromEntries([...found].map(([id, spans]) => [id, Object.fromEntries(spans)]))).toEqual({
    1: { "score 7": { highest: 40, lowest: 40, firstDay: today - 1 } },
    2: { "score 7": { highest: 80, lowest: 80, firstDay: today - 8 } },
  });
});

test("a score of this evening is not known at noon", async ({ db }) => {
  const plain = { score: 90, coverage: 1, logins: 1, state: "value" } as const;
  const evening = { ...stored(1, { age: 0, ...plain }), at: new Date("2026-05-20T20:00:00Z") };
  await writeScores(db, [evening], true);
  const read = (at: Date) => readTrendSpans(db, [{ accountId: 1, today }], [{ base: "score", days: 7 }], at);
  expect((await read(now)).size).toBe(0);
  expect((await read(evening.at)).size).toBe(1);
});

test("where nothing is asked nothing is read", async ({ db }) => {
  expect(await readTrendSpans(db, [{ accountId: 1, today }], [], now)).toEqual(new Map());
  expect(await readTrendSpans(db, [], windows, now)).toEqual(new Map());
});
