import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BandRules, type BandStep, stepBand } from "../../src/scoring/bands.ts";
import type { BandMemory } from "../../src/scoring/history.ts";

const start = Date.UTC(2025, 0, 6, 8);
const hour = 3_600_000;

/** Four bands, two points of hysteresis, a day of dwell. */
const rules: BandRules = {
  bands: [
    { id: "red", fromTenths: 0 },
    { id: "orange", fromTenths: 300 },
    { id: "yellow", fromTenths: 500 },
    { id: "green", fromTenths: 700 },
  ],
  hysteresisTenths: 50,
  dwellMs: 24 * hour,
};

interface Seen {
  /** Hours after the start. */
  readonly at: number;
  readonly score: number | null;
  readonly cap?: number;
  readonly band: string | null;
  /** Hours after the start at which the band is due to change by time alone. */
  readonly due?: number;
}

const first = (score: number, band: string): Seen => ({ at: 0, score, band });

const stories: readonly { readonly name: string; readonly story: readonly Seen[] }[] = [
  { name: "the first score on an edge belongs to the band above", story: [first(70, "green")] },
  { name: "the first score below an edge belongs to the band below", story: [first(69.9, "yellow")] },
  { name: "the first score of 0 is in the worst band", story: [first(0, "red")] },
  { name: "the first score of 100 is in the best band", story: [first(100, "green")] },
  {
    name: "a worse band is entered at the edge once it has held for the dwell time",
    story: [
      first(80, "green"),
      { at: 1, score: 69.9, band: "green", due: 25 },
      { at: 24.9, score: 69.9, band: "green", due: 25 },
      { at: 25, score: 69.9, band: "yellow" },
    ],
  },
  {
    name: "a score back on its edge stops the clock",
    story: [
      first(80, "green"),
      { at: 1, score: 60, band: "green", due: 25 },
      { at: 20, score: 70, band: "green" },
      { at: 26, score: 60, band: "green", due: 50 },
      { at: 50, score: 60, band: "yellow" },
    ],
  },
  {
    name: "a better band needs the edge and the hysteresis",
    story: [
      first(60, "yellow"),
      { at: 1, score: 74.9, band: "yellow" },
      { at: 100, score: 74.9, band: "yellow" },
      { at: 101, score: 75, band: "yellow", due: 125 },
      { at: 125, score: 75, band: "green" },
    ],
  },
  {
    name: "a better score that falls back under edge and hysteresis stops the clock",
    story: [
      first(60, "yellow"),
      { at: 1, score: 76, band: "yellow", due: 25 },
      { at: 24, score: 74, band: "yellow" },
      { at: 25, score: 76, band: "yellow", due: 49 },
    ],
  },
  {
    name: "within a band, above its edge but below the hysteresis, nothing moves",
    story: [first(71, "green"), { at: 1, score: 70, band: "green" }, { at: 2, score: 74, band: "green" }],
  },
  {
    name: "a fall by several bands skips those between",
    story: [first(80, "green"), { at: 1, score: 10, band: "green", due: 25 }, { at: 25, score: 10, band: "red" }],
  },
  {
    name: "a rise by several bands enters the best whose edge and hysteresis are reached",
    story: [first(10, "red"), { at: 1, score: 72, band: "red", due: 25 }, { at: 25, score: 72, band: "yellow" }],
  },
  {
    name: "each edge has its own clock: a slow slide enters band after band, each after its own day",
    story: [
      first(80, "green"),
      { at: 0, score: 65, band: "green", due: 24 },
      { at: 10, score: 45, band: "green", due: 24 },
      { at: 20, score: 20, band: "green", due: 24 },
      { at: 24, score: 20, band: "yellow", due: 34 },
      { at: 34, score: 20, band: "orange", due: 44 },
      { at: 44, score: 20, band: "red" },
    ],
  },
  {
    name: "a brief plunge does not enter the far band when the near one is due",
    story: [
      first(80, "green"),
      { at: 1, score: 65, band: "green", due: 25 },
      { at: 24, score: 5, band: "green", due: 25 },
      { at: 25, score: 65, band: "yellow" },
    ],
  },
  {
    name: "a score that swings to the other side starts a new clock",
    story: [
      first(60, "yellow"),
      { at: 1, score: 45, band: "yellow", due: 25 },
      { at: 10, score: 80, band: "yellow", due: 34 },
      { at: 25, score: 80, band: "yellow", due: 34 },
      { at: 34, score: 80, band: "green" },
    ],
  },
  {
    name: "a cap acts at once",
    story: [first(80, "green"), { at: 1, score: 39, cap: 39, band: "orange" }],
  },
  {
    name: "a cap acts at once even if the score is lower still, which waits for its dwell",
    story: [
      first(80, "green"),
      { at: 1, score: 10, cap: 60, band: "yellow", due: 25 },
      { at: 25, score: 10, cap: 60, band: "red" },
    ],
  },
  {
    name: "a cap above the present band changes nothing",
    story: [first(10, "red"), { at: 1, score: 10, cap: 60, band: "red" }],
  },
  {
    name: "after a cap ends the better band needs hysteresis and dwell",
    story: [
      first(80, "green"),
      { at: 1, score: 29, cap: 29, band: "red" },
      { at: 2, score: 80, band: "red", due: 26 },
      { at: 26, score: 80, band: "green" },
    ],
  },
  {
    name: "a clock that ran before a cap goes on for the bands beyond it",
    story: [
      first(80, "green"),
      { at: 1, score: 10, band: "green", due: 25 },
      { at: 10, score: 10, cap: 60, band: "yellow", due: 25 },
      { at: 25, score: 10, cap: 60, band: "red" },
    ],
  },
  {
    name: "an unknown score shows no band and keeps the last known one in memory",
    story: [first(80, "green"), { at: 1, score: null, band: null }, { at: 2, score: 71, band: "green" }],
  },
  {
    name: "an unknown score stops the clocks",
    story: [
      first(80, "green"),
      { at: 1, score: 60, band: "green", due: 25 },
      { at: 10, score: null, band: null },
      { at: 25, score: 60, band: "green", due: 49 },
    ],
  },
  { name: "without any known score there is no band", story: [{ at: 0, score: null, band: null }] },
];

function tell(over: BandRules, seen: Seen, memory: BandMemory | null): BandStep {
  const cap = seen.cap === undefined ? null : seen.cap * 10;
  return stepBand(over, memory, seen.score === null ? null : seen.score * 10, cap, start + seen.at * hour);
}

describe("bands", () => {
  test.each(stories)("$name", ({ story }) => {
    let memory: BandMemory | null = null;
    for (const seen of story) {
      const step = tell(rules, seen, memory);
      expect({ at: seen.at, band: step.band, due: step.dueAt }).toEqual({
        at: seen.at,
        band: seen.band,
        due: seen.due === undefined ? null : start + seen.due * hour,
      });
      memory = step.memory;
    }
  });

  test("without a dwell time every move is at once", () => {
    const immediate = { ...rules, dwellMs: 0 };
    const before = tell(immediate, first(80, "green"), null);
    const fallen = tell(immediate, { at: 1, score: 10, band: "red" }, before.memory);
    expect(fallen.band).toBe("red");
    expect(tell(immediate, { at: 1, score: 76, band: "green" }, fallen.memory).band).toBe("green");
  });

  test("a band that the model no longer has is forgotten", () => {
    const memory = { band: "amber", since: start, candidate: "red", candidateSince: start };
    expect(tell(rules, { at: 1, score: 65, band: "yellow" }, memory).memory).toEqual({
      band: "yellow",
      since: start + hour,
      candidate: null,
      candidateSince: null,
    });
  });

  test("remembers since when the band is the present one", () => {
    const before = tell(rules, first(80, "green"), null);
    const later = tell(rules, { at: 5, score: 90, band: "green" }, before.memory);
    expect(later.memory.since).toBe(start);
    expect(tell(rules, { at: 6, score: 10, cap: 10, band: "red" }, later.memory).memory.since).toBe(start + 6 * hour);
  });

  test("says in words why the band is what it is", () => {
    const green = tell(rules, first(80, "green"), null);
    expect(green.reason).toBe("green by its first known score");
    const waiting = tell(rules, { at: 1, score: 65, band: "green" }, green.memory);
    expect(waiting.reason).toBe("green, yellow once it has held for 1 day");
    const entered = tell(rules, { at: 25, score: 65, band: "yellow" }, waiting.memory);
    expect(entered.reason).toBe("yellow after green");
    expect(tell(rules, { at: 26, score: 72, band: "yellow" }, entered.memory).reason).toBe(
      "yellow, as green begins again only at 75",
    );
    expect(tell(rules, { at: 26, score: 20, cap: 20, band: "red" }, entered.memory).reason).toBe(
      "red at once by a cap, after yellow",
    );
    expect(tell(rules, { at: 26, score: null, band: null }, entered.memory).reason).toBe(
      "band unknown, last known yellow",
    );
  });

  test("evaluating more often than the score changes never changes the band", { timeout: 60_000 }, () => {
    const change = fc.record({ hours: fc.integer({ min: 1, max: 40 }), score: fc.integer({ min: 0, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        let sparse: BandMemory | null = null;
        let dense: BandMemory | null = null;
        let at = start;
        for (const { hours, score } of changes) {
          sparse = stepBand(rules, sparse, score, null, at).memory;
          for (let passed = 0; passed < hours; passed++) {
            dense = stepBand(rules, dense, score, null, at + passed * hour).memory;
          }
          at += (hours - 1) * hour;
          sparse = stepBand(rules, sparse, score, null, at).memory;
          expect(dense?.band).toBe(sparse.band);
          at += hour;
        }
      }),
    );
  });
});

/** Where a score leads from each band once it has held for the dwell time; every edge, edge + points, and a tenth below each. */
const transitions: readonly (readonly [score: number, red: string, orange: string, yellow: string, green: string])[] = [
  [0, "red", "red", "red", "red"],
  [29.9, "red", "red", "red", "red"],
  [30, "red", "orange", "orange", "orange"],
  [34.9, "red", "orange", "orange", "orange"],
  [35, "orange", "orange", "orange", "orange"],
  [49.9, "orange", "orange", "orange", "orange"],
  [50, "orange", "orange", "yellow", "yellow"],
  [54.9, "orange", "orange", "yellow", "yellow"],
  [55, "yellow", "yellow", "yellow", "yellow"],
  [69.9, "yellow", "yellow", "yellow", "yellow"],
  [70, "yellow", "yellow", "yellow", "green"],
  [74.9, "yellow", "yellow", "yellow", "green"],
  [75, "green", "green", "green", "green"],
  [100, "green", "green", "green", "green"],
];
const columns = ["red", "orange", "yellow", "green"] as const;
const cases = transitions.flatMap(([score, ...to]) =>
  columns.map((from, column) => ({ from, score, to: to[column] ?? "" })),
);
const inside = { red: 10, orange: 40, yellow: 60, green: 90 } as const;
const since = start - 100 * hour;

describe("the table of transitions", () => {
  const settledIn = (band: string): BandMemory => ({ band, since, candidate: null, candidateSince: null });
  const step = (memory: BandMemory, score: number, at: number, over = rules, cap: number | null = null) =>
    stepBand(over, memory, Math.round(score * 10), cap === null ? null : cap * 10, start + at * hour);

  test("has every way from each band to each other", () => {
    const ways = new Set(cases.map(({ from, to }) => `${from} ${to}`));
    expect(ways.size).toBe(columns.length ** 2);
  });

  test.each(cases)("from $from a score of $score leads to $to", ({ from, score, to }) => {
    const begun = step(settledIn(from), score, 0);
    const moves = from !== to;
    // Before, at and after the dwell time.
    expect(begun).toMatchObject({ band: from, dueAt: moves ? start + 24 * hour : null });
    expect(step(begun.memory, score, 24 - 1 / 3600).band).toBe(from);
    const entered = step(begun.memory, score, 24);
    expect(entered).toMatchObject({ band: to, dueAt: null, memory: { since: moves ? start + 24 * hour : since } });
    expect(step(begun.memory, score, 25)).toMatchObject({ band: to, dueAt: null });
    // And there it stays.
    expect(step(entered.memory, score, 500).band).toBe(to);
    expect(step(settledIn(from), score, 0, { ...rules, dwellMs: 0 })).toMatchObject({ band: to, dueAt: null });
  });

  test.each(cases)("from $from a score of $score that does not hold leads nowhere", ({ from, score }) => {
    const begun = step(settledIn(from), score, 0);
    const back = step(begun.memory, inside[from], 23);
    expect(back).toMatchObject({ band: from, dueAt: null, memory: settledIn(from) });
    expect(step(back.memory, score, 24).band).toBe(from);
  });

  test.each(
    columns.flatMap((from, index) => columns.map((capped, at) => ({ from, capped, to: columns[Math.min(index, at)] }))),
  )("from $from a cap within $capped leads to $to at once", ({ from, capped, to }) => {
    const cap = inside[capped];
    expect(step(settledIn(from), Math.min(inside[from], cap), 0, rules, cap).band).toBe(to);
  });

  test.each(columns)("from %s an unknown score shows no band and keeps it in memory", (from) => {
    const unknown = stepBand(rules, settledIn(from), null, null, start);
    expect(unknown).toMatchObject({ band: null, dueAt: null, memory: settledIn(from) });
  });
});
