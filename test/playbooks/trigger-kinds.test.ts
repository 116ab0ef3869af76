import { describe, expect, test } from "vitest";
import { describeState } from "../../src/playbooks/describe.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import { type SnoozeNotice, snoozeGuard, snoozeNotice } from "../../src/playbooks/snooze.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const day = 86_400_000;

/** Days since the start, and what is known then. */
type Observation = readonly [day: number, facts: Readonly<Record<string, FactValue>>, snooze?: SnoozeNotice];

function judgeAll(subject: CompiledPlaybook, observations: readonly Observation[]): readonly TriggerDecision[] {
  let state: TriggerState | null = null;
  return observations.map(([at, known, snooze]) => {
    const facts = new Map(Object.entries(known));
    const decision: TriggerDecision = judgeTrigger(subject, state, facts, {
      now: start + at * day,
      firstSeen: false,
      guards: snoozeGuard(snooze),
    });
    state = decision.state;
    return decision;
  });
}

/** `state` per observation, with `!` where it fires. */
function story(subject: CompiledPlaybook, observations: readonly Observation[]): string {
  return judgeAll(subject, observations)
    .map(({ state, fire }) => `${state.state}${fire === null ? "" : "!"}`)
    .join(" ");
}

const owner = (was: string, is: string): Readonly<Record<string, FactValue>> => ({
  owner: is,
  "owner~was_86400s": was,
  "owner~changed_86400s": was !== is,
});
const renewal = (days: number, ends: string): Readonly<Record<string, FactValue>> => ({
  "contract.days_to_renewal": days,
  "contract.days_to_renewal~ends": ends,
});

const stories: readonly {
  readonly name: string;
  readonly trigger: Readonly<Record<string, unknown>>;
  readonly observations: readonly Observation[];
  readonly expected: string;
}[] = [
  {
    name: "a stage is entered once for a stay in it",
    trigger: { on: "stage", enters: "churned" },
    observations: [
      [0, { stage: "value" }],
      [1, { stage: "churned" }],
      [2, { stage: "churned" }],
      [3, { stage: "value" }],
      [4, { stage: "churned" }],
    ],
    expected: "inactive firing! firing inactive firing!",
  },
  {
    name: "a stage that was entered from another than asked does not fire",
    trigger: { on: "stage", enters: ["advocacy", "renewal"], from: "value" },
    observations: [
      [0, { stage: "value", "stage.previous": "adoption" }],
      [1, { stage: "renewal", "stage.previous": "value" }],
      [2, { stage: "advocacy", "stage.previous": "renewal" }],
      [3, { stage: "value", "stage.previous": "advocacy" }],
      [4, { stage: "advocacy", "stage.previous": "value" }],
    ],
    expected: "inactive firing! inactive inactive firing!",
  },
  {
    name: "a stage that is not known holds",
    trigger: { on: "stage", enters: "churned", for: "1d", keepFor: "1d" },
    observations: [
      [0, { stage: "value" }],
      [1, { stage: "churned" }],
      [2, {}],
      [3, { stage: "churned" }],
      [4, {}],
      [5, { stage: "value" }],
      [7, {}],
      [8, { stage: "value" }],
    ],
    expected: "inactive pending pending firing! firing recovering recovering inactive",
  },
  {
    name: "a milestone is reached once for ever",
    trigger: { on: "milestone", milestone: "go-live" },
    observations: [
      [0, { "milestone.go-live": false }],
      [1, { "milestone.go-live": true }],
      [2, {}],
      [300, { "milestone.go-live": true }],
    ],
    expected: "inactive firing! firing firing",
  },
  {
    name: "who is stuck at once was behind as well",
    trigger: { on: "milestone", milestone: "go-live", status: "behind" },
    observations: [
      [0, { "milestone.go-live.status": "on-track" }],
      [1, { "milestone.go-live.status": "stuck" }],
      [2, { "milestone.go-live.status": "behind" }],
      [3, { "milestone.go-live.status": "reached" }],
    ],
    expected: "inactive firing! firing inactive",
  },
  {
    name: "who is behind is not stuck yet",
    trigger: { on: "milestone", milestone: "go-live", status: "stuck" },
    observations: [
      [0, { "milestone.go-live.status": "behind" }],
      [1, { "milestone.go-live.status": "stuck" }],
    ],
    expected: "inactive firing!",
  },
  {
    name: "a renewal comes near once, and again in the next period though it is never far",
    trigger: { on: "renewal", within: "90d" },
    observations: [
      [0, renewal(91, "2026-07-31")],
      [1, renewal(90, "2026-07-31")],
      [91, renewal(0, "2026-07-31")],
      [92, renewal(30, "2026-08-31")],
      [93, renewal(29, "2026-08-31")],
    ],
    expected: "inactive firing! firing firing! firing",
  },
  {
    name: "a date of renewal that is put right by some days is the same renewal",
    trigger: { on: "renewal", within: "90d" },
    observations: [
      [0, renewal(100, "2026-08-09")],
      [20, renewal(80, "2026-08-09")],
      [21, renewal(76, "2026-08-06")],
      [22, renewal(82, "2026-08-13")],
      [23, renewal(89, "2026-08-21")],
    ],
    expected: "inactive firing! firing firing firing!",
  },
  {
    name: "a renewal that was near when the playbook was activated is taken as found, the next one is not",
    trigger: { on: "renewal", within: "30d" },
    observations: [
      [0, renewal(20, "2026-05-21")],
      [21, renewal(30, "2026-06-21")],
    ],
    expected: "firing firing!",
  },
  {
    name: "a renewal within working days comes near once a period",
    trigger: { on: "renewal", withinWorkingDays: 10 },
    observations: [
      [0, { ...renewal(15, "2026-05-16"), "contract.days_to_renewal~workdays": 11 }],
      [1, { ...renewal(14, "2026-05-16"), "contract.days_to_renewal~workdays": 10 }],
      [2, { ...renewal(13, "2026-05-16"), "contract.days_to_renewal~workdays": 10 }],
      [16, { ...renewal(13, "2026-05-30"), "contract.days_to_renewal~workdays": 9 }],
    ],
    expected: "inactive firing! firing firing!",
  },
  {
    name: "a stage is left once for a stay elsewhere, also by way of another",
    trigger: { on: "stage", leaves: "trial" },
    observations: [
      [0, { stage: "trial" }],
      [1, { stage: "churned" }],
      [2, { stage: "live" }],
      [3, { stage: "trial" }],
      [4, {}],
      [5, { stage: "live" }],
    ],
    expected: "inactive firing! firing inactive inactive firing!",
  },
  {
    name: "who was elsewhere from the beginning has left nothing",
    trigger: { on: "segment", leaves: ["mid", "enterprise"] },
    observations: [
      [0, { segment: "small" }],
      [1, { segment: "mid" }],
      [2, { segment: "enterprise" }],
      [3, { segment: "small" }],
    ],
    expected: "firing inactive inactive firing!",
  },
  {
    name: "a segment is entered once for a stay in it",
    trigger: { on: "segment", enters: "enterprise", for: "1d" },
    observations: [
      [0, { segment: "mid" }],
      [1, { segment: "enterprise" }],
      [2, { segment: "enterprise" }],
      [3, { segment: "mid" }],
    ],
    expected: "inactive pending firing! inactive",
  },
  {
    name: "who stays too long in a stage is stuck in it once a stay",
    trigger: { on: "stage", stuck: ["onboarding", "trial"], after: "30d" },
    observations: [
      [0, { stage: "onboarding", "stage.days": 29 }],
      [1, { stage: "onboarding", "stage.days": 30 }],
      [2, { stage: "onboarding", "stage.days": 31 }],
      [3, { stage: "live", "stage.days": 0 }],
      [60, { stage: "live", "stage.days": 57 }],
    ],
    expected: "inactive firing! firing inactive inactive",
  },
  {
    name: "overdue is who is behind, or stuck",
    trigger: { on: "milestone", milestone: "go-live", status: "overdue" },
    observations: [
      [0, { "milestone.go-live.status": "on-track" }],
      [1, { "milestone.go-live.status": "behind" }],
      [2, { "milestone.go-live.status": "stuck" }],
      [3, { "milestone.go-live.status": "reached" }],
    ],
    expected: "inactive firing! firing inactive",
  },
  {
    name: "statements contradict each other as long as all are true",
    trigger: {
      on: "disagreement",
      between: [
        { fact: "band", is: "green" },
        { fact: "nps.latest", below: 5 },
      ],
    },
    observations: [
      [0, { band: "green", "nps.latest": 9 }],
      [1, { band: "green", "nps.latest": 3 }],
      [2, { band: "green" }],
      [3, { band: "red", "nps.latest": 3 }],
    ],
    expected: "inactive firing! firing inactive",
  },
  {
    name: "two facts that should say the same are apart as long as they differ by more than asked",
    trigger: { on: "disagreement", facts: ["score", "score.computed"], by: 20 },
    observations: [
      [0, { "score~apart_score.computed": 20 }],
      [1, { "score~apart_score.computed": 20.1 }],
      [2, {}],
      [3, { "score~apart_score.computed": 3 }],
    ],
    expected: "inactive firing! firing inactive",
  },
  {
    name: "an owner who changes is news for a day",
    trigger: { on: "change", fact: "owner" },
    observations: [
      [0, owner("anna", "anna")],
      [1, owner("anna", "bo")],
      [1.5, owner("anna", "bo")],
      [2.1, owner("bo", "bo")],
      [9, owner("bo", "anna")],
    ],
    expected: "inactive firing! firing inactive firing!",
  },
  {
    name: "a second change within the day is news of its own",
    trigger: { on: "change", fact: "owner" },
    observations: [
      [0, owner("anna", "anna")],
      [1, owner("anna", "bo")],
      [1.5, owner("anna", "cy")],
      [2.2, owner("bo", "cy")],
    ],
    expected: "inactive firing! firing! firing",
  },
  {
    name: "a change from and to others than asked does not fire",
    trigger: { on: "change", fact: "owner", from: "anna", to: ["bo", "cy"] },
    observations: [
      [0, owner("anna", "anna")],
      [1, owner("anna", "dora")],
      [3, owner("dora", "bo")],
      [5, owner("bo", "anna")],
      [7, owner("anna", "cy")],
    ],
    expected: "inactive inactive inactive inactive firing!",
  },
  {
    name: "a score that falls within 30 days fires once, and again after it was no longer so",
    trigger: { on: "change", fact: "score", fallsBy: 15, within: "30d", keepFor: "1d" },
    observations: [
      [0, { score: 72, "score~fall_30d": 0 }],
      [1, { score: 57, "score~fall_30d": 15 }],
      [2, { score: 40, "score~fall_30d": 32 }],
      [3, { score: 40 }],
      [32, { score: 50, "score~fall_30d": 14.9 }],
      [33, { score: 50, "score~fall_30d": 0 }],
      [34, { score: 35, "score~fall_30d": 15 }],
    ],
    expected: "inactive firing! firing firing recovering inactive firing!",
  },
  {
    name: "a threshold may name a fall beside other facts",
    trigger: {
      on: "threshold",
      when: {
        all: [
          { fact: "score", below: 60 },
          { fact: "score", fallsBy: 10, within: "7d" },
        ],
      },
    },
    observations: [
      [0, { score: 72, "score~fall_7d": 12 }],
      [1, { score: 59, "score~fall_7d": 13 }],
      [2, { score: 65 }],
    ],
    expected: "inactive firing! inactive",
  },
];

describe("a trigger", () => {
  test.each(stories)("$name", ({ trigger, observations, expected }) => {
    expect(story(playbook({ trigger }), observations)).toBe(expected);
  });

  test("says why in words with numbers", () => {
    const reasons = [
      [
        { on: "stage", enters: "churned", from: "value" },
        { stage: "churned", "stage.previous": "value" },
      ],
      [{ on: "milestone", milestone: "go-live" }, { "milestone.go-live": true }],
      [{ on: "renewal", within: "90d" }, renewal(60, "2026-06-30")],
      [{ on: "change", fact: "owner", from: "anna", to: "bo" }, owner("anna", "bo")],
      [
        { on: "change", fact: "score", fallsBy: 15, within: "30d" },
        { score: 54, "score~fall_30d": 18 },
      ],
      [
        { on: "renewal", withinWorkingDays: 10 },
        { ...renewal(14, "2026-05-16"), "contract.days_to_renewal~workdays": 10 },
      ],
      [
        { on: "stage", stuck: "trial", after: "30d" },
        { stage: "trial", "stage.days": 31 },
      ],
      [
        { on: "disagreement", facts: ["score", "score.computed"], by: 20 },
        { score: 80, "score.computed": 30, "score~apart_score.computed": 50 },
      ],
      [
        { on: "disagreement", facts: ["account.fields.plan", "account.fields.tier"] },
        {
          "account.fields.plan": "gold",
          "account.fields.tier": "free",
          "account.fields.plan~differs_account.fields.tier": true,
        },
      ],
    ] as const;
    const entry = { mode: "episode", onActivate: "fire" };
    const told = reasons.map(([trigger, facts]) => judgeAll(playbook({ trigger, entry }), [[0, facts]])[0]?.reason);
    expect(told).toEqual([
      "stage is churned and stage.previous is value",
      "milestone.go-live is true",
      "contract.days_to_renewal 60 is at most 90",
      "owner changed from anna to bo within 1 day and owner is bo",
      "score fell 18.0 in 30 days, from 72.0 to 54.0",
      "contract.days_to_renewal is 10 working days, which is at most 10",
      "stage is trial and stage.days 31 is at least 30",
      "score is 80 and score.computed is 30, 50 apart",
      "account.fields.plan is gold and account.fields.tier is free",
    ]);
  });

  test("an edit takes what is true now as the same matter, whatever the one before was about", () => {
    const before = judgeAll(playbook({ trigger: { on: "change", fact: "owner" } }), [
      [0, owner("anna", "anna")],
      [1, owner("anna", "bo")],
    ]).at(-1);
    const edited = playbook({ trigger: { on: "renewal", within: "90d" } });
    const facts = new Map(Object.entries(renewal(60, "2026-06-30")));
    const after = judgeTrigger(edited, before?.state ?? null, facts, { now: start + 2 * day, firstSeen: false });
    expect(after).toMatchObject({ fire: null, state: { state: "firing", episode: 1, occasion: "2026-06-30" } });
  });
});

describe("while an account is snoozed", () => {
  const below40 = { on: "threshold", when: { fact: "score", below: 40 } };
  const zone = "Europe/Vienna";
  const until = (at: number): SnoozeNotice => {
    const notice = snoozeNotice({ until: start + at * day, by: "anna", reason: "on holiday" }, zone);
    if (notice === null) throw new Error("expected a notice");
    return notice;
  };

  test("an episode waits and fires at the end of the snooze, if it still holds", () => {
    const decisions = judgeAll(playbook({ trigger: below40 }), [
      [0, { score: 60 }, until(3)],
      [1, { score: 30 }, until(3)],
      [2, { score: 31 }, until(3)],
      [3, { score: 32 }],
    ]);
    expect(decisions.map(({ state }) => state.state)).toEqual(["inactive", "pending", "pending", "firing"]);
    expect(decisions.map(({ fire }) => fire?.episode ?? null)).toEqual([null, null, null, 1]);
    expect(decisions[2]).toMatchObject({
      dueAt: start + 3 * day,
      reason: "score 31 is below 40; snoozed until 4 May 2026 at 02:00 (Europe/Vienna) by anna: on holiday",
    });
  });

  test("an episode that ends before the snooze does is dropped, with the reason", () => {
    const decisions = judgeAll(playbook({ trigger: below40 }), [
      [0, { score: 60 }, until(3)],
      [1, { score: 30 }, until(3)],
      [2, { score: 50 }, until(3)],
      [3, { score: 50 }],
    ]);
    expect(decisions.map(({ state }) => state.state)).toEqual(["inactive", "pending", "inactive", "inactive"]);
    expect(decisions[2]?.reason).toBe("dropped: snoozed over the whole episode (score 50 is not below 40)");
  });

  test("the time a condition must hold goes on, and a wait that ends on its own account was not dropped", () => {
    const timed = playbook({ trigger: { ...below40, for: "2d" } });
    const held = judgeAll(timed, [
      [0, { score: 60 }, until(5)],
      [1, { score: 30 }, until(5)],
      [3, { score: 30 }, until(5)],
      [5, { score: 30 }],
    ]);
    expect(held.map(({ dueAt }) => dueAt)).toEqual([null, start + 3 * day, start + 5 * day, null]);
    expect(held.at(-1)?.fire).toMatchObject({ episode: 1 });
    const short = judgeAll(timed, [
      [0, { score: 60 }, until(5)],
      [1, { score: 30 }, until(5)],
      [2, { score: 50 }, until(5)],
    ]);
    expect(short.at(-1)?.reason).toBe("score 50 is not below 40");
  });

  test("a snooze that is lengthened or taken back moves the wait", () => {
    const subject = playbook({ trigger: below40 });
    const course = (last: Observation) => judgeAll(subject, [[0, { score: 60 }], [1, { score: 30 }, until(3)], last]);
    expect(course([2, { score: 30 }, until(9)]).at(-1)).toMatchObject({ fire: null, dueAt: start + 9 * day });
    expect(course([2, { score: 30 }]).at(-1)).toMatchObject({ fire: { episode: 1 } });
  });

  test("what is not known at its end waits on, and fires when it is known", () => {
    const subject = playbook({ trigger: below40 });
    const decisions = judgeAll(subject, [
      [0, { score: 60 }],
      [1, { score: 30 }, until(3)],
      [2, {}, until(3)],
      [3, {}],
      [4, { score: 30 }],
    ]);
    expect(decisions.map(({ state }) => state.state).join(" ")).toBe("inactive pending pending pending firing");
    expect(decisions.map(({ dueAt }) => dueAt).slice(2)).toEqual([start + 3 * day, null, null]);
  });

  test("an episode that goes on goes on, and one that matched at activation is taken as found", () => {
    const subject = playbook({ trigger: below40 });
    expect(
      story(subject, [
        [0, { score: 60 }],
        [1, { score: 30 }],
        [2, { score: 30 }, until(9)],
      ]),
    ).toBe("inactive firing! firing");
    expect(story(subject, [[0, { score: 30 }, until(9)]])).toBe("firing");
  });

  test("an episode inside the cooldown is dropped by that, not held back", () => {
    const subject = playbook({ trigger: below40, entry: { mode: "episode", cooldown: "30d" } });
    const decisions = judgeAll(subject, [
      [0, { score: 60 }],
      [1, { score: 30 }],
      [2, { score: 60 }],
      [3, { score: 30 }, until(9)],
    ]);
    expect(decisions.at(-1)).toMatchObject({ fire: null, state: { state: "firing" } });
    expect(decisions.at(-1)?.reason).toContain("dropped: cooldown");
  });

  test("the next occasion waits like any other episode", () => {
    const subject = playbook({ trigger: { on: "renewal", within: "90d" } });
    const observations: readonly Observation[] = [
      [0, renewal(100, "2026-07-31")],
      [20, renewal(80, "2026-07-31")],
      [101, renewal(30, "2026-08-31"), until(110)],
      [110, renewal(21, "2026-08-31")],
    ];
    expect(story(subject, observations)).toBe("inactive firing! pending firing!");
  });

  test("an explanation says so, and when it fires", () => {
    const subject = playbook({ trigger: below40 });
    const snooze = until(3);
    const [, waiting] = judgeAll(subject, [
      [0, { score: 60 }],
      [1, { score: 30 }, snooze],
    ]);
    const context = { now: start + 2 * day, zone, guards: snoozeGuard(snooze) };
    expect(describeState(subject, waiting?.state ?? null, new Map([["score", 30]]), context)).toBe(
      "pending: score 30 is below 40; snoozed until 4 May 2026 at 02:00 (Europe/Vienna) by anna: on holiday; fires on 4 May 2026 at 02:00 (Europe/Vienna) if it holds",
    );
  });
});
