import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import { snoozeGuard } from "../../src/playbooks/snooze.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const hour = 3_600_000;

const duration = fc.constantFrom(undefined, "6h", "2d");
const kinds = ["threshold", "fall", "stage", "milestone", "renewal", "change"] as const;
const settings = fc.record({
  kind: fc.constantFrom(...kinds),
  holds: duration,
  keeps: duration,
  cooldown: duration,
  onActivate: fc.constantFrom("baseline", "fire"),
  hasRecover: fc.boolean(),
  hasAudience: fc.boolean(),
});
/** Hours since the observation before, the score (null: unknown), the segment (null: unknown), what it is about, and hours of a snooze. */
const observation = fc.record({
  wait: fc.integer({ min: 0, max: 60 }),
  score: fc.option(fc.constantFrom(10, 39.9, 40, 45, 50, 90)),
  segment: fc.option(fc.constantFrom("mid", "small")),
  period: fc.constantFrom("2026-06-30", "2026-07-31"),
  snooze: fc.option(fc.constantFrom(6, 48), { freq: 2 }),
});

type Kind = (typeof kinds)[number];
type Observation = {
  readonly wait: number;
  readonly score: number | null;
  readonly segment: string | null;
  readonly period: string;
  readonly snooze: number | null;
};
type Settings = {
  readonly kind: Kind;
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
  /** The end of the snooze in force. */
  readonly snoozedUntil: number | null;
  /** What an episode that begins now is about. */
  readonly occasion: string | null;
}

const compiled = new Map<string, CompiledPlaybook>();

function playbookOf(set: Settings): CompiledPlaybook {
  const key = JSON.stringify(set);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { onActivate, cooldown } = set;
  const subject = playbook({
    trigger: triggerOf(set),
    entry: { mode: "episode", onActivate, cooldown },
    ...(set.hasAudience ? { audience: { fact: "segment", is: "mid" } } : {}),
  });
  compiled.set(key, subject);
  return subject;
}

/** Every kind of trigger, true where the score of the observation is below 40. */
function triggerOf({ kind, holds, keeps, hasRecover }: Settings): Readonly<Record<string, unknown>> {
  const times = { for: holds, keepFor: keeps };
  switch (kind) {
    case "threshold": {
      const recover = hasRecover ? { recover: { fact: "score", atLeast: 50 } } : {};
      return { on: "threshold", when: { fact: "score", below: 40 }, ...times, ...recover };
    }
    case "fall":
      return { on: "change", fact: "score", fallsBy: 15, within: "30d", ...times };
    case "stage":
      return { on: "stage", enters: ["churned", "paused"], from: "live", ...times };
    case "milestone":
      return { on: "milestone", milestone: "go-live", status: "behind" };
    case "renewal":
      return { on: "renewal", within: "90d" };
    case "change":
      return { on: "change", fact: "owner", to: ["2026-06-30", "2026-07-31"] };
    default:
      return kind satisfies never;
  }
}

function factsOf(kind: Kind, { score, segment, period }: Observation): Map<string, FactValue> {
  const facts = new Map<string, FactValue>();
  if (segment !== null) facts.set("segment", segment);
  if (score === null) return facts;
  for (const [name, value] of Object.entries(kindFacts(kind, score, period))) facts.set(name, value);
  return facts;
}

function kindFacts(kind: Kind, score: number, period: string): Readonly<Record<string, FactValue>> {
  const isTrue = score < 40;
  switch (kind) {
    case "threshold":
      return { score };
    case "fall":
      return { score, "score~fall_30d": isTrue ? 15 : 14.9 };
    case "stage":
      return { stage: isTrue ? "churned" : "live", "stage.previous": "live" };
    case "milestone":
      return { "milestone.go-live.status": isTrue ? "stuck" : "on-track" };
    case "renewal":
      return { "contract.days_to_renewal": isTrue ? 90 : 91, "contract.days_to_renewal~ends": period };
    case "change":
      return { owner: period, "owner~changed_86400s": isTrue, "owner~was_86400s": isTrue ? "anna" : period };
    default:
      return kind satisfies never;
  }
}

const hasOccasions = (kind: Kind): boolean => kind === "renewal" || kind === "change";

/** Runs a course of observations, and judges each by hand beside it. */
function judgeCourse(set: Settings, observations: readonly Observation[]): Step[] {
  const subject = playbookOf(set);
  let state: TriggerState | null = null;
  let snoozedUntil: number | null = null;
  let now = start;
  return observations.map((seen) => {
    const { score, segment } = seen;
    now += seen.wait * hour;
    if (seen.snooze !== null) snoozedUntil = now + seen.snooze * hour;
    if (snoozedUntil !== null && snoozedUntil <= now) snoozedUntil = null;
    const snooze = snoozedUntil === null ? null : { until: snoozedUntil, words: "snoozed" };
    const before = state;
    const decision = judgeTrigger(subject, before, factsOf(set.kind, seen), {
      now,
      firstSeen: false,
      guards: snoozeGuard(snooze),
    });
    state = decision.state;
    const isInTheDark = score === null && (segment === null || !set.hasAudience || segment === "mid");
    const occasion = hasOccasions(set.kind) && score !== null ? seen.period : null;
    const matches = matchesByHand(set.hasAudience, score, segment);
    return { ...decision, now, before, matches, isInTheDark, snoozedUntil, occasion };
  });
}

function matchesByHand(hasAudience: boolean, score: number | null, segment: string | null): boolean | null {
  const isOut = hasAudience && segment !== null && segment !== "mid";
  if (isOut || (score !== null && score >= 40)) return false;
  return score === null || (hasAudience && segment === null) ? null : true;
}

/** True now, as it was before, but about something else. */
function isOther({ before, occasion, matches }: Step): boolean {
  const isOn = before?.state === "firing" || before?.state === "recovering";
  return isOn && matches === true && before.occasion !== null && occasion !== null && before.occasion !== occasion;
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
    { numRuns: 400 },
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

  test("it fires only on the way into an episode, and only while the condition is true", () => {
    law((step) => {
      const { fire, before, state, matches } = step;
      const wasOutside = before === null || before.state === "inactive" || before.state === "pending" || isOther(step);
      return fire !== null && !(wasOutside && state.state === "firing" && matches === true);
    });
  });

  test("what is true of another matter ends the episode of the one before, and begins its own or waits for it", () => {
    law((step) => {
      if (!isOther(step)) return false;
      const { before, state, occasion } = step;
      const hasBegun = state.state === "firing" && state.episode === (before?.episode ?? 0) + 1;
      return !(state.state === "pending" || (hasBegun && state.occasion === occasion));
    });
  });

  test("no run begins within a snooze", () => {
    law(({ fire, snoozedUntil }) => fire !== null && snoozedUntil !== null);
  });

  test("who waits for the end of a snooze is due at it, and fires then if the condition is true", () => {
    law(({ before, state, matches, snoozedUntil, fire, now }, _steps, { holds, cooldown }) => {
      const asked = (hours[holds ?? ""] ?? 0) * hour;
      if (before?.state !== "pending" || matches !== true || now < before.since + asked) return false;
      if (snoozedUntil !== null) return !(state.state === "firing" || state.dueAt === snoozedUntil);
      return fire === null && cooldown === undefined;
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
    law((step, steps, { holds, kind }) => {
      const asked = kind === "threshold" || kind === "fall" || kind === "stage" ? (hours[holds ?? ""] ?? 0) * hour : 0;
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
        const doubled = observations.flatMap((one) => [one, { ...one, wait: 0, snooze: null }]);
        expect(fires(judgeCourse(set, doubled))).toEqual(fires(judgeCourse(set, observations)));
      }),
      { numRuns: 400 },
    );
  });
});
