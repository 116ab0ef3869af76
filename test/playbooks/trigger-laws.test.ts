import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const hour = 3_600_000;

const duration = fc.constantFrom(undefined, "6h", "2d");
const settings = fc.record({
  holds: duration,
  keeps: duration,
  cooldown: duration,
  onActivate: fc.constantFrom("baseline", "fire"),
  hasRecover: fc.boolean(),
  hasAudience: fc.boolean(),
});
/** Hours since the observation before, the score (null: unknown), the segment (null: unknown). */
const observation = fc.record({
  wait: fc.integer({ min: 0, max: 60 }),
  score: fc.option(fc.constantFrom(10, 39.9, 40, 45, 50, 90)),
  segment: fc.option(fc.constantFrom("mid", "small")),
});

type Observation = { readonly wait: number; readonly score: number | null; readonly segment: string | null };
type Settings = {
  readonly holds: string | undefined;
  readonly keeps: string | undefined;
  readonly cooldown: string | undefined;
  readonly onActivate: string;
  readonly hasRecover: boolean;
  readonly hasAudience: boolean;
};
interface Step extends TriggerDecision {
  readonly now: number;
  readonly before: TriggerState | null;
  /** The answer, worked out by hand. */
  readonly matches: boolean | null;
  /** Not one fact is known that could end an episode. */
  readonly isInTheDark: boolean;
}

const compiled = new Map<string, CompiledPlaybook>();

function playbookOf(set: Settings): CompiledPlaybook {
  const key = JSON.stringify(set);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { holds, keeps, cooldown, onActivate } = set;
  const subject = playbook({
    trigger: {
      on: "threshold",
      when: { fact: "score", below: 40 },
      for: holds,
      keepFor: keeps,
      ...(set.hasRecover ? { recover: { fact: "score", atLeast: 50 } } : {}),
    },
    entry: { mode: "episode", onActivate, cooldown },
    ...(set.hasAudience ? { audience: { fact: "segment", is: "mid" } } : {}),
  });
  compiled.set(key, subject);
  return subject;
}

/** Runs a course of observations, and judges each by hand beside it. */
function judgeCourse(set: Settings, observations: readonly Observation[]): Step[] {
  const subject = playbookOf(set);
  let state: TriggerState | null = null;
  let now = start;
  return observations.map(({ wait, score, segment }) => {
    now += wait * hour;
    const facts = new Map<string, FactValue>();
    if (score !== null) facts.set("score", score);
    if (segment !== null) facts.set("segment", segment);
    const before = state;
    const decision = judgeTrigger(subject, before, facts, { now, firstSeen: false });
    state = decision.state;
    const isInTheDark = score === null && (segment === null || !set.hasAudience || segment === "mid");
    return { ...decision, now, before, matches: matchesByHand(set.hasAudience, score, segment), isInTheDark };
  });
}

function matchesByHand(hasAudience: boolean, score: number | null, segment: string | null): boolean | null {
  const isOut = hasAudience && segment !== null && segment !== "mid";
  if (isOut || (score !== null && score >= 40)) return false;
  return score === null || (hasAudience && segment === null) ? null : true;
}

const hours: Readonly<Record<string, number>> = { "6h": 6, "2d": 48 };

/** Holds a claim against every step of many courses; the claim names what breaks it, or returns null. */
function law(breach: (step: Step, steps: readonly Step[], set: Settings) => unknown): void {
  fc.assert(
    fc.property(settings, fc.array(observation, { maxLength: 30 }), (set, observations) => {
      const steps = judgeCourse(set, observations);
      const broken = steps.filter((step) => breach(step, steps, set));
      expect(broken).toEqual([]);
    }),
    { numRuns: 200 },
  );
}

/** Since when the condition has not been false. */
function heldSince(steps: readonly Step[], at: Step): number {
  const until = steps.slice(0, steps.indexOf(at) + 1);
  const afterFalse = until.slice(until.findLastIndex(({ matches }) => matches === false) + 1);
  return afterFalse.find(({ matches }) => matches === true)?.now ?? at.now;
}

// The time guards against a hang; nothing is judged by its speed.
describe("over any course of observations", { timeout: 60_000 }, () => {
  test("no episode fires twice", () => {
    law(({ fire }, steps) => fire !== null && steps.filter((step) => step.fire?.episode === fire.episode).length > 1);
  });

  test("it fires only on the way into firing, and only while the condition is true", () => {
    law(({ fire, before, state, matches }) => {
      const wasOutside = before === null || before.state === "inactive" || before.state === "pending";
      return fire !== null && !(wasOutside && state.state === "firing" && matches === true);
    });
  });

  test("an unknown answer never fires and never moves on who waits", () => {
    law(({ fire, before, state, matches }) => {
      if (matches !== null) return false;
      const was = before?.state ?? "inactive";
      const hasMoved = (was === "inactive" || was === "pending") && state.state !== was;
      return fire !== null || hasMoved;
    });
  });

  test("with nothing known every state is held", () => {
    law(({ before, state, isInTheDark }) => isInTheDark && state.state !== (before?.state ?? "inactive"));
  });

  test("nothing fires before the condition has held for its whole time", () => {
    law((step, steps, { holds }) => {
      const asked = (hours[holds ?? ""] ?? 0) * hour;
      return step.fire !== null && step.now - heldSince(steps, step) < asked;
    });
  });

  test("two runs of a playbook are never closer than its cooldown", () => {
    law((step, steps, { cooldown }) => {
      const apart = (hours[cooldown ?? ""] ?? 0) * hour;
      const earlier = steps.slice(0, steps.indexOf(step)).findLast(({ fire }) => fire !== null);
      return step.fire !== null && earlier !== undefined && step.now - earlier.now < apart;
    });
  });

  test("it never asks to be judged at a moment that has passed", () => {
    law(({ dueAt, now }) => dueAt !== null && dueAt <= now);
  });

  test("a second judgement of the same facts at the same moment fires nothing more", () => {
    const fires = (steps: readonly Step[]) => steps.flatMap(({ fire, now }) => (fire === null ? [] : [now]));
    fc.assert(
      fc.property(settings, fc.array(observation, { maxLength: 30 }), (set, observations) => {
        const doubled = observations.flatMap((one) => [one, { ...one, wait: 0 }]);
        expect(fires(judgeCourse(set, doubled))).toEqual(fires(judgeCourse(set, observations)));
      }),
      { numRuns: 200 },
    );
  });
});
