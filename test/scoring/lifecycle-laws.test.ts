import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { FactValue } from "../../src/scoring/facts.ts";
import type { LifecycleState, MilestoneStatus } from "../../src/scoring/history.ts";
import { judgeLifecycle, type Lifecycle, oscillates } from "../../src/scoring/lifecycle.ts";
import type { ChangeOf } from "../../src/scoring/record-state.ts";
import type { RecordKind } from "../../src/scoring/records.ts";
import { at, change } from "./build-history.ts";
import { inputOf, lifecycleOf, stateAt } from "./lifecycle-build.ts";

vi.setConfig({ testTimeout: 60_000 });

const start = at("2026-01-01T00:00:00Z");
const dayMs = 86_400_000;
const stageIds = ["a", "b", "c", "d", "e"] as const;
const fields = ["p", "q", "r"] as const;
const milestoneIds = ["m", "n", "o"] as const;

const iso = (day: number) => new Date(start + day * dayMs).toISOString();
const someDay = fc.integer({ min: 0, max: 400 }).map((quarter) => quarter / 4);

const condition = fc.oneof(
  fc.record({ fact: fc.constantFrom(...fields.map((field) => `account.fields.${field}`)), is: fc.constant(true) }),
  fc.record({
    not: fc.record({
      fact: fc.constantFrom(...fields.map((field) => `account.fields.${field}`)),
      is: fc.constant(true),
    }),
  }),
);

/** Rule sets of any kind that the format takes. */
const lifecycles: fc.Arbitrary<Lifecycle> = fc
  .record({
    precedence: fc
      .shuffledSubarray(["hand", "crm"], { minLength: 1, maxLength: 2 })
      .chain((others) =>
        fc.nat(others.length).map((place) => [...others.slice(0, place), "conditions", ...others.slice(place)]),
      ),
    rules: fc.array(
      fc.record({
        when: fc.option(condition, { nil: undefined }),
        milestone: fc.option(fc.constantFrom(...milestoneIds), { nil: undefined }),
        from: fc.option(fc.subarray([...stageIds], { minLength: 1 }), { nil: undefined }),
      }),
      { minLength: stageIds.length, maxLength: stageIds.length },
    ),
    milestones: fc.tuple(
      ...milestoneIds.map(() =>
        fc.record({
          when: fc.option(condition, { nil: undefined }),
          event: fc.option(fc.record({ name: fc.constantFrom("x", "y") }), { nil: undefined }),
          anniversary: fc.option(fc.constant(1), { nil: undefined }),
          expected: fc.option(
            fc.record({
              within: fc.integer({ min: 0, max: 60 }).map((days) => `${days}d`),
              from: fc.oneof(
                fc.constant("began"),
                fc.constantFrom(...stageIds).map((stage) => ({ stage })),
              ),
            }),
            { nil: undefined },
          ),
        }),
      ),
    ),
  })
  .map(({ precedence, rules, milestones }) => ({
    precedence,
    stages: stageIds.map((id, index) => stageOf(id, rules[index] ?? {})),
    milestones: milestoneIds.map((id, index) => ({ id, name: id, ...given(milestones[index] ?? {}) })),
  }))
  .map(lifecycleOf);

function stageOf(
  id: string,
  rule: {
    readonly when?: object | undefined;
    readonly milestone?: string | undefined;
    readonly from?: readonly string[] | undefined;
  },
): object {
  const milestone = rule.milestone === undefined ? undefined : { fact: `milestone.${rule.milestone}`, is: true };
  const ruled = milestone ?? rule.when;
  // Rules of one and the same condition are refused where they oscillate: each gets a leaf of its own, which is always true.
  const when = ruled === undefined ? undefined : { all: [ruled, { fact: "account.key", isNot: id }] };
  return { id, name: id, ...given({ when, from: when === undefined ? undefined : rule.from }) };
}

function given(parts: object): object {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

const factSets: fc.Arbitrary<Readonly<Record<string, FactValue>>> = fc
  .tuple(...fields.map(() => fc.constantFrom(true, false, undefined)))
  .map((values) =>
    Object.fromEntries(
      values.flatMap((value, index) => (value === undefined ? [] : [[`account.fields.${fields[index]}`, value]])),
    ),
  );

type Change = ChangeOf<RecordKind>;
/** Records of people, the CRM and the product, each known on a day of its own after it was true. */
const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom(...stageIds, "other", null).map((stage) => ["account", { stage }] as const),
        fc.constantFrom(...stageIds, "other", null).map((stage) => ["stage", { stage, by: "anna" }] as const),
        fc
          .tuple(fc.constantFrom(...milestoneIds), fc.boolean())
          .map(([milestone, reached]) => ["milestone", { milestone, reached, by: "anna" }] as const),
        fc.constantFrom("x", "y", "z").map((name) => ["event", { name }] as const),
      ),
      someDay,
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 1 }),
    )
    .map(([[kind, set], day, late, which]) => change(kind, idOf(kind, set, which), iso(day), set, iso(day + late))),
  { maxLength: 8 },
);

function idOf(kind: RecordKind, set: object, which: number): number {
  if (kind === "milestone" && "milestone" in set)
    return 30 + milestoneIds.findIndex((id) => Object.is(id, set.milestone));
  return { account: 1, stage: 20, event: 40 + which }[kind as "account" | "stage" | "event"];
}

const accounts = fc.record({
  zone: fc.constantFrom("UTC", "Asia/Kolkata"),
  beganOn: fc.constantFrom("2025-02-01", "2026-01-20"),
});
/** Days of judgement, in order. */
const walks = fc
  .array(fc.tuple(someDay, factSets), { minLength: 1, maxLength: 8 })
  .map((steps) => [...steps].sort(([one], [other]) => one - other));

/** The state of each step, each remembering the one before. */
function walkThrough(
  lifecycle: Lifecycle,
  known: { readonly account: object; readonly changes: readonly Change[] },
  steps: readonly (readonly [number, Readonly<Record<string, FactValue>>])[],
): readonly LifecycleState[] {
  const states: LifecycleState[] = [];
  for (const [day, facts] of steps) {
    states.push(stateAt(lifecycle, { ...known, facts, memory: states.at(-1) ?? null }, start + day * dayMs));
  }
  return states;
}

describe("a judgement", () => {
  test("repeated at the same moment with its own memory changes nothing", () => {
    fc.assert(
      fc.property(lifecycles, accounts, changes, walks, (lifecycle, account, known, steps) => {
        let memory: LifecycleState | null = null;
        for (const [day, facts] of steps) {
          const now = start + day * dayMs;
          const input = inputOf({ account, changes: known, facts, memory }, now);
          const first = judgeLifecycle(lifecycle, input, now);
          const second = judgeLifecycle(lifecycle, { ...input, memory: first.state }, now);
          expect(second).toEqual(first);
          memory = first.state;
        }
      }),
      { numRuns: 150 },
    );
  });

  test("of a moment does not depend on what became known after it", () => {
    fc.assert(
      fc.property(lifecycles, accounts, changes, someDay, factSets, (lifecycle, account, all, day, facts) => {
        const now = start + day * dayMs;
        const known = all.filter(({ occurredAt, recordedAt }) => occurredAt <= now && recordedAt <= now);
        expect(stateAt(lifecycle, { account, changes: all, facts }, now)).toEqual(
          stateAt(lifecycle, { account, changes: known, facts }, now),
        );
      }),
      { numRuns: 150 },
    );
  });

  test("says since when, never later than now, and forgets no moment while the stage stays", () => {
    fc.assert(
      fc.property(lifecycles, accounts, changes, walks, (lifecycle, account, known, steps) => {
        const states = walkThrough(lifecycle, { account, changes: known }, steps);
        states.forEach((state, index) => {
          expect(state.since ?? 0).toBeLessThanOrEqual(start + (steps[index]?.[0] ?? 0) * dayMs);
          expect(state.since === null).toBe(state.stage === null);
          const before = states[index - 1];
          if (before?.stage === state.stage)
            expect(state).toMatchObject({ since: before.since, previous: before.previous });
          else if (before !== undefined) expect(state.previous).toBe(before.stage);
        });
      }),
    );
  });
});

describe("a milestone", () => {
  test("is never un-reached, but by a hand what a hand had set", () => {
    fc.assert(
      fc.property(lifecycles, accounts, changes, walks, (lifecycle, account, known, steps) => {
        const states = walkThrough(lifecycle, { account, changes: known }, steps);
        for (const [index, state] of states.entries()) {
          for (const before of states[index - 1]?.milestones ?? []) {
            const after = state.milestones.find(({ id }) => id === before.id);
            if (before.by === "condition" || before.by === "event") {
              expect(after).toMatchObject({ status: "reached", reachedAt: before.reachedAt, by: before.by });
            }
          }
        }
      }),
    );
  });

  test("only gets later in time until it is reached", () => {
    const order: readonly MilestoneStatus[] = ["open", "on-track", "behind", "stuck", "reached"];
    fc.assert(
      fc.property(lifecycles, accounts, walks, (lifecycle, account, steps) => {
        const states = walkThrough(lifecycle, { account, changes: [] }, steps);
        for (const [index, state] of states.entries()) {
          state.milestones.forEach((milestone, at) => {
            const before = states[index - 1]?.milestones[at];
            // A stage that is entered anew gives a new time.
            if (before === undefined || before.expectedAt !== milestone.expectedAt) return;
            expect(order.indexOf(milestone.status)).toBeGreaterThanOrEqual(order.indexOf(before.status));
          });
        }
      }),
    );
  });

  test("changes its status with time alone exactly when the judgement said it would be due", () => {
    fc.assert(
      fc.property(lifecycles, accounts, someDay, factSets, (lifecycle, account, day, facts) => {
        const now = start + day * dayMs;
        const input = inputOf({ account, facts }, now);
        const { state, dueAt } = judgeLifecycle(lifecycle, input, now);
        const statuses = (moment: number) => {
          const later = judgeLifecycle(lifecycle, { ...input, memory: state }, moment);
          return later.state.milestones.map(({ id, status }) => `${id} ${status}`);
        };
        const present = statuses(now);
        // Without a due moment nothing changes in a hundred years.
        expect(statuses(dueAt === null ? now + 36_500 * dayMs : dueAt - 1)).toEqual(present);
        if (dueAt !== null) expect(statuses(dueAt)).not.toEqual(present);
      }),
    );
  });
});

describe("rules that oscillate", () => {
  test("are found exactly where following them never ends", () => {
    const rulesOnly = lifecycles.map((lifecycle): Lifecycle => ({ ...lifecycle, precedence: ["conditions"] }));
    fc.assert(
      fc.property(rulesOnly, factSets, fc.constantFrom(...stageIds), (lifecycle, facts, stage) => {
        const memory: LifecycleState = {
          stage,
          decidedBy: "conditions",
          since: start,
          previous: null,
          reason: "",
          milestones: [],
        };
        const input = inputOf({ facts, memory }, start);
        const judged = stateAt(lifecycle, { facts, memory }, start);
        const truths = new Map<string, FactValue>([["account.key", "acme"], ...Object.entries(facts)]);
        for (const { id, status } of judged.milestones) truths.set(`milestone.${id}`, status === "reached");
        const seen = [stage as string];
        // Of five stages, no walk without a circle is longer than this.
        for (let step = 0; step < 100; step += 1) {
          const here = seen.at(-1) ?? "";
          const open = lifecycle.stages.filter(
            ({ when, from }) => when?.truth(truths) === true && (from === null || from.includes(here)),
          );
          seen.push(open.at(-1)?.id ?? here);
        }
        const isRestless = seen.at(-1) !== seen.at(-2);
        const found = oscillates(lifecycle, input, start);
        expect(found !== null).toBe(isRestless);
        expect(new Set(found ?? [])).toEqual(new Set(isRestless ? seen.slice(-50) : []));
        expect(judged.stage).toBe(isRestless ? stage : seen.at(-1));
      }),
      { numRuns: 300 },
    );
  });
});
