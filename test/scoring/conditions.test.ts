import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { conditionSet } from "../../src/scoring/condition-set.ts";
import {
  type CompiledCondition,
  type ConditionDocument,
  compileCondition,
  conditionSchema,
  type Truth,
} from "../../src/scoring/conditions.ts";
import { factCatalogue, metricsAmong, withoutFacts } from "../../src/scoring/fact-catalogue.ts";
import { type Facts, type FactValue, factsOf } from "../../src/scoring/facts.ts";
import { faultText } from "../../src/scoring/fault.ts";

function compile(document: unknown): CompiledCondition {
  const result = compileCondition(document, factCatalogue);
  if ("faults" in result) throw new Error(result.faults.map(faultText).join("\n"));
  return result.condition;
}

function faultsOf(document: unknown, at?: string): readonly string[] {
  const result = compileCondition(document, factCatalogue, at);
  return "faults" in result ? result.faults.map(faultText) : [];
}

const facts: Facts = new Map<string, FactValue>([
  ["score", 34.2],
  ["segment", "enterprise"],
  ["account.name", "Acme West"],
  ["account.began_on", "2024-03-01"],
  ["account.fields.tier", 3],
  ["account.fields.plan", "gold"],
  ["account.fields.signed_on", "2024-05-05"],
  ["account.fields.vip", true],
]);

describe("leaves", () => {
  const cases: readonly (readonly [fact: string, operator: string, operand: unknown, truth: Truth])[] = [
    ["score", "is", 34.2, true],
    ["score", "is", 34, false],
    ["score", "isNot", 34, true],
    ["score", "below", 40, true],
    ["score", "below", 34.2, false],
    ["score", "atMost", 34.2, true],
    ["score", "atMost", 34.1, false],
    ["score", "above", 34.2, false],
    ["score", "above", 34.1, true],
    ["score", "atLeast", 34.2, true],
    ["score", "atLeast", 34.3, false],
    ["score", "between", [34.2, 40], true],
    ["score", "between", [30, 34.2], true],
    ["score", "between", [35, 40], false],
    ["score", "in", [1, 34.2], true],
    ["score", "notIn", [1, 34.2], false],
    ["score", "exists", true, true],
    ["score", "missing", true, false],
    ["segment", "is", "enterprise", true],
    ["segment", "is", "Enterprise", false],
    ["segment", "isNot", "enterprise", false],
    ["segment", "in", ["mid", "enterprise"], true],
    ["segment", "notIn", ["mid", "small"], true],
    ["segment", "contains", "prise", true],
    ["segment", "contains", "PRISE", false],
    ["account.began_on", "below", "2024-03-02", true],
    ["account.began_on", "atLeast", "2024-03-02", false],
    ["account.began_on", "between", ["2024-01-01", "2024-12-31"], true],
    ["account.fields.tier", "atLeast", 3, true],
    ["account.fields.tier", "is", "3", false],
    ["account.fields.vip", "is", true, true],
    ["account.fields.vip", "isNot", true, false],
    ["account.fields.signed_on", "above", "2024-01-01", true],
    ["account.fields.plan", "contains", "old", true],
  ];
  test.each(cases)("%s %s %j is %j", (fact, operator, operand, truth) => {
    expect(compile({ fact, [operator]: operand }).truth(facts)).toBe(truth);
  });

  test.each([
    { fact: "nps.latest", below: 7 },
    { fact: "nps.latest", is: 7 },
    { fact: "nps.latest", isNot: 7 },
    { fact: "nps.latest", in: [7, 8] },
    { fact: "nps.latest", notIn: [7, 8] },
    { fact: "nps.latest", between: [0, 10] },
    { fact: "stage", contains: "live" },
  ])("a missing fact makes %j unknown, and its opposite too", (document) => {
    expect(compile(document).truth(facts)).toBeNull();
    expect(compile({ not: document }).truth(facts)).toBeNull();
  });

  test("exists and missing are certain of a missing fact", () => {
    expect(compile({ fact: "nps.latest", exists: true }).truth(facts)).toBe(false);
    expect(compile({ fact: "nps.latest", missing: true }).truth(facts)).toBe(true);
  });

  test.each([
    { fact: "account.fields.plan", above: 3 },
    { fact: "account.fields.plan", above: "2024-01-01" },
    { fact: "account.fields.tier", below: "2024-01-01" },
    { fact: "account.fields.tier", contains: "3" },
  ])("a value that cannot be compared makes %j unknown", (document) => {
    expect(compile(document).truth(facts)).toBeNull();
  });

  test("no operator takes zero, false or an empty text for a missing fact", () => {
    const empty: Facts = new Map<string, FactValue>([
      ["score", 0],
      ["account.fields.vip", false],
      ["segment", ""],
    ]);
    expect(compile({ fact: "score", below: 1 }).truth(empty)).toBe(true);
    expect(compile({ fact: "account.fields.vip", exists: true }).truth(empty)).toBe(true);
    expect(compile({ fact: "segment", is: "" }).truth(empty)).toBe(true);
  });
});

describe("all, any and not", () => {
  const leaf: Readonly<Record<"t" | "f" | "u", ConditionDocument>> = {
    t: { fact: "score", below: 40 },
    f: { fact: "score", above: 40 },
    u: { fact: "nps.latest", below: 7 },
  };
  const parts = (letters: string): readonly ConditionDocument[] =>
    [...letters].map((letter) => leaf[letter === "t" || letter === "f" ? letter : "u"]);

  test.each([
    ["t", true, true],
    ["f", false, false],
    ["u", null, null],
    ["tt", true, true],
    ["tf", false, true],
    ["ff", false, false],
    ["tu", null, true],
    ["ut", null, true],
    ["fu", false, null],
    ["uf", false, null],
    ["uu", null, null],
    ["tuf", false, true],
  ])("over %s all is %j and any is %j", (letters, all, any) => {
    expect(compile({ all: parts(letters) }).truth(facts)).toBe(all);
    expect(compile({ any: parts(letters) }).truth(facts)).toBe(any);
  });

  test("not turns true and false around and leaves unknown", () => {
    expect(compile({ not: leaf.t }).truth(facts)).toBe(false);
    expect(compile({ not: leaf.f }).truth(facts)).toBe(true);
    expect(compile({ not: leaf.u }).truth(facts)).toBeNull();
  });
});

describe("reasons", () => {
  test("every leaf's result is there, also of those that do not decide", () => {
    const condition = compile({
      any: [{ fact: "score", below: 40 }, { not: { fact: "segment", is: "mid" } }, { fact: "nps.latest", atMost: 6 }],
    });
    expect(condition.leaves(facts)).toEqual([
      { fact: "score", operator: "below", operand: 40, value: 34.2, truth: true, words: "score 34.2 is below 40" },
      {
        fact: "segment",
        operator: "is",
        operand: "mid",
        value: "enterprise",
        truth: false,
        words: "segment enterprise is not mid",
      },
      {
        fact: "nps.latest",
        operator: "atMost",
        operand: 6,
        value: null,
        truth: null,
        words: "nps.latest is unknown",
      },
    ]);
  });

  const whys: readonly (readonly [document: unknown, words: string])[] = [
    [{ fact: "score", below: 40 }, "score 34.2 is below 40"],
    [{ fact: "score", atLeast: 50 }, "score 34.2 is below 50"],
    [{ fact: "score", between: [40, 50] }, "score 34.2 is not between 40 and 50"],
    [{ fact: "segment", is: "enterprise" }, "segment is enterprise"],
    [{ fact: "segment", in: ["mid", "small"] }, "segment enterprise is none of mid, small"],
    [{ fact: "account.name", contains: "West" }, 'account.name "Acme West" contains West'],
    [{ fact: "score", exists: true }, "score 34.2 is known"],
    [{ fact: "nps.latest", below: 7 }, "nps.latest is unknown (last answer 201 days old)"],
    [{ fact: "nps.latest", missing: true }, "nps.latest is unknown (last answer 201 days old)"],
    [{ fact: "account.fields.plan", above: 3 }, "account.fields.plan gold cannot be compared with 3"],
    [
      {
        all: [
          { fact: "score", below: 40 },
          { fact: "segment", is: "enterprise" },
        ],
      },
      "score 34.2 is below 40 and segment is enterprise",
    ],
    [
      {
        all: [
          { fact: "score", below: 40 },
          { fact: "segment", is: "mid" },
          { fact: "nps.latest", below: 7 },
        ],
      },
      "segment enterprise is not mid",
    ],
    [
      {
        any: [
          { fact: "score", above: 40 },
          { fact: "nps.latest", below: 7 },
        ],
      },
      "nps.latest is unknown (last answer 201 days old)",
    ],
    [
      {
        not: {
          any: [
            { fact: "score", above: 40 },
            { fact: "segment", is: "mid" },
          ],
        },
      },
      "score 34.2 is not above 40 and segment enterprise is not mid",
    ],
  ];
  test.each(whys)("why of %j", (document, words) => {
    const reasons = new Map([["nps.latest", "last answer 201 days old"]]);
    expect(compile(document).why(facts, (fact) => reasons.get(fact))).toBe(words);
  });

  const trends: readonly (readonly [document: ConditionDocument, truth: Truth, words: string])[] = [
    [{ fact: "score", fallsBy: 18, within: "30d" }, true, "score fell 18.0 in 30 days, from 72.0 to 54.0"],
    [
      { fact: "score", fallsBy: 20, within: "30d" },
      false,
      "score fell 18.0 in 30 days, from 72.0 to 54.0, not by 20.0",
    ],
    [{ fact: "score", risesBy: 5, within: "1w" }, false, "score 54.0 did not rise in 7 days"],
    [{ fact: "nps.latest", risesBy: 2, within: "90d" }, true, "nps.latest rose 3 in 90 days, from 6 to 9"],
    [
      { fact: "coverage", fallsBy: 0.2, within: "1d" },
      null,
      "the fall of coverage in 1 day is unknown (its history is too short)",
    ],
  ];
  test.each(trends)("what %j finds, and its words", (document, truth, words) => {
    const known: Facts = new Map([
      ["score", 54],
      ["score~fall_30d", 18],
      ["score~rise_7d", 0],
      ["nps.latest", 9],
      ["nps.latest~rise_90d", 3],
    ]);
    const condition = compile(document);
    expect(condition.truth(known)).toBe(truth);
    expect(condition.why(known, () => "its history is too short")).toBe(words);
  });

  test("a rise or a fall names its fact, and what is derived from it", () => {
    const condition = compile({ fact: "nps.latest", fallsBy: 3, within: "90d" });
    expect(condition.facts).toEqual(["nps.latest", "nps.latest~fall_90d"]);
    expect(condition.leaves(new Map())).toMatchObject([{ fact: "nps.latest", operator: "fallsBy", value: null }]);
    expect(metricsAmong(condition.facts)).toEqual(["nps.latest"]);
  });

  test("numbers that differ are never shown alike", () => {
    const near: Facts = new Map([["score", 39.9999999]]);
    expect(compile({ fact: "score", below: 40 }).why(near)).toBe("score 39.9999999 is below 40");
    expect(compile({ fact: "score", below: 41 }).why(near)).toBe("score 40 is below 41");
  });
});

describe("what is refused", () => {
  const refusals: readonly (readonly [document: unknown, ...faults: string[]])[] = [
    [null, "expected a condition: an object with all, any, not or fact (met null)"],
    [[], 'expected a condition: an object with all, any, not or fact (met "a list of 0")'],
    [{}, 'an empty condition: expected all, any, not or fact (met "an object")'],
    [{ all: [] }, 'all: expected at least one condition (met "a list of 0")'],
    [{ any: {} }, 'any: expected a list of conditions (met "an object")'],
    [{ al: [] }, 'unknown key "al"; did you mean "all"? (met "an object")'],
    [{ below: 40 }, 'a leaf without its "fact" (met "an object")'],
    [{ fact: 7, below: 4 }, "fact: expected the name of a fact (met 7)"],
    [{ fact: "score", belw: 40 }, 'belw: unknown operator "belw"; did you mean "below"? (met 40)'],
    [{ fact: "score", fallsBy: 15 }, 'within: is missing: expected whole days, such as "30d", at most 400'],
    [{ fact: "score", fallsBy: 0, within: "7d" }, "fallsBy: expected a number above 0 (met 0)"],
    [
      { fact: "score", risesBy: 15, within: "36h" },
      'within: expected whole days, such as "30d", at most 400 (met "36h")',
    ],
    [{ fact: "score", below: 15, within: "7d" }, 'within: "within" belongs to fallsBy and risesBy (met "7d")'],
    [
      { fact: "stage.days", risesBy: 15, within: "7d" },
      "risesBy: how stage.days stood before is not kept: expected score, score.computed, coverage, confidence or a metric (met 15)",
    ],
    [{ fact: "score~fall_7d", atLeast: 4 }, 'fact: unknown fact "score~fall_7d" (met "score~fall_7d")'],
    [{ fact: "score", below: 4, above: 2 }, 'expected one operator, not below and above together (met "an object")'],
    [{ fact: "scores", below: 4 }, 'fact: unknown fact "scores"; did you mean "score"? (met "scores")'],
    [{ fact: "nps.last", below: 4 }, 'fact: unknown fact "nps.last"; did you mean "nps.latest"? (met "nps.last")'],
    [{ fact: "risk", above: 0.5 }, 'fact: the fact "risk" is not supported yet (met "risk")'],
    [{ fact: "score", below: "40" }, 'below: expected a number (met "40")'],
    [
      { fact: "score", between: [5, 1] },
      'between: expected two values, the lower one first, each a number (met "a list of 2")',
    ],
    [{ fact: "score", in: [] }, 'in: expected a list of at least one value, each a number (met "a list of 0")'],
    [{ fact: "score", exists: false }, 'exists: expected true: "exists" takes no other value (met false)'],
    [{ fact: "segment", is: 4 }, "is: expected a text (met 4)"],
    [{ fact: "account.began_on", below: "soon" }, 'below: expected a day, such as 2025-01-31 (met "soon")'],
  ];
  test.each(refusals)("%j", (document, ...faults) => {
    expect(faultsOf(document)).toEqual(faults);
  });

  test("an operator that does not fit the type, with those that do", () => {
    expect(faultsOf({ fact: "segment", below: 3 })).toEqual([
      'below: "below" does not fit segment, which is a text: expected is, isNot, in, notIn, contains, exists, missing (met 3)',
    ]);
  });

  test("everything at once, each with its path in the whole document", () => {
    const document = { all: [{ fact: "score", below: "x" }, { any: [{ fact: "bandd", is: "red" }, { not: {} }] }] };
    expect(faultsOf(document, "trigger.when").map((fault) => fault.split(":")[0])).toEqual([
      "trigger.when.all[1].any[1].not",
      "trigger.when.all[0].below",
      "trigger.when.all[1].any[0].fact",
    ]);
  });

  test("a document nested 20,000 deep, by compiler and schema alike", () => {
    let document: unknown = { fact: "score", below: 40 };
    for (let level = 0; level < 20_000; level++) document = level % 2 === 0 ? { not: document } : { all: [document] };
    expect(faultsOf(document)[0]).toContain("nested too deeply: at most 20 levels");
    expect(z.strictObject({ when: conditionSchema }).safeParse({ when: document }).error?.issues).toHaveLength(1);
  });

  test("facts that a place withholds, for its reason", () => {
    const catalogue = withoutFacts(["score"], "not here");
    expect(compileCondition({ fact: "score", below: 4 }, catalogue)).toEqual({
      faults: [{ path: "fact", met: "score", message: "not here" }],
    });
    expect(compileCondition({ fact: "band", is: "red" }, catalogue)).toHaveProperty("condition");
    const refused = (document: ConditionDocument) => compileCondition(document, catalogue);
    expect(refused({ fact: "coverage", fallsBy: 4, within: "7d" })).toMatchObject({
      faults: [{ path: "fallsBy", message: expect.stringContaining("only playbooks may name a rise or a fall") }],
    });
    expect(refused({ fact: "snoozed", is: true })).toMatchObject({
      faults: [{ path: "fact", message: '"snoozed" is known to playbooks only' }],
    });
  });

  test("keys that a prototype would answer", () => {
    expect(faultsOf(JSON.parse('{"fact": "score", "__proto__": {"below": 3}}'))).toHaveLength(1);
    expect(faultsOf({ fact: "constructor", is: "x" })).toHaveLength(1);
    expect(faultsOf({ fact: "score", toString: 3 })).toHaveLength(1);
  });
});

describe("the catalogue", () => {
  test.each([
    ["score", "number"],
    ["band", "text"],
    ["account.began_on", "day"],
    ["account.fields.tier", "any"],
    ["nps.latest", "number"],
    ["usage.logins.sum_28d", "number"],
    ["account.fields.", null],
    ["usage.logins.sum_0d", null],
    ["score~fall_7d", null],
    ["risk", null],
  ])("the type of %s is %j", (name, type) => {
    expect(factCatalogue.typeOf(name)).toBe(type);
  });

  test("tells which of a condition's facts are metrics", () => {
    const condition = compile({
      any: [
        { fact: "score", below: 4 },
        { fact: "nps.latest", below: 4 },
        { fact: "nps.latest", missing: true },
        { fact: "account.fields.x", is: 1 },
      ],
    });
    expect(condition.facts).toEqual(["score", "nps.latest", "account.fields.x"]);
    expect(metricsAmong(condition.facts)).toEqual(["nps.latest"]);
  });

  test("an account's fields, fresh metrics and its health are facts; what is null or stale is missing", () => {
    const metric = { unit: "", ageDays: 0 };
    const known = factsOf(
      { key: "acme", name: "Acme", segment: null, beganOn: "2024-03-01", fields: { tier: 3, note: null } },
      new Map([
        ["nps.latest", { ...metric, value: 9, state: "value" as const }],
        ["csat.avg_90d", { ...metric, value: 4, state: "stale" as const }],
        ["billing.mrr", { ...metric, value: null, state: "not-applicable" as const }],
      ]),
      { score: null, band: null, coverage: 0.25 },
    );
    expect(Object.fromEntries(known)).toEqual({
      "account.key": "acme",
      "account.name": "Acme",
      "account.began_on": "2024-03-01",
      "account.fields.tier": 3,
      "nps.latest": 9,
      coverage: 0.25,
    });
  });
});

const numberFacts = ["score", "coverage", "nps.latest"] as const;
const textFacts = ["segment", "stage"] as const;
const someWord = fc.constantFrom("a", "b", "c");
const someDay = fc.constantFrom("2024-01-01", "2024-06-01", "2025-01-01");
const someNumber = fc.integer({ min: 0, max: 5 });
const numberLeaf: fc.Arbitrary<ConditionDocument> = fc
  .tuple(
    fc.constantFrom(...numberFacts, "account.fields.x"),
    fc.constantFrom("is", "isNot", "below", "atMost", "above", "atLeast"),
    someNumber,
  )
  .map(([fact, operator, operand]) => ({ fact, [operator]: operand }));
const textLeaf: fc.Arbitrary<ConditionDocument> = fc
  .tuple(fc.constantFrom(...textFacts, "account.fields.x"), fc.constantFrom("is", "isNot", "contains"), someWord)
  .map(([fact, operator, operand]) => ({ fact, [operator]: operand }));
const listLeaf: fc.Arbitrary<ConditionDocument> = fc
  .tuple(
    fc.constantFrom(...textFacts),
    fc.constantFrom("in", "notIn"),
    fc.array(someWord, { minLength: 1, maxLength: 2 }),
  )
  .map(([fact, operator, operand]) => ({ fact, [operator]: operand }));
const dayLeaf: fc.Arbitrary<ConditionDocument> = fc
  .tuple(fc.constantFrom("account.began_on", "account.fields.x"), fc.constantFrom("below", "atLeast"), someDay)
  .map(([fact, operator, operand]) => ({ fact, [operator]: operand }));
const rareLeaf: fc.Arbitrary<ConditionDocument> = fc.oneof(
  fc.constantFrom(...numberFacts, ...textFacts).map((fact) => ({ fact, exists: true })),
  fc.constantFrom(...numberFacts, ...textFacts).map((fact) => ({ fact, missing: true })),
  fc.tuple(fc.constantFrom(...numberFacts), someNumber).map(([fact, low]) => ({ fact, between: [low, low + 2] })),
);
const trendLeaf: fc.Arbitrary<ConditionDocument> = fc
  .tuple(fc.constantFrom(...numberFacts), fc.constantFrom("fallsBy", "risesBy"), fc.integer({ min: 1, max: 5 }))
  .map(([fact, operator, operand]) => ({ fact, [operator]: operand, within: "7d" }));
const { condition: someCondition } = fc.letrec<{ condition: ConditionDocument }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(numberLeaf, textLeaf, listLeaf, dayLeaf, rareLeaf, trendLeaf),
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie("condition").map((not) => ({ not })),
  ),
}));
const someFacts: fc.Arbitrary<Facts> = fc
  .record(
    {
      score: someNumber,
      coverage: someNumber,
      "nps.latest": someNumber,
      segment: someWord,
      stage: someWord,
      "account.began_on": someDay,
      "account.fields.x": fc.oneof(someNumber, someWord, someDay, fc.boolean()),
      "score~fall_7d": someNumber,
      "nps.latest~rise_7d": someNumber,
    },
    { requiredKeys: [] },
  )
  .map((values) => new Map<string, FactValue>(Object.entries(values)));

/** A second reading of the language, from the results of its leaves. */
function kleene(document: ConditionDocument, nextLeaf: () => Truth): Truth {
  if (isAll(document))
    return strongest(
      document.all.map((part) => kleene(part, nextLeaf)),
      false,
    );
  if (isAny(document))
    return strongest(
      document.any.map((part) => kleene(part, nextLeaf)),
      true,
    );
  if (!isNot(document)) return nextLeaf();
  const part = kleene(document.not, nextLeaf);
  return part === null ? null : !part;
}

function strongest(parts: readonly Truth[], decisive: boolean): Truth {
  if (parts.includes(decisive)) return decisive;
  return parts.includes(null) ? null : !decisive;
}

function codeOf(truth: Truth): number {
  return truth === null ? 0 : Number(truth) * 2 - 1;
}

const isAll = (document: ConditionDocument): document is { all: readonly ConditionDocument[] } => "all" in document;
const isAny = (document: ConditionDocument): document is { any: readonly ConditionDocument[] } => "any" in document;
const isNot = (document: ConditionDocument): document is { not: ConditionDocument } => "not" in document;

// The time only guards against a hang.
describe("laws", { timeout: 60_000 }, () => {
  test("the whole follows from the leaves, however it is asked", () => {
    fc.assert(
      fc.property(someCondition, someFacts, (document, known) => {
        const condition = compile(document);
        const leaves = condition.leaves(known);
        let next = 0;
        const expected = kleene(document, () => leaves[next++]?.truth ?? null);
        const out = new Int8Array(condition.leafCount);
        expect(condition.truth(known)).toBe(expected);
        expect(condition.evaluateInto(known, out)).toBe(expected);
        expect([...out]).toEqual(leaves.map(({ truth }) => codeOf(truth)));
      }),
    );
  });

  test("a set judges as each of its conditions does alone", () => {
    fc.assert(
      fc.property(
        fc.array(someCondition, { minLength: 1, maxLength: 5 }),
        fc.array(someFacts),
        (documents, accounts) => {
          const conditions = documents.map(compile);
          const set = conditionSet(conditions);
          for (const known of accounts) {
            set.judge(known);
            conditions.forEach((condition, index) => {
              const out = new Int8Array(condition.leafCount);
              const truth = condition.evaluateInto(known, out);
              const from = set.offsets[index] ?? 0;
              expect(set.truths[index]).toBe(codeOf(truth));
              expect([...set.leaves.subarray(from, from + out.length)]).toEqual([...out]);
            });
          }
        },
      ),
    );
  });

  test("De Morgan, double negation, and the duality of all and any hold also for what is unknown", () => {
    fc.assert(
      fc.property(fc.array(someCondition, { minLength: 1, maxLength: 3 }), someFacts, (parts, known) => {
        const truth = (document: ConditionDocument): Truth => compile(document).truth(known);
        const negated = parts.map((not) => ({ not }));
        expect(truth({ not: { all: parts } })).toBe(truth({ any: negated }));
        expect(truth({ not: { any: parts } })).toBe(truth({ all: negated }));
        expect(truth({ not: { not: { all: parts } } })).toBe(truth({ all: parts }));
        expect(truth({ all: [...parts].reverse() })).toBe(truth({ all: parts }));
      }),
    );
  });

  test("learning a missing fact never turns a certain answer around, unless absence was asked for", () => {
    const without = someCondition.filter((document) => !/exists|missing/.test(JSON.stringify(document)));
    fc.assert(
      fc.property(without, someFacts, someFacts, (document, known, more) => {
        const before = compile(document).truth(known);
        const after = compile(document).truth(new Map([...more, ...known]));
        if (before !== null) expect(after).toBe(before);
      }),
    );
  });

  test("the published JSON Schema accepts what the compiler accepts", () => {
    const validate = new Ajv2020({ allowUnionTypes: true, formats: { date: true } }).compile(
      z.toJSONSchema(conditionSchema, { io: "input" }),
    );
    fc.assert(
      fc.property(someCondition, (document) => {
        expect(validate(document)).toBe(true);
        expect(conditionSchema.safeParse(document).success).toBe(true);
      }),
    );
    expect(validate({ fact: "score", belw: 3 })).toBe(false);
    expect(validate({ all: [] })).toBe(false);
  });
});
