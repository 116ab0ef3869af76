import { describe, expect, test } from "vitest";
import { type HeldFacts, withoutHeld } from "../../src/playbooks/held-facts.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger } from "../../src/playbooks/trigger.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const day = 86_400_000;
const why = "held: crm ticket fails since 2026-05-02";
const ticketsHeld: HeldFacts = { metrics: new Map([["tickets.open", why]]), isScoreHeld: true };

/** Days since the start, what is known then, and whether the tickets' source fails. */
type Day = readonly [at: number, facts: Readonly<Record<string, FactValue>>, isHeld?: boolean];

function judgeDays(parts: Readonly<Record<string, unknown>>, days: readonly Day[]) {
  const subject = playbook({ entry: { mode: "episode", onActivate: "fire" }, ...parts });
  let state: TriggerState | null = null;
  return days.map(([at, given, isHeld = false]) => {
    const held = isHeld ? ticketsHeld : null;
    const known = withoutHeld({ facts: new Map(Object.entries(given)), missingReason: () => undefined }, held);
    const { facts, missingReason } = known;
    const decision = judgeTrigger(subject, state, facts, {
      now: start + at * day,
      firstSeen: false,
      missingReason,
      held,
    });
    state = decision.state;
    return decision;
  });
}

function story(parts: Readonly<Record<string, unknown>>, days: readonly Day[]): string {
  return judgeDays(parts, days)
    .map(({ state, fire }) => `${state.state}${fire === null ? "" : "!"}`)
    .join(" ");
}

const manyTickets = { trigger: { on: "threshold", when: { fact: "tickets.open", atLeast: 5 } } };
const lowScore = { trigger: { on: "threshold", when: { fact: "score", below: 40 } } };
const patient = { trigger: { ...manyTickets.trigger, for: "2d" } };

describe("a trigger whose source fails", () => {
  test("neither fires nor resolves, whatever its facts would say", () => {
    const rising: Day[] = [
      [0, { "tickets.open": 1 }],
      [1, { "tickets.open": 9 }, true],
      [2, { "tickets.open": 9 }, true],
    ];
    expect(story(manyTickets, rising)).toBe("inactive inactive inactive");
    const falling: Day[] = [
      [0, { "tickets.open": 9 }],
      [1, { "tickets.open": 0 }, true],
    ];
    expect(story(manyTickets, falling)).toBe("firing! firing");
  });

  test("says since when which stream fails", () => {
    const [, held] = judgeDays(manyTickets, [
      [0, { "tickets.open": 1 }],
      [1, { "tickets.open": 9 }, true],
    ]);
    expect(held?.reason).toContain(why);
    expect(held?.state.held).toBe(true);
  });

  test.each([
    ["missing", { fact: "tickets.open", missing: true }],
    ["there", { not: { fact: "tickets.open", missing: true } }],
  ])("does not take a held fact for one that is %s", (_, when) => {
    const trigger = { on: "threshold", when };
    expect(story({ trigger }, [[0, { "tickets.open": 1 }, true]])).toBe("inactive");
    expect(judgeDays({ trigger }, [[0, { "tickets.open": 1 }, true]])[0]?.state.held).toBe(true);
  });

  test("leaves a rise or a fall of a held fact open", () => {
    const trigger = { on: "threshold", when: { fact: "tickets.open", risesBy: 3, within: "7d" } };
    const facts = { "tickets.open": 9, "tickets.open~rise_7d": 8 };
    expect(story({ trigger }, [[0, facts, true]])).toBe("inactive");
    expect(story({ trigger }, [[0, facts]])).toBe("firing!");
  });
});

describe("a trigger whose source delivers again", () => {
  test("takes silently what came to be so meanwhile, and fires for what comes after", () => {
    const days: Day[] = [
      [0, { "tickets.open": 1 }],
      [1, { "tickets.open": 1 }, true],
      [2, { "tickets.open": 9 }],
      [3, { "tickets.open": 1 }],
      [4, { "tickets.open": 9 }],
    ];
    expect(story(manyTickets, days)).toBe("inactive inactive firing inactive firing!");
    expect(judgeDays(manyTickets, days)[2]?.reason).toContain("when its source delivered again: taken as it is");
  });

  test("takes a score silently that rested on what was held", () => {
    const days: Day[] = [
      [0, { score: 60 }],
      [1, { score: 60 }, true],
      [2, { score: 20 }],
      [3, { score: 60 }],
      [4, { score: 20 }],
    ];
    expect(story(lowScore, days)).toBe("inactive inactive firing inactive firing!");
  });

  test("still fires for a score that falls while another source fails", () => {
    expect(
      story(lowScore, [
        [0, { score: 60 }],
        [1, { score: 60 }, true],
        [2, { score: 20 }, true],
      ]),
    ).toBe("inactive inactive firing!");
  });

  test("gives what was on its way before its whole time once more", () => {
    const many = { "tickets.open": 9 };
    const days: Day[] = [
      [0, many],
      [1, many, true],
      [4, many, true],
      [5, many],
      [6, many],
      [7, many],
    ];
    expect(story(patient, days)).toBe("pending pending pending pending pending firing!");
  });

  test("goes on with an episode that had begun before", () => {
    const days: Day[] = [
      [0, { "tickets.open": 9 }],
      [1, { "tickets.open": 0 }, true],
      [2, { "tickets.open": 9 }],
      [3, { "tickets.open": 0 }],
    ];
    expect(story(manyTickets, days)).toBe("firing! firing firing inactive");
  });
});
