import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunPosition } from "../../src/playbooks/plan/occasion.ts";
import { advanceRun, type RunPlan } from "../../src/playbooks/plan.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook, run, scene, subject } from "./build.ts";

const start = Date.UTC(2026, 4, 1, 8, 0);
const day = 86_400_000;

/** A step without its id: ids are given in reading order. */
type Draft =
  | { readonly step: object }
  | { readonly when: object; readonly isRandom: boolean; readonly ways: readonly [readonly Draft[], readonly Draft[]] };

const condition = fc.constantFrom(
  { fact: "band", is: "red" },
  { fact: "band", is: "green" },
  { fact: "nps.latest", below: 7 },
);
const acting = fc.record(
  {
    do: fc.constant("slack"),
    to: fc.constant("csm-alerts"),
    text: fc.constant("hello"),
    if: condition,
    skipAfter: fc.constantFrom("1h", "2d"),
  },
  { requiredKeys: ["do", "to", "text"] },
);
const waiting = fc.oneof(
  fc.record({ do: fc.constant("wait"), for: fc.constantFrom("1h", "1d", "3d") }),
  fc.record({ do: fc.constant("wait"), workingDays: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant("wait"), until: condition, for: fc.constantFrom("1d", "5d") }),
  fc.record({ do: fc.constant("wait"), untilDate: fc.constant({ fact: "account.began_on" }), for: fc.constant("9d") }),
);
const stopping = fc.record({ do: fc.constant("stop"), if: condition });

const { list } = fc.letrec<{ list: readonly Draft[]; draft: Draft }>((tie) => ({
  draft: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: acting.map((step): Draft => ({ step })) },
    { weight: 2, arbitrary: waiting.map((step): Draft => ({ step })) },
    { weight: 1, arbitrary: stopping.map((step): Draft => ({ step })) },
    {
      weight: 2,
      arbitrary: fc.record({ when: condition, ways: fc.tuple(tie("list"), tie("list")), isRandom: fc.boolean() }),
    },
  ),
  list: fc.array(tie("draft"), { maxLength: 4 }),
}));

/** No more than the format allows: five branches in each other, and a hundred steps in all. */
const tree = list.filter((drafts) => depthOf(drafts) <= 5 && countOf(drafts) < 100);

function depthOf(drafts: readonly Draft[]): number {
  return Math.max(0, ...drafts.map((draft) => ("step" in draft ? 0 : 1 + Math.max(...draft.ways.map(depthOf)))));
}

function countOf(drafts: readonly Draft[]): number {
  return drafts.reduce(
    (sum, draft) => sum + 1 + ("step" in draft ? 0 : countOf(draft.ways[0]) + countOf(draft.ways[1])),
    0,
  );
}

/** The steps with their ids; behind the last one stands one that does something, so that every wait has a step after it. */
function stepsOf(drafts: readonly Draft[]): readonly object[] {
  let count = 0;
  const number = (draft: Draft): object => {
    count += 1;
    const id = `s${count}`;
    if ("step" in draft) return { id, ...draft.step };
    const { when, isRandom, ways } = draft;
    const [one, other] = [ways[0].map(number), ways[1].map(number)];
    if (!isRandom) return { id, do: "branch", cases: [{ when, steps: one }], otherwise: other };
    const random = [
      { weight: 1, steps: one },
      { weight: 2, steps: other },
    ];
    return { id, do: "branch", random };
  };
  const numbered = drafts.map(number);
  return [...numbered, { id: "last", do: "slack", to: "csm-alerts", text: "end" }];
}

/** What is so at each look, and how long it is until the next. */
const looks = fc.array(
  fc.record({
    band: fc.constantFrom("red", "green"),
    nps: fc.option(fc.integer({ min: 0, max: 10 })),
    after: fc.integer({ min: 0, max: 4 * day }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Takes a run from look to look; the last look is repeated, ten days later each time, until the run has ended. */
function walk(whole: CompiledPlaybook, seen: readonly { band: string; nps: number | null; after: number }[]) {
  const plans: RunPlan[] = [];
  let position: RunPosition = run(whole.steps[0]?.id ?? "", { arrivedAt: start });
  let now = start;
  for (let turn = 0; turn <= seen.length + whole.steps.length; turn += 1) {
    const { band, nps, after } = seen[turn] ?? { band: "red", nps: null, after: 10 * day };
    const facts: [string, FactValue][] = [
      ["band", band],
      ...(nps === null ? [] : [["nps.latest", nps] as [string, number]]),
    ];
    const plan = advanceRun(whole, position, scene(subject(Object.fromEntries(facts))), now);
    plans.push(plan);
    if (plan.next.kind !== "waiting") break;
    position = { ...position, ...plan.next };
    now += after;
  }
  return plans;
}

test("any tree of steps, whatever is so meanwhile, comes to an end, with each step once at most and in order", () => {
  fc.assert(
    fc.property(tree, looks, (drafts, seen) => {
      const whole = playbook({ steps: stepsOf(drafts) });
      const order = new Map(whole.steps.map(({ id }, index) => [id, index]));
      const plans = walk(whole, seen);
      expect(plans.at(-1)?.next.kind).not.toBe("waiting");
      const places = plans.flatMap(({ actions }) => actions.map(({ stepId }) => order.get(stepId) ?? -1));
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      for (const { actions, reason } of plans) {
        expect(reason).not.toBe("");
        for (const action of actions) expect(action.reason).not.toBe("");
      }
    }),
    { numRuns: 300 },
  );
});

test("a look that is repeated at the same moment says the same", () => {
  fc.assert(
    fc.property(tree, looks, (drafts, seen) => {
      const whole = playbook({ steps: stepsOf(drafts) });
      expect(walk(whole, seen)).toEqual(walk(whole, seen));
    }),
    { numRuns: 50 },
  );
});
