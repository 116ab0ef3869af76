import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { faultText } from "../../src/scoring/fault.ts";
import { compileHealthModel, type HealthModel, healthModelSchema } from "../../src/scoring/health-model.ts";

const measure = {
  id: "nps",
  metric: "nps.latest",
  weight: 1,
  curve: [
    [0, 0],
    [10, 100],
  ],
};
const document = {
  $schema: "../schemas/health-model.json",
  id: "default",
  name: "B2B SaaS",
  bands: [
    { id: "red", from: 0 },
    { id: "yellow", from: 40 },
    { id: "green", from: 70 },
  ],
  hysteresis: { points: 5, dwell: "1d" },
  minimumCoverage: 0.5,
  groups: [
    {
      id: "usage",
      weight: 35,
      measures: [
        {
          id: "active-users",
          metric: "usage.active_users.avg_28d",
          per: "contract.seats",
          weight: 60,
          curve: [
            [0, 0],
            [0.2, 40],
            [0.5, 80],
            [0.8, 100],
          ],
          missing: "exclude",
          maxAge: "7d",
        },
      ],
    },
    { id: "voice", weight: 15, measures: [measure, { ...measure, id: "nps-worst", weight: 3, missing: "worst" }] },
  ],
  caps: [
    {
      when: {
        all: [
          { fact: "billing.overdue_days", atLeast: 30 },
          { fact: "segment", isNot: "public" },
        ],
      },
      max: 39,
      reason: "Invoice 30+ days overdue",
    },
  ],
};

const widened = {
  ...document,
  holdFor: "3d",
  rollUp: { method: "revenue" },
  groups: [
    document.groups[0],
    { ...document.groups[1], combine: "worst", measures: [measure, { ...measure, id: "other", holdFor: "12h" }] },
  ],
};

function compile(value: unknown): HealthModel {
  const result = compileHealthModel(value, 3);
  if ("faults" in result) throw new Error(result.faults.map(faultText).join("\n"));
  return result.model;
}

function faultsOf(value: unknown): readonly string[] {
  const result = compileHealthModel(value);
  return "faults" in result ? result.faults.map(faultText) : [];
}

const withMeasure = (change: object): unknown => ({
  ...document,
  groups: [{ id: "voice", weight: 1, measures: [{ ...measure, ...change }] }],
});

describe("a health model", () => {
  test("names every metric it needs, each once, those of ratios and caps too", () => {
    expect(compile(document).metricNames).toEqual([
      "usage.active_users.avg_28d",
      "contract.seats",
      "nps.latest",
      "billing.overdue_days",
    ]);
  });

  test("gives each measure its share of the whole", () => {
    expect(compile(document).measures.map(({ id, share }) => [id, share])).toEqual([
      ["active-users", 0.7],
      ["nps", 0.3 * 0.25],
      ["nps-worst", 0.3 * 0.75],
    ]);
  });

  test("keeps edges and hysteresis in whole tenths, dwell in milliseconds, and its revision", () => {
    const model = compile({
      ...document,
      bands: [
        { id: "red", from: 0 },
        { id: "green", from: 70.3 },
      ],
    });
    expect(model.bands).toEqual({
      bands: [
        { id: "red", fromTenths: 0 },
        { id: "green", fromTenths: 703 },
      ],
      hysteresisTenths: 50,
      dwellMs: 86_400_000,
    });
    expect(model.revision).toBe(3);
  });

  test("may leave out what has a default", () => {
    const { hysteresis, minimumCoverage, caps, $schema, ...short } = document;
    const model = compile(short);
    expect(model.bands.hysteresisTenths).toBe(0);
    expect(model.bands.dwellMs).toBe(0);
    expect(model.minimumCoverage).toBe(0.5);
    expect(model.caps).toEqual([]);
  });

  test("holds measures, rolls up and lets the worst of a group count where it says so", () => {
    const day = 86_400_000;
    const model = compile(widened);
    expect(model.measures.map(({ id, holdForMs, isRival }) => [id, holdForMs, isRival])).toEqual([
      ["active-users", 3 * day, false],
      ["nps", 3 * day, true],
      ["other", day / 2, true],
    ]);
    expect(model.rollUp).toEqual({ method: "revenue", includeSelf: false });
    expect(model.metricNames).toContain("billing.mrr");
    expect(compile(document).rollUp).toBeNull();
    expect(compile(document).measures[0]?.holdForMs).toBe(7 * day);
  });

  test("passes its published JSON Schema", () => {
    const validate = new Ajv2020({ allowUnionTypes: true, strictTuples: false, formats: { date: true } }).compile(
      z.toJSONSchema(healthModelSchema, { io: "input" }),
    );
    expect(validate(document)).toBe(true);
    expect(validate({ ...document, appliesTo: {} })).toBe(false);
    expect(validate(widened)).toBe(true);
    expect(validate({ ...document, rollUp: { method: "median" } })).toBe(false);
    expect(z.toJSONSchema(healthModelSchema, { io: "input", target: "draft-7" })).toHaveProperty("properties.groups");
  });
});

describe("faults of a health model", () => {
  const bands = (...edges: readonly number[]): unknown => ({
    ...document,
    bands: edges.map((from, index) => ({ id: `b${index}`, from })),
  });
  const cap = (change: object): unknown => ({ ...document, caps: [{ ...document.caps[0], ...change }] });
  const cases: readonly (readonly [name: string, value: unknown, ...faults: string[]])[] = [
    ["no object", [], 'expected an object (met "a list of 0")'],
    ["an unknown key", { ...document, bnads: 1 }, 'bnads: unknown key "bnads"; did you mean "bands"? (met 1)'],
    ["a key that is planned", { ...document, extends: "b2b" }, 'extends: "extends" is not supported yet (met "b2b")'],
    [
      "an unknown way to combine a group",
      { ...document, groups: [{ ...document.groups[1], combine: "best" }] },
      'groups[0].combine: expected "mean" or "worst" (met "best")',
    ],
    [
      "an unknown way to roll up",
      { ...document, rollUp: { method: "median" } },
      'rollUp.method: expected "mean" or "revenue" or "worst" (met "median")',
    ],
    [
      "a roll-up without a method",
      { ...document, rollUp: {} },
      'rollUp.method: expected "mean" or "revenue" or "worst"',
    ],
    [
      "a length to hold that is none",
      withMeasure({ holdFor: "a week" }),
      'groups[0].measures[0].holdFor: expected a duration, such as "30m", "12h" or "7d" (met "a week")',
    ],
    [
      "a negative length to hold",
      { ...document, holdFor: "-7d" },
      'holdFor: expected a duration, such as "30m", "12h" or "7d" (met "-7d")',
    ],
    ["a missing key", { ...document, name: undefined }, "name: is missing: expected a text"],
    [
      "a negative weight",
      withMeasure({ weight: -1 }),
      "groups[0].measures[0].weight: expected a weight of 0 or more (met -1)",
    ],
    [
      "no weight in a group",
      withMeasure({ weight: 0 }),
      "groups[0].measures: all weights are 0: expected at least one above 0 (met 1)",
    ],
    [
      "no weight at all",
      { ...document, groups: document.groups.map((group) => ({ ...group, weight: 0 })) },
      "groups: all weights are 0: expected at least one above 0 (met 2)",
    ],
    [
      "a curve that goes back",
      withMeasure({
        curve: [
          [5, 0],
          [5, 100],
        ],
      }),
      'groups[0].measures[0].curve: expected the first numbers of the points to rise from each to the next (met "a list of 2")',
    ],
    [
      "a curve of one point",
      withMeasure({ curve: [[5, 0]] }),
      'groups[0].measures[0].curve: expected at least two points, such as [[0, 0], [10, 100]] (met "a list of 1")',
    ],
    [
      "points above 100",
      withMeasure({
        curve: [
          [0, 0],
          [5, 101],
        ],
      }),
      "groups[0].measures[0].curve[1][1]: expected points from 0 to 100 (met 101)",
    ],
    [
      "a table of texts for a number",
      withMeasure({ curve: { gold: 100 } }),
      'groups[0].measures[0].curve: the metric is a number: expected a list of points, such as [[0, 0], [10, 100]] (met "an object")',
    ],
    [
      "another word for missing",
      withMeasure({ missing: "skip" }),
      'groups[0].measures[0].missing: expected "exclude" or "worst" or a number (met "skip")',
    ],
    [
      "an age in hours",
      withMeasure({ maxAge: "12h" }),
      'groups[0].measures[0].maxAge: expected whole days, such as "7d": ages are counted in days (met "12h")',
    ],
    ["bands that do not begin at 0", bands(1, 50), "bands[0].from: expected 0: the first band begins at 0 (met 1)"],
    [
      "bands out of order",
      bands(0, 50, 50),
      "bands[2].from: expected more than 50, where the band before it begins (met 50)",
    ],
    [
      "a band that could never be entered again",
      bands(0, 96),
      "bands[1].from: can never be entered again: 96 + 5 points of hysteresis are above 100 (met 96)",
    ],
    ["an edge between two scores", bands(0, 50.05), "bands[1].from: expected at most one decimal (met 50.05)"],
    [
      "two bands of one name",
      {
        ...document,
        bands: [
          { id: "red", from: 0 },
          { id: "red", from: 5 },
        ],
      },
      'bands[1].id: another band has this id (met "red")',
    ],
    [
      "negative hysteresis",
      { ...document, hysteresis: { points: -1, dwell: "1d" } },
      "hysteresis.points: expected 0 to 100 (met -1)",
    ],
    [
      "a coverage above 1",
      { ...document, minimumCoverage: 50 },
      "minimumCoverage: expected a share from 0 to 1 (met 50)",
    ],
    [
      "two groups of one name",
      { ...document, groups: [document.groups[1], document.groups[1]] },
      'groups[1].id: another group has this id (met "voice")',
    ],
    [
      "two measures of one name",
      { ...document, groups: [{ id: "voice", weight: 1, measures: [measure, measure] }] },
      'groups[0].measures[1].id: another measure has this id (met "nps")',
    ],
    [
      "a group named as the drivers of caps are",
      { ...document, groups: [{ id: "cap", weight: 1, measures: [measure] }] },
      'groups[0].id: "cap" is kept for the drivers of caps: expected another id (met "cap")',
    ],
    ...["override", "children", "self"].map((id): readonly [string, unknown, string] => [
      `a group named ${id}, as other drivers are`,
      { ...document, groups: [{ id, weight: 1, measures: [measure] }] },
      expect.stringMatching(`^groups\\[0\\].id: "${id}" is kept for the drivers? of `),
    ]),
    [
      "a model that applies by what it brings about",
      {
        ...document,
        appliesTo: {
          any: [
            { fact: "band", is: "red" },
            { fact: "score.computed", below: 5 },
            { fact: "model", is: "default" },
          ],
        },
      },
      'appliesTo.any[0].fact: appliesTo may not name what the model itself brings about (met "band")',
      'appliesTo.any[1].fact: appliesTo may not name what the model itself brings about (met "score.computed")',
      'appliesTo.any[2].fact: appliesTo may not name what the model itself brings about (met "model")',
    ],
    [
      "a model that applies by a fact nobody knows",
      { ...document, appliesTo: { fact: "segmnet", is: "mid" } },
      'appliesTo.fact: unknown fact "segmnet"; did you mean "segment"? (met "segmnet")',
    ],
    [
      "a priority that is none",
      { ...document, appliesTo: { fact: "segment", is: "mid" }, priority: -1 },
      "priority: expected 0 or more (met -1)",
    ],
    [
      "a cap on the score",
      cap({ when: { fact: "score", below: 5 } }),
      'caps[0].when.fact: a cap may not name score, band or risk: they follow from it (met "score")',
    ],
    [
      "a cap on the band or the risk",
      cap({
        when: {
          any: [
            { fact: "band", is: "red" },
            { fact: "risk", above: 0.5 },
          ],
        },
      }),
      'caps[0].when.any[0].fact: a cap may not name score, band or risk: they follow from it (met "band")',
      'caps[0].when.any[1].fact: a cap may not name score, band or risk: they follow from it (met "risk")',
    ],
    [
      "a cap of an unknown shape, told once",
      cap({ when: { al: [] } }),
      'caps[0].when: unknown key "al"; did you mean "all"? (met "an object")',
    ],
  ];
  test.each(cases)("%s", (_, value, ...faults) => {
    expect(faultsOf(value)).toEqual(faults);
  });

  test("unknown metrics, with those that are near", () => {
    const faults = faultsOf(withMeasure({ metric: "nps.lattest", per: "usage.logins.sum_401d" }));
    expect(faults[0]).toMatch(/^groups\[0\]\.measures\[0\]\.metric: .*did you mean "nps\.latest"\?/);
    expect(faults[1]).toMatch(/^groups\[0\]\.measures\[0\]\.per: .*"401d"/);
    expect(faults).toHaveLength(2);
  });

  test("are listed all at once, also where parts cannot be read", () => {
    const faults = faultsOf({
      ...document,
      name: 7,
      bands: [{ id: "red", from: 0 }, "yellow", { id: "red", from: 90 }],
      groups: [{ id: "voice", weight: "heavy", measures: [{ ...measure, metric: "nps.lattest", curve: 4 }, null] }, 5],
      caps: [{ when: { fact: "scor", below: 4 }, max: 200 }],
    });
    expect(faults.map((fault) => fault.split(": ")[0])).toEqual([
      "name",
      "bands[1]",
      "groups[0].weight",
      "groups[0].measures[0].curve",
      "groups[0].measures[1]",
      "groups[1]",
      "caps[0].max",
      "caps[0].reason",
      "bands[2].id",
      "groups[0].measures[0].metric",
      "caps[0].when.fact",
    ]);
  });

  test("of a cap nested 20,000 deep are one fault", () => {
    let when: unknown = { fact: "segment", is: "mid" };
    for (let level = 0; level < 20_000; level++) when = { not: when };
    const faults = faultsOf(cap({ when }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain("nested too deeply");
  });
});
