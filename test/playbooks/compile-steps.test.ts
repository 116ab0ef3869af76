import { describe, expect, test } from "vitest";
import { playbooksCalledBy } from "../../src/playbooks/calls.ts";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { context, document, playbook, refusals } from "./build.ts";

const isRed = { fact: "band", is: "red" };
const say = (id: string, more: object = {}) => ({ id, do: "slack", to: "csm-alerts", text: id, ...more });
const pause = (id: string, more: object = { for: "1d" }) => ({ id, do: "wait", ...more });
const branch = (id: string, inner: readonly object[], more: object = {}) => ({
  id,
  do: "branch",
  cases: [{ when: isRed, steps: inner }],
  ...more,
});
const call = (playbookId: string) => ({ id: "call", do: "call-playbook", playbook: playbookId });
const of = (...steps: readonly object[]) => refusals(document({ steps }));

describe("a compiled list of steps", () => {
  test("leads from each step to the next, and from the end of a branch to where the branch ends", () => {
    const { steps } = playbook({
      steps: [say("a"), branch("b", [say("c"), say("d")], { otherwise: [say("e")] }), say("f")],
    });
    expect(steps.map(({ id, next }) => [id, next])).toEqual([
      ["a", "b"],
      ["b", "f"],
      ["c", "d"],
      ["d", "f"],
      ["e", "f"],
      ["f", null],
    ]);
    expect(steps[1]).toMatchObject({ cases: [{ to: "c" }], otherwise: "e", random: [] });
  });

  test("names the facts of all conditions and templates of its steps, its goal and its exit", () => {
    const { facts } = playbook({
      steps: [
        branch("b", [say("a", { if: { fact: "coverage", above: 0.5 } })]),
        pause("w", { until: { fact: "nps.latest", above: 8 }, for: "5d" }),
        say("c", { text: '{{ metrics["usage.logins.avg_7d"] }}' }),
      ],
      goal: { when: { fact: "segment", is: "enterprise" }, within: "30d" },
      exit: { fact: "stage", is: "churned" },
    });
    expect(facts).toEqual(
      expect.arrayContaining(["band", "coverage", "nps.latest", "usage.logins.avg_7d", "segment", "stage"]),
    );
  });
});

describe("refused is", () => {
  test.each([
    [
      "a step behind a stop",
      [say("a"), { id: "s", do: "stop" }, say("b")],
      'steps[2]: is never reached: "s" stops every run before it',
    ],
    [
      "a step behind a stop in a branch",
      [branch("b", [{ id: "s", do: "stop" }, say("a")])],
      'steps[0].cases[0].steps[1]: is never reached: "s" stops',
    ],
    [
      "an id used twice in branches",
      [say("a"), branch("b", [say("a")])],
      "steps[1].cases[0].steps[0].id: this id is used by an earlier step",
    ],
    [
      "a wait at the end of a branch at the end",
      [branch("b", [pause("p")])],
      "steps[0].cases[0].steps[0]: a wait needs a step after it",
    ],
    [
      "a wait for nothing",
      [pause("p", {}), say("a")],
      'steps[0]: expected one of "for", "workingDays", "until" and "untilDate"',
    ],
    ["a wait of zero", [pause("p", { for: "0d" }), say("a")], "steps[0].for: expected a wait longer than nothing"],
    [
      "a longest wait of zero",
      [pause("p", { until: isRed, for: "0h" }), say("a")],
      "steps[0].for: expected a wait longer than nothing",
    ],
    ["a wait of no working day", [pause("p", { workingDays: 0 }), say("a")], "steps[0].workingDays"],
    [
      "a wait that means two things",
      [pause("p", { workingDays: 2, until: isRed }), say("a")],
      "steps[0]: expected one of workingDays, until: a wait means one thing",
    ],
    [
      "working days and a duration",
      [pause("p", { workingDays: 2, for: "5d" }), say("a")],
      'steps[0].for: expected either "for" or "workingDays"',
    ],
    [
      "a date before and after",
      [pause("p", { untilDate: { fact: "account.began_on", daysBefore: 1, daysAfter: 1 } }), say("a")],
      "steps[0].untilDate: expected one of daysBefore and daysAfter, not both",
    ],
    [
      "a date that is a number",
      [pause("p", { untilDate: { fact: "score" } }), say("a")],
      "steps[0].untilDate.fact: expected a day",
    ],
    [
      "a date there is none of",
      [pause("p", { untilDate: { fact: "account.begun" } }), say("a")],
      "steps[0].untilDate.fact",
    ],
    ["a branch without a way", [{ id: "b", do: "branch" }, say("a")], 'steps[0]: expected one of "cases" and "random"'],
    [
      "a branch by condition and by chance",
      [
        branch("b", [say("a")], {
          random: [
            { weight: 1, steps: [] },
            { weight: 1, steps: [] },
          ],
        }),
      ],
      'steps[0]: expected one of "cases" and "random"',
    ],
    [
      "an otherwise beside chance",
      [
        {
          id: "b",
          do: "branch",
          random: [
            { weight: 1, steps: [] },
            { weight: 2, steps: [] },
          ],
          otherwise: [say("a")],
        },
      ],
      "steps[0].otherwise",
    ],
    [
      "a weight of nothing",
      [
        {
          id: "b",
          do: "branch",
          random: [
            { weight: 0, steps: [] },
            { weight: 1, steps: [] },
          ],
        },
      ],
      "steps[0].random[0].weight",
    ],
    [
      "a field that is none of ours to set",
      [{ id: "f", do: "set-field", field: "score", value: 3 }],
      'steps[0].field: expected "segment", "owner" or',
    ],
    [
      "a segment that is a number",
      [{ id: "f", do: "set-field", field: "segment", value: 3 }],
      "steps[0].value: expected a text",
    ],
    [
      "an owner who is not there",
      [{ id: "f", do: "set-field", field: "owner", value: "eve" }],
      'steps[0].value: expected "ada"',
    ],
    [
      "a variable there is none of in a value",
      [{ id: "f", do: "set-field", field: "segment", value: "{{ nope }}" }],
      'steps[0].value: unknown variable "nope"',
    ],
    [
      "a stage there is none of",
      [{ id: "s", do: "set-stage", stage: "live" }],
      'steps[0].stage: there is no stage "live"',
    ],
    [
      "a CRM that is none",
      [{ id: "u", do: "update-crm", source: "stripe", field: "x", value: 1 }],
      'steps[0].source: expected "hubspot" (met "stripe")',
    ],
    [
      "a condition in a branch that cannot be",
      [branch("b", [say("a", { if: { fact: "score", below: -1 } })])],
      "steps[0].cases[0].steps[0].if: no score can cross",
    ],
    [
      "a case that cannot be",
      [branch("b", [], { cases: [{ when: { fact: "bandd", is: "x" }, steps: [] }] })],
      "steps[0].cases[0].when.fact",
    ],
  ])("%s", (_name, steps, expected) => {
    expect(of(...steps).join("\n")).toContain(expected);
  });

  test("an id of onRecover that a step has", () => {
    const faults = refusals(document({ steps: [say("a")], onRecover: [say("a")] }));
    expect(faults).toEqual([expect.stringContaining("onRecover[0].id: this id is used by an earlier step")]);
  });

  test("a wait in onRecover", () => {
    expect(refusals(document({ onRecover: [pause("p"), say("a")] })).join()).toContain("onRecover[0].do");
  });

  test("more than 100 steps in all", () => {
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => say(`${prefix}-${index}`));
    expect(of(branch("b", many(60, "in")), ...many(39, "out"))).toEqual([]);
    const faults = of(branch("b", many(60, "in")), ...many(40, "out"));
    expect(faults).toEqual(["steps: 101 steps, with those in branches: expected 100 at the most"]);
  });

  test("branches in each other more than five deep, and 20,000 deep without a crash", () => {
    const nested = (depth: number): object => {
      let inner: object = say("a");
      for (let level = 0; level < depth; level++) inner = branch(`b-${level}`, [inner]);
      return inner;
    };
    expect(of(nested(5))).toEqual([]);
    expect(of(nested(6)).join()).toContain("branches stand in each other more than 5 deep");
    expect(of(nested(20_000)).join()).toContain("branches stand in each other more than 5 deep");
  });
});

describe("accepted is", () => {
  test.each([
    ["a stop on a condition with steps behind it", [{ id: "s", do: "stop", if: isRed }, say("a")]],
    [
      "a branch whose ways all stop",
      [branch("b", [{ id: "s", do: "stop" }], { otherwise: [{ id: "t", do: "stop" }] }), say("a")],
    ],
    ["a wait at the end of a branch with a step behind it", [branch("b", [pause("p")]), say("a")]],
    ["a branch whose lists are empty", [branch("b", []), say("a")]],
    ["an owner by template", [{ id: "f", do: "set-field", field: "owner", value: "{{ account.fields.csm }}" }]],
  ])("%s", (_name, steps) => {
    expect(of(...steps)).toEqual([]);
  });
});

describe("a call of another playbook", () => {
  const known = {
    ...context,
    playbooks: ["save-at-risk", "welcome", "renew", "cheer"],
    calls: new Map([
      ["welcome", ["renew"]],
      ["renew", ["save-at-risk"]],
      ["cheer", []],
    ]),
  };
  const told = (playbookId: string) => {
    const compiled = compilePlaybook(document({ steps: [call(playbookId)] }), known);
    return "faults" in compiled ? compiled.faults.map(faultText) : [];
  };

  test.each([
    ["one that is there", "cheer", []],
    [
      "one that is not",
      "wellcome",
      ['steps[0].playbook: there is no playbook "wellcome"; did you mean "welcome"? (met "wellcome")'],
    ],
    [
      "itself",
      "save-at-risk",
      ['steps[0].playbook: calls itself: "save-at-risk" → "save-at-risk" (met "save-at-risk")'],
    ],
    [
      "one that leads back to it",
      "welcome",
      ['steps[0].playbook: calls itself: "save-at-risk" → "welcome" → "renew" → "save-at-risk" (met "welcome")'],
    ],
  ])("of %s", (_name, playbookId, expected) => {
    expect(told(playbookId)).toEqual(expected);
  });

  test("is found wherever it stands", () => {
    expect(playbooksCalledBy(document({ steps: [branch("b", [call("cheer")]), say("a")] }))).toEqual(["cheer"]);
  });
});
