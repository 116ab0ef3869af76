import { describe, expect, test } from "vitest";
import { describeState } from "../../src/playbooks/describe.ts";
import type { AskGuards, GuardVerdict } from "../../src/playbooks/guard.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const day = 86_400_000;

/** Days since the start, the score then (null: unknown), and what the guards say. */
type Observation = readonly [day: number, score: number | null, verdict?: GuardVerdict];

function judgeAll(subject: CompiledPlaybook, observations: readonly Observation[]): readonly TriggerDecision[] {
  let state: TriggerState | null = null;
  return observations.map(([at, score, verdict = { kind: "go" }]) => {
    const facts = new Map(score === null ? [] : [["score", score] as const]);
    const guards: AskGuards = () => verdict;
    const decision = judgeTrigger(subject, state, facts, { now: start + at * day, firstSeen: false, guards });
    state = decision.state;
    return decision;
  });
}

/** `state` per observation, with `!` and the run's episode and round where it fires. */
function story(subject: CompiledPlaybook, observations: readonly Observation[]): string {
  const told = judgeAll(subject, observations).map(({ state, fire }) => {
    const run = fire === null ? "" : `!${fire.episode}.${fire.round}${fire.isHoldout ? "h" : ""}`;
    return `${state.state}${run}`;
  });
  return told.join(" ");
}

const dropped: GuardVerdict = { kind: "drop", guard: "loop", words: "three runs brought it about" };
const heldOut: GuardVerdict = { kind: "holdout", words: "in the holdout group" };
const deferredTo = (at: number): GuardVerdict => ({
  kind: "defer",
  guard: "window",
  until: start + at * day,
  words: "waits for working hours",
});

describe("with the mode once", () => {
  const once = playbook({ entry: { mode: "once" } });

  test("a later episode is entered, and dropped with the day on which the run began", () => {
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [2, 60],
      [300, 30],
      [301, 30],
    ];
    expect(story(once, observations)).toBe("inactive firing!1.1 inactive firing firing");
    expect(judgeAll(once, observations)[3]?.reason).toBe(
      "dropped: once: its run began on 2 May 2026 (score 30 is below 40)",
    );
  });

  test("an episode that was dropped or taken as found leaves the one run to come", () => {
    expect(
      story(once, [
        [0, 30],
        [1, 60],
        [2, 30, dropped],
        [3, 60],
        [4, 30],
      ]),
    ).toBe("firing inactive firing inactive firing!3.1");
  });
});

describe("with repeatEvery", () => {
  const weekly = playbook({ entry: { repeatEvery: "7d" } });

  test("another run begins each time that long after the last, as long as it is true", () => {
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [7.9, 30],
      [8, 30],
      [9, 30],
      [16, 30],
      [17, 60],
      [30, 30],
    ];
    expect(story(weekly, observations)).toBe(
      "inactive firing!1.1 firing firing!1.2 firing firing!1.3 inactive firing!2.1",
    );
    const decisions = judgeAll(weekly, observations);
    expect(decisions.map(({ dueAt }) => dueAt)).toEqual([
      null,
      ...[8, 8, 15, 15, 23].map((at) => start + at * day),
      null,
      start + 37 * day,
    ]);
    expect(decisions[3]?.reason).toBe("score 30 is below 40: still so, run 2 of the episode");
    expect(decisions[3]?.state.reason).toBe("score 30 is below 40");
    expect(decisions[3]?.transition).toBeNull();
  });

  test("a repeat that a guard defers keeps the episode firing, and begins when the guard lets it", () => {
    const decisions = judgeAll(weekly, [
      [0, 60],
      [1, 30],
      [8, 30, deferredTo(9)],
      [8.5, 30, deferredTo(9)],
      [9, 30],
    ]);
    expect(decisions.map(({ state }) => `${state.state} ${state.guard}`)).toEqual([
      "inactive null",
      "firing null",
      "firing window",
      "firing window",
      "firing null",
    ]);
    expect(decisions[2]).toMatchObject({ dueAt: start + 9 * day, fire: null });
    expect(decisions[2]?.reason).toBe("score 30 is below 40; waits for working hours");
    expect(decisions[4]).toMatchObject({ fire: { episode: 1, round: 2 }, dueAt: start + 16 * day });
  });

  test("a repeat that a guard drops is left out, and the next one comes in its time", () => {
    expect(
      story(weekly, [
        [0, 60],
        [1, 30],
        [8, 30, dropped],
        [9, 30],
        [14.9, 30],
        [15, 30],
      ]),
    ).toBe("inactive firing!1.1 firing firing firing firing!1.2");
  });

  test("nothing repeats while it is not known, not true any more, or recovering", () => {
    const slow = playbook({
      trigger: {
        on: "threshold",
        when: { fact: "score", below: 40 },
        recover: { fact: "score", atLeast: 50 },
        keepFor: "3d",
      },
      entry: { repeatEvery: "7d" },
    });
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [8, null],
      [9, 45],
      [10, 60],
      [11, 30],
      [12, 30],
    ];
    expect(story(slow, observations)).toBe("inactive firing!1.1 firing firing recovering firing!1.2 firing");
    expect(judgeAll(slow, observations).map(({ dueAt }) => dueAt)).toEqual([
      null,
      start + 8 * day,
      null,
      null,
      start + 13 * day,
      start + 18 * day,
      start + 18 * day,
    ]);
  });

  test("an episode that began no run repeats none", () => {
    expect(
      story(weekly, [
        [0, 30],
        [20, 30],
        [21, 60],
        [22, 30, dropped],
        [40, 30],
      ]),
    ).toBe("firing firing inactive firing firing");
  });

  test("an explanation names the run that is next", () => {
    const state = judgeAll(weekly, [
      [0, 60],
      [1, 30],
    ]).at(-1)?.state;
    const told = describeState(weekly, state ?? null, new Map([["score", 30]]), {
      now: start + 8 * day,
      zone: "Etc/UTC",
    });
    expect(told).toBe(
      "firing: the next judgement begins run 2 of the episode, and fires (score 30 is below 40: still so, run 2 of the episode)",
    );
  });
});

describe("a higher severity", () => {
  const severe = (entry: object = {}) =>
    playbook({
      priority: "warning",
      severity: [{ when: { fact: "score", below: 20 }, priority: "escalation" }],
      entry,
    });

  test("while an episode goes on begins a new one, once, and none on the way down", () => {
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [2, 10],
      [3, 10],
      [4, 30],
      [5, 10],
      [6, 60],
      [7, 10],
    ];
    expect(story(severe(), observations)).toBe(
      "inactive firing!1.1 firing!2.1 firing firing firing inactive firing!3.1",
    );
    const raised = judgeAll(severe(), observations)[2];
    expect(raised?.fire?.priority).toBe("escalation");
    expect(raised?.reason).toBe("score 10 is below 40; escalated from warning to escalation");
  });

  test("breaks through the cooldown, within which the same is dropped", () => {
    const cooling = severe({ cooldown: "30d" });
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [2, 60],
      [3, 30],
      [4, 60],
      [5, 10],
      [6, 60],
      [7, 10],
      [8, 30],
    ];
    expect(story(cooling, observations)).toBe(
      "inactive firing!1.1 inactive firing inactive firing!3.1 inactive firing firing",
    );
    expect(judgeAll(cooling, observations)[5]?.reason).toBe(
      "score 10 is below 40; escalated from warning to escalation within the cooldown",
    );
  });

  test("makes an episode that was taken as found, or dropped by the cooldown, one that is told", () => {
    expect(
      story(severe(), [
        [0, 30],
        [1, 10],
      ]),
    ).toBe("firing firing!2.1");
    expect(
      story(severe({ cooldown: "30d" }), [
        [0, 60],
        [1, 30],
        [2, 60],
        [3, 30],
        [4, 10],
      ]),
    ).toBe("inactive firing!1.1 inactive firing firing!3.1");
  });

  test("that was there when it was taken as found begins nothing", () => {
    expect(
      story(severe(), [
        [0, 10],
        [1, 10],
        [2, 30],
        [3, 10],
      ]),
    ).toBe("firing firing firing firing");
  });

  test("that a guard defers keeps the episode firing; one that is over by then was none", () => {
    const observations: readonly Observation[] = [
      [0, 60],
      [1, 30],
      [2, 10, deferredTo(3)],
      [3, 30],
      [4, 10],
    ];
    expect(story(severe(), observations)).toBe("inactive firing!1.1 firing firing firing!2.1");
    const decisions = judgeAll(severe(), observations);
    expect(decisions[2]).toMatchObject({ dueAt: start + 3 * day, state: { guard: "window", episode: 1 } });
    expect(decisions[3]?.state.guard).toBeNull();
  });

  test("that a guard drops is not asked for again", () => {
    expect(
      story(severe(), [
        [0, 60],
        [1, 30],
        [2, 10, dropped],
        [3, 10],
      ]),
    ).toBe("inactive firing!1.1 firing firing");
  });

  test("that is not known raises nothing", () => {
    const byMrr = playbook({ severity: [{ when: { fact: "billing.mrr", above: 1000 }, priority: "escalation" }] });
    expect(
      story(byMrr, [
        [0, 60],
        [1, 30],
        [2, 30],
      ]),
    ).toBe("inactive firing!1.1 firing");
  });

  test("is no second run where the mode is once", () => {
    expect(
      story(severe({ mode: "once" }), [
        [0, 60],
        [1, 30],
        [2, 10],
        [3, 60],
        [4, 10],
      ]),
    ).toBe("inactive firing!1.1 firing inactive firing");
  });
});

test("a run that is held out is begun: it counts for the cooldown, the mode once and repeats", () => {
  expect(
    story(playbook({ entry: { repeatEvery: "7d", cooldown: "30d" } }), [
      [0, 60],
      [1, 30, heldOut],
      [8, 30, heldOut],
      [9, 60],
      [10, 30, heldOut],
    ]),
  ).toBe("inactive firing!1.1h firing!1.2h inactive firing");
});
