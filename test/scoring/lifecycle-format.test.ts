import { describe, expect, test } from "vitest";
import { faultText } from "../../src/scoring/fault.ts";
import { compileLifecycle } from "../../src/scoring/lifecycle/compile.ts";

const onboarding = { id: "onboarding", name: "Onboarding" };
const live = { id: "live", name: "Live" };
const used = { fact: "nps.latest", atLeast: 7 };

/** Every fault in words; empty for a document that is in order. */
function faultsOf(document: unknown): readonly string[] {
  const compiled = compileLifecycle(document, { revision: 1, zone: "UTC" });
  return "faults" in compiled ? compiled.faults.map(faultText) : [];
}

const withStages = (...stages: readonly unknown[]) => ({ stages });
const withMilestones = (...milestones: readonly unknown[]) => ({ stages: [onboarding, live], milestones });

describe("a lifecycle that is in order", () => {
  test.each([
    { name: "one stage", document: withStages(onboarding) },
    { name: "a stage whose CRM value is its own name", document: withStages({ ...live, crm: ["Live", "live"] }) },
    {
      name: "a rule that names a milestone",
      document: {
        ...withStages({ ...live, when: { fact: "milestone.go-live", is: true } }),
        milestones: [{ id: "go-live", name: "G" }],
      },
    },
    {
      name: "rules that lead to and fro by different conditions",
      document: withStages(
        { ...onboarding, when: { fact: "nps.latest", below: 7 }, from: ["live"] },
        { ...live, when: used, from: ["onboarding"] },
      ),
    },
    {
      name: "rules only, each of which can be reached",
      document: { precedence: ["conditions"], stages: [onboarding, { ...live, when: used, from: ["onboarding"] }] },
    },
    {
      name: "a milestone that counts from another",
      document: withMilestones(
        { id: "a", name: "A" },
        { id: "b", name: "B", expected: { within: "2w", from: { milestone: "a" } }, stuckAfter: "3d" },
      ),
    },
  ])("is taken: $name", ({ document }) => {
    expect(faultsOf(document)).toEqual([]);
  });

  test("names every fact its conditions name, and asks for events only where a milestone waits for one", () => {
    const document = {
      stages: [onboarding, { ...live, when: { all: [used, { fact: "milestone.a", is: true }] } }],
      milestones: [{ id: "a", name: "A", when: { fact: "billing.mrr", above: 0 } }],
    };
    const without = compileLifecycle(document, { revision: 3, zone: "UTC" });
    expect(without).toMatchObject({
      lifecycle: {
        revision: 3,
        kinds: [],
        facts: ["nps.latest", "milestone.a", "billing.mrr"],
        firstStage: "onboarding",
      },
    });
    const event = { ...document, milestones: [{ id: "a", name: "A", event: { name: "x" } }] };
    expect(compileLifecycle(event, { revision: 3, zone: "UTC" })).toMatchObject({ lifecycle: { kinds: ["event"] } });
  });
});

describe("a lifecycle is refused, with the path,", () => {
  test.each([
    { name: "that is no object", document: 7, faults: ["expected an object (met 7)"] },
    {
      name: "without stages",
      document: { stages: [] },
      faults: ['stages: expected at least one stage (met "a list of 0")'],
    },
    {
      name: "with an unknown key",
      document: withStages({ ...live, whn: used }),
      faults: ['stages[0].whn: unknown key "whn"; did you mean "when"? (met "an object")'],
    },
    {
      name: "with an id of other letters",
      document: withStages({ id: "Go Live", name: "G" }),
      faults: ['stages[0].id: expected lower-case letters and digits, with - between them (met "Go Live")'],
    },
    {
      name: "with two stages of one id",
      document: withStages(live, { ...live, name: "Other" }),
      faults: ['stages[1].id: another stage has this id (met "live")'],
    },
    {
      name: "with a CRM value that means two stages",
      document: withStages({ ...onboarding, crm: ["Customer"] }, { ...live, crm: ["ONBOARDING", " customer"] }),
      faults: [
        'stages[1].crm[0]: means the stage "onboarding" already (met "ONBOARDING")',
        'stages[1].crm[1]: means the stage "onboarding" already (met " customer")',
      ],
    },
    {
      name: "with a stage nobody knows in from",
      document: withStages(onboarding, { ...live, when: used, from: ["onbording"] }),
      faults: ['stages[1].from[0]: there is no stage "onbording"; did you mean "onboarding"? (met "onbording")'],
    },
    {
      name: "with from but no rule",
      document: withStages(onboarding, { ...live, from: ["onboarding"] }),
      faults: ['stages[1].from: says from where a rule leads here: expected "when" beside it (met "a list of 1")'],
    },
    {
      name: "with a decider named twice, and rules and CRM values that are never asked",
      document: {
        precedence: ["hand", "hand"],
        stages: [
          { ...onboarding, crm: ["New"] },
          { ...live, when: used },
        ],
      },
      faults: [
        'precedence[1]: is named twice (met "hand")',
        'stages[0].crm: is never asked: "crm" is not in precedence (met "a list of 1")',
        'stages[1].when: is never asked: "conditions" is not in precedence (met "an object")',
      ],
    },
    {
      name: "with an unknown decider",
      document: { precedence: ["crm", "rules"], stages: [live] },
      faults: ['precedence[1]: expected "hand" or "crm" or "conditions" (met "rules")'],
    },
    {
      name: "with stages that no rule can lead to, where only rules decide",
      document: {
        precedence: ["conditions"],
        stages: [
          onboarding,
          live,
          { id: "a", name: "A", when: used, from: ["b"] },
          { id: "b", name: "B", when: { not: used }, from: ["a"] },
        ],
      },
      faults: [
        'stages[1]: no rule can lead to this stage (met "live")',
        'stages[2]: no rule can lead to this stage (met "a")',
        'stages[3]: no rule can lead to this stage (met "b")',
      ],
    },
    {
      name: "whose rules oscillate whenever their condition is true",
      document: withStages(
        { ...onboarding, when: used, from: ["live"] },
        { ...live, when: used, from: ["onboarding"] },
      ),
      faults: [
        'stages[0].when: the rules oscillate: while this is true they lead from onboarding to live and back (met "an object")',
      ],
    },
    ...["score", "band", "coverage", "confidence", "model", "override"].map((fact) => ({
      name: `with a rule about ${fact}`,
      document: withStages({ ...live, when: { fact, exists: true } }),
      faults: [`stages[0].when.fact: a rule may not name ${fact}: it is known only after the stage (met "${fact}")`],
    })),
    ...["stage.days", "stage.previous", "journey.status", "risk.score", "milestone.a.status"].map((fact) => ({
      name: `with a rule about ${fact}`,
      document: withStages({ ...live, when: { fact, exists: true } }),
      faults: [`stages[0].when.fact: a rule may not name ${fact}: it follows from the lifecycle (met "${fact}")`],
    })),
    {
      name: "with a rule about the stage itself",
      document: withStages({ ...live, when: { fact: "stage", is: "onboarding" } }),
      faults: [
        'stages[0].when.fact: a rule may not name the stage itself: expected "from" beside the rule (met "stage")',
      ],
    },
    {
      name: "with a rule about a fact nobody knows, or one that does not fit",
      document: withStages({
        ...live,
        when: {
          all: [
            { fact: "nps.lates", atLeast: 7 },
            { fact: "nps.latest", atLeast: "seven" },
          ],
        },
      }),
      faults: [
        'stages[0].when.all[0].fact: unknown fact "nps.lates"; did you mean "nps.latest"? (met "nps.lates")',
        'stages[0].when.all[1].atLeast: expected a number (met "seven")',
      ],
    },
    {
      name: "with milestones of one id",
      document: withMilestones({ id: "a", name: "A" }, { id: "a", name: "A too" }),
      faults: ['milestones[1].id: another milestone has this id (met "a")'],
    },
    {
      name: "with a condition on a milestone that comes later, or on none",
      document: withMilestones(
        { id: "a", name: "A", when: { fact: "milestone.b", is: true } },
        { id: "b", name: "B", when: { fact: "milestone.c", is: true } },
      ),
      faults: [
        'milestones[0].when.fact: "b" is none of the milestones that are judged before (met "milestone.b")',
        expect.stringMatching(/^milestones\[1\]\.when\.fact: "c" is none of the milestones that are judged before/),
      ],
    },
    {
      name: "with a milestone that nothing can reach",
      document: withMilestones({ id: "a", name: "A", byHand: false }),
      faults: ['milestones[0]: nothing can reach it: expected when, event, anniversary or byHand (met "a")'],
    },
    {
      name: "with stages and milestones nobody knows",
      document: withMilestones(
        { id: "a", name: "A", stage: "liv", expected: { within: "2w", from: { stage: "onbording" } } },
        { id: "b", name: "B", expected: { within: "2w", from: { milestone: "c" } } },
      ),
      faults: [
        'milestones[0].stage: there is no stage "liv"; did you mean "live"? (met "liv")',
        'milestones[0].expected.from.stage: there is no stage "onbording"; did you mean "onboarding"? (met "onbording")',
        expect.stringMatching(/^milestones\[1\]\.expected\.from\.milestone: there is no milestone "c"/),
      ],
    },
    {
      name: "with times that count from each other",
      document: withMilestones(
        { id: "a", name: "A", expected: { within: "2w", from: { milestone: "b" } } },
        { id: "b", name: "B", expected: { within: "2w", from: { milestone: "a" } } },
        { id: "c", name: "C", expected: { within: "2w", from: { milestone: "c" } } },
        { id: "d", name: "D", expected: { within: "2w", from: { milestone: "c" } } },
      ),
      faults: [
        'milestones[0].expected.from.milestone: a circle: a from b from a (met "b")',
        'milestones[2].expected.from.milestone: a circle: c from c (met "c")',
      ],
    },
    {
      name: "with a time that is none, and one that counts from nothing",
      document: withMilestones(
        { id: "a", name: "A", expected: { within: "soon" } },
        { id: "b", name: "B", stuckAfter: "3d" },
        { id: "c", name: "C", anniversary: 0 },
      ),
      faults: [
        'milestones[0].expected.within: expected a duration, such as "30m", "12h" or "7d" (met "soon")',
        "milestones[2].anniversary: expected 1 year or more (met 0)",
        'milestones[1].stuckAfter: counts from the expected time: expected "expected" beside it (met "3d")',
      ],
    },
    {
      name: "all of whose parts are of the wrong shape, without falling over",
      document: {
        precedence: "hand",
        stages: [7, { id: 7, name: [], crm: 7, when: [], from: [7] }],
        milestones: [null, { id: null, expected: 7 }],
      },
      faults: expect.arrayContaining(["stages[0]: expected an object (met 7)"]),
    },
  ])("$name", ({ document, faults }) => {
    expect(faultsOf(document)).toEqual(faults);
  });
});
