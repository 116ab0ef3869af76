import { describe, expect, test } from "vitest";
import { describeState } from "../../src/playbooks/describe.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { Facts, FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const day = 86_400_000;

/** Days since the start, and the score then (null: unknown). */
type Observation = readonly [day: number, score: number | null, others?: Readonly<Record<string, FactValue>>];

const below40 = { on: "threshold", when: { fact: "score", below: 40 } };

function facts([, score, others = {}]: Observation): Facts {
  return new Map<string, FactValue>([
    ...Object.entries(others),
    ...(score === null ? [] : [["score", score] as const]),
  ]);
}

function judgeAll(subject: CompiledPlaybook, observations: readonly Observation[]): readonly TriggerDecision[] {
  let state: TriggerState | null = null;
  return observations.map((observation) => {
    const now = start + observation[0] * day;
    const decision: TriggerDecision = judgeTrigger(subject, state, facts(observation), { now, firstSeen: false });
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

const stories: readonly {
  readonly name: string;
  readonly trigger?: Readonly<Record<string, unknown>>;
  readonly parts?: Readonly<Record<string, unknown>>;
  readonly observations: readonly Observation[];
  readonly expected: string;
}[] = [
  {
    name: "fires once when the score falls below 40, and again only after it has recovered",
    trigger: {},
    observations: [
      [0, 60],
      [1, 39.9],
      [2, 20],
      [3, 40],
      [4, 39],
    ],
    expected: "inactive firing! firing inactive firing!",
  },
  {
    name: "does not fire while the score stays at the edge",
    trigger: {},
    observations: [
      [0, 60],
      [1, 40],
      [2, 40],
    ],
    expected: "inactive inactive inactive",
  },
  {
    name: "waits until the condition has held for two days, however often it is judged",
    trigger: { for: "2d" },
    observations: [
      [0, 60],
      [1, 30],
      [1.1, 30],
      [1.2, 30],
      [2.99, 30],
      [3, 30],
      [4, 30],
    ],
    expected: "inactive pending pending pending pending firing! firing",
  },
  {
    name: "starts the two days again after the condition was false in between",
    trigger: { for: "2d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, 50],
      [2.5, 30],
      [3.5, 30],
      [4.5, 30],
    ],
    expected: "inactive pending inactive pending pending firing!",
  },
  {
    name: "an unknown score holds a pending state, which does not fire while it is unknown and fires when it is known again",
    trigger: { for: "2d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, null],
      [5, null],
      [6, 30],
    ],
    expected: "inactive pending pending pending firing!",
  },
  {
    name: "an unknown score holds a pending state, which ends when the score is known to be good",
    trigger: { for: "2d" },
    observations: [
      [0, 60],
      [1, 30],
      [5, null],
      [6, 60],
    ],
    expected: "inactive pending pending inactive",
  },
  {
    name: "an unknown score never ends an episode",
    trigger: {},
    observations: [
      [0, 60],
      [1, 30],
      [2, null],
      [30, null],
      [31, 30],
    ],
    expected: "inactive firing! firing firing firing",
  },
  {
    name: "an episode lasts until the recover condition is true",
    trigger: { recover: { fact: "score", atLeast: 50 } },
    observations: [
      [0, 60],
      [1, 30],
      [2, 45],
      [3, 30],
      [4, 50],
      [5, 45],
      [6, 39],
    ],
    expected: "inactive firing! firing firing inactive inactive firing!",
  },
  {
    name: "an account that matches has not recovered, whatever the recover condition says",
    trigger: { recover: { fact: "nps.latest", atLeast: 9 } },
    observations: [
      [0, 60, { "nps.latest": 10 }],
      [1, 30, { "nps.latest": 10 }],
      [2, 30, { "nps.latest": 10 }],
      [3, 50, { "nps.latest": 10 }],
    ],
    expected: "inactive firing! firing inactive",
  },
  {
    name: "an episode ends only after recovery was kept for a day",
    trigger: { keepFor: "1d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, 50],
      [2.9, 50],
      [3, 50],
    ],
    expected: "inactive firing! recovering recovering inactive",
  },
  {
    name: "a relapse during recovery goes on with the same episode and does not fire",
    trigger: { keepFor: "1d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, 50],
      [2.5, 30],
      [2.6, 50],
      [3.5, 50],
      [3.6, 50],
    ],
    expected: "inactive firing! recovering firing recovering recovering inactive",
  },
  {
    name: "recovery that is interrupted without a relapse starts its day again",
    trigger: { recover: { fact: "score", atLeast: 50 }, keepFor: "1d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, 55],
      [2.5, 45],
      [2.6, 55],
      [3.5, 55],
      [3.6, 55],
    ],
    expected: "inactive firing! recovering firing recovering recovering inactive",
  },
  {
    name: "an unknown score holds recovery, which does not end while it is unknown",
    trigger: { keepFor: "1d" },
    observations: [
      [0, 60],
      [1, 30],
      [2, 50],
      [5, null],
      [6, 50],
    ],
    expected: "inactive firing! recovering recovering inactive",
  },
  {
    name: "who leaves the audience leaves the episode",
    trigger: {},
    parts: { audience: { fact: "segment", is: "mid" } },
    observations: [
      [0, 60, { segment: "mid" }],
      [1, 30, { segment: "mid" }],
      [2, 30, { segment: "small" }],
    ],
    expected: "inactive firing! inactive",
  },
  {
    name: "who is outside the audience never fires",
    trigger: {},
    parts: { audience: { fact: "segment", is: "mid" } },
    observations: [
      [0, 60, { segment: "small" }],
      [1, 30, { segment: "small" }],
    ],
    expected: "inactive inactive",
  },
  {
    name: "an unknown audience neither fires nor ends an episode",
    trigger: {},
    parts: { audience: { fact: "segment", is: "mid" } },
    observations: [
      [0, 60, { segment: "mid" }],
      [1, 30],
      [2, 30, { segment: "mid" }],
      [3, 30],
    ],
    expected: "inactive inactive firing! firing",
  },
  {
    name: "stays silent during the cooldown, and drops the whole episode that began in it",
    trigger: {},
    parts: { entry: { mode: "episode", cooldown: "30d" } },
    observations: [
      [0, 60],
      [1, 30],
      [2, 60],
      [30.9, 30],
      [31.1, 30],
      [32, 60],
      [33, 30],
    ],
    expected: "inactive firing! inactive firing firing inactive firing!",
  },
  {
    name: "who matches when first seen is taken as found, also where the condition must hold for a time",
    trigger: { for: "2d" },
    observations: [
      [0, 30],
      [3, 30],
      [4, 60],
      [5, 30],
      [7, 30],
    ],
    expected: "firing firing inactive pending firing!",
  },
  {
    name: "the first known answer is the baseline of an account of which nothing was known",
    trigger: {},
    observations: [
      [0, null],
      [1, null],
      [2, 30],
      [3, 60],
      [4, 30],
    ],
    expected: "inactive inactive firing inactive firing!",
  },
  {
    name: "who matches when first seen fires where the playbook says so",
    trigger: {},
    parts: { entry: { mode: "episode", onActivate: "fire" } },
    observations: [
      [0, 30],
      [1, 30],
    ],
    expected: "firing! firing",
  },
  {
    name: "with onActivate fire the condition still has to hold for its time",
    trigger: { for: "2d" },
    parts: { entry: { mode: "episode", onActivate: "fire" } },
    observations: [
      [0, 30],
      [1, 30],
      [2, 30],
    ],
    expected: "pending pending firing!",
  },
];

describe("a threshold trigger", () => {
  test.each(stories)("$name", ({ trigger, parts, observations, expected }) => {
    expect(story(playbook({ trigger: { ...below40, ...trigger }, ...parts }), observations)).toBe(expected);
  });

  test("numbers its episodes", () => {
    const decisions = judgeAll(playbook(), [
      [0, 60],
      [1, 30],
      [2, 60],
      [3, 30],
    ]);
    expect(decisions.map(({ fire }) => fire?.episode ?? null)).toEqual([null, 1, null, 2]);
  });

  test("tells its transitions, and none where the state stays", () => {
    const decisions = judgeAll(playbook({ trigger: { ...below40, for: "1d" } }), [
      [0, 60],
      [1, 30],
      [1.5, 30],
      [2, 30],
    ]);
    expect(decisions.map((decision) => decision.transition)).toEqual([
      null,
      "inactive->pending",
      null,
      "pending->firing",
    ]);
  });

  test("asks to be judged again when its time is up, and never at a moment that has passed", () => {
    const decisions = judgeAll(playbook({ trigger: { ...below40, for: "2d" } }), [
      [0, 60],
      [1, 30],
      [2, null],
      [4, null],
    ]);
    expect(decisions.map((decision) => decision.dueAt)).toEqual([null, start + 3 * day, start + 3 * day, null]);
  });

  test("judged twice at the same moment it changes nothing and fires once", () => {
    const subject = playbook();
    const [, fired] = judgeAll(subject, [
      [0, 60],
      [1, 30],
    ]);
    const again = judgeTrigger(subject, fired?.state ?? null, facts([1, 30]), { now: start + day, firstSeen: false });
    expect(again).toMatchObject({ fire: null, transition: null, state: fired?.state });
  });
});

describe("a band trigger", () => {
  const subject = playbook({ trigger: { on: "band", enters: ["red", "yellow"], for: "1d", keepFor: "1d" } });
  const bands = (values: readonly (string | null)[]): string =>
    story(
      subject,
      values.map((band, index) => [index, null, band === null ? {} : { band }]),
    );

  test("fires once for a stay in its bands, whichever of them it is", () => {
    expect(bands(["green", "yellow", "red", "yellow", "red"])).toBe("inactive pending firing! firing firing");
  });

  test("recovers by leaving all of them for the time asked", () => {
    expect(bands(["green", "red", "red", "green", "green", "red"])).toBe(
      "inactive pending firing! recovering inactive pending",
    );
  });

  test("an unknown band holds the episode", () => {
    expect(bands(["green", "red", "red", null, null])).toBe("inactive pending firing! firing firing");
  });
});

describe("an edited trigger", () => {
  const before = playbook();
  const edited = playbook({ trigger: { on: "threshold", when: { fact: "score", below: 70 } } });
  const judge = (subject: CompiledPlaybook, state: TriggerState | null, score: number, at: number, firstSeen = false) =>
    judgeTrigger(subject, state, new Map([["score", score]]), { now: start + at * day, firstSeen });

  test("takes those who match now as they are", () => {
    const quiet = judge(before, null, 60, 0).state;
    expect(judge(edited, quiet, 60, 1)).toMatchObject({ fire: null, state: { state: "firing", baseline: true } });
  });

  test("goes on with an episode that was begun", () => {
    const firing = judge(before, judge(before, null, 60, 0).state, 30, 1).state;
    expect(judge(edited, firing, 30, 2)).toMatchObject({ fire: null, state: { state: "firing", episode: 1 } });
  });

  test("fires for who falls into it later", () => {
    const quiet = judge(edited, judge(before, null, 90, 0).state, 90, 1).state;
    expect(judge(edited, quiet, 60, 2).fire).toMatchObject({ episode: 1 });
  });

  test("is not what an edit of steps, name or key order is", () => {
    const audience = { all: [{ fact: "segment", is: "mid" }] };
    const one = playbook({ audience });
    const other = playbook({
      name: "Another name",
      trigger: { when: { below: 40, fact: "score" }, on: "threshold" },
      audience: { all: [{ is: "mid", fact: "segment" }] },
    });
    expect(other.triggerKey).toBe(one.triggerKey);
    expect(edited.triggerKey).not.toBe(before.triggerKey);
    expect(playbook({ audience: { fact: "segment", is: "mid" } }).triggerKey).not.toBe(before.triggerKey);
  });

  test("a playbook enabled again starts from a baseline, and a wait that was under way starts anew", () => {
    // As the state stands while the playbook is disabled.
    const rested = (state: TriggerState) => ({ ...state, triggerKey: "", dueAt: null });
    const waiting = playbook({ trigger: { ...below40, for: "2d" }, entry: { mode: "episode", onActivate: "fire" } });
    const pending = judge(waiting, judge(waiting, null, 60, 0).state, 30, 1).state;
    expect(judge(waiting, rested(pending), 30, 30)).toMatchObject({ fire: null, state: { state: "pending" } });
    const quiet = judge(before, null, 60, 0).state;
    expect(judge(before, rested(quiet), 30, 30)).toMatchObject({
      fire: null,
      state: { state: "firing", baseline: true },
    });
  });
});

describe("an account that nothing of its own has moved", () => {
  const judge = (
    subject: CompiledPlaybook,
    state: TriggerState | null,
    score: number,
    at: number,
    firstSeen: boolean,
  ) => judgeTrigger(subject, state, new Map([["score", score]]), { now: start + at * day, firstSeen });
  const plain = playbook();
  const timed = playbook({ trigger: { ...below40, for: "2d", keepFor: "2d" } });

  test("is taken as it is, silently, and fires when it comes to be so again", () => {
    const quiet = judge(plain, judge(plain, null, 60, 0, false).state, 30, 1, true);
    expect(quiet).toMatchObject({ fire: null, state: { state: "firing", baseline: true, round: 0 } });
    const back = judge(plain, quiet.state, 60, 2, false).state;
    expect(judge(plain, back, 30, 3, false)).toMatchObject({ fire: { episode: 2 } });
  });

  test("that is not so is looked at as ever from then on", () => {
    const quiet = judge(plain, judge(plain, null, 60, 0, false).state, 60, 1, true);
    expect(judge(plain, quiet.state, 30, 2, false)).toMatchObject({ fire: { episode: 1 } });
  });

  test("goes on with a wait that it had begun of its own, and fires in its time", () => {
    const pending = judge(timed, judge(timed, null, 60, 0, false).state, 30, 1, false).state;
    const quiet = judge(timed, pending, 30, 2, true);
    expect(quiet).toMatchObject({ fire: null, state: { state: "pending", since: start + day } });
    expect(judge(timed, quiet.state, 30, 3, false)).toMatchObject({ fire: { episode: 1 } });
  });

  test("goes on with its episode, and with a recovery that it had begun", () => {
    const firing = judge(plain, judge(plain, null, 60, 0, false).state, 30, 1, false).state;
    expect(judge(plain, firing, 20, 2, true)).toMatchObject({ fire: null, state: { state: "firing", episode: 1 } });
    let state = judge(timed, null, 60, 0, false).state;
    for (const [at, score] of [
      [1, 30],
      [3, 30],
      [4, 60],
    ] as const) {
      state = judge(timed, state, score, at, false).state;
    }
    const quiet = judge(timed, state, 60, 5, true);
    expect(quiet).toMatchObject({ transition: null, state: { state: "recovering", since: start + 4 * day } });
  });

  test("becomes no more urgent by an edit of the severity", () => {
    const severe = { priority: "warning", severity: [{ when: { fact: "score", below: 35 }, priority: "escalation" }] };
    const firing = judge(plain, judge(plain, null, 60, 0, false).state, 30, 1, false).state;
    const quiet = judge(playbook(severe), firing, 30, 2, true);
    expect(quiet).toMatchObject({ fire: null, state: { episode: 1, priority: "escalation" } });
    expect(judge(playbook(severe), quiet.state, 30, 3, false).fire).toBeNull();
    expect(judge(playbook(severe), firing, 30, 3, false).fire).toMatchObject({ episode: 2, priority: "escalation" });
  });
});

describe("the reason of a judgement", () => {
  const timed = playbook({
    trigger: { ...below40, for: "2d", recover: { fact: "score", atLeast: 50 }, keepFor: "1d" },
  });

  test("names the numbers and how much of the time has passed", () => {
    const reasons = judgeAll(timed, [
      [0, 62],
      [1, 34.2],
      [2, 33],
      [3, 31],
      [4, 45],
      [5, 55],
      [6, 55],
    ]).map((decision) => decision.reason);
    expect(reasons).toEqual([
      "score 62 is not below 40",
      "score 34.2 is below 40, for 0 of 2 days",
      "score 33 is below 40, for 1 of 2 days",
      "score 31 is below 40, for 2 days",
      "score 45 is not below 40, but not recovered: score 45 is below 50",
      "recovered (score 55 is at least 50), kept for 0 of 1 day",
      "recovered: score 55 is at least 50",
    ]);
  });

  test("while an episode goes on the state keeps the reason it began with", () => {
    const decisions = judgeAll(playbook(), [
      [0, 60],
      [1, 30],
      [2, 20],
      [3, null],
    ]);
    expect(decisions.map(({ state }) => state.reason).slice(1)).toEqual(Array(3).fill("score 30 is below 40"));
  });

  test("says why a silent episode is silent", () => {
    const [baseline] = judgeAll(playbook(), [[0, 30]]);
    expect(baseline?.reason).toBe("matched when the playbook was activated: taken as it is (score 30 is below 40)");
    const cooling = playbook({ entry: { mode: "episode", cooldown: "30d" } });
    const dropped = judgeAll(cooling, [
      [0, 60],
      [1, 30],
      [2, 60],
      [3, 30],
    ]).at(-1);
    expect(dropped?.reason).toBe("dropped: cooldown until 1 June 2026 (score 30 is below 40)");
  });

  test("says what is not known, and why", () => {
    const missingReason = () => "coverage 0.3 is below 0.5";
    const decision = judgeTrigger(playbook(), null, new Map(), { now: start, firstSeen: false, missingReason });
    expect(decision.reason).toContain("score is unknown (coverage 0.3 is below 0.5)");
  });

  test("an account outside the audience is told so, not its score", () => {
    const subject = playbook({ audience: { fact: "segment", is: "mid" } });
    const [decision] = judgeAll(subject, [[0, 30, { segment: "small" }]]);
    expect(decision?.reason).toBe("not in the audience: segment small is not mid");
  });
});

describe("a description of a state", () => {
  const timed = playbook({ trigger: { ...below40, for: "2d" } });
  const describeAt = (subject: CompiledPlaybook, state: TriggerState | null, at: number, score: number) =>
    describeState(subject, state, new Map([["score", score]]), { now: start + at * day, zone: "Europe/Vienna" });

  test("says when a pending trigger fires if it holds", () => {
    const [, pending] = judgeAll(timed, [
      [0, 60],
      [0.5, 30],
    ]);
    expect(describeAt(timed, pending?.state ?? null, 1.5, 34.2)).toBe(
      "pending: score 34.2 is below 40, for 1 of 2 days; fires on 3 May 2026 at 14:00 (Europe/Vienna) if it holds",
    );
  });

  test("says why nothing fired", () => {
    const [quiet] = judgeAll(timed, [[0, 60]]);
    expect(describeAt(timed, quiet?.state ?? null, 1, 60)).toBe("inactive: score 60 is not below 40");
  });

  test("says what the next judgement changes", () => {
    const [, pending] = judgeAll(timed, [
      [0, 60],
      [1, 30],
    ]);
    expect(describeAt(timed, pending?.state ?? null, 3, 30)).toBe(
      "pending: the next judgement makes it firing, and fires (score 30 is below 40, for 2 days)",
    );
  });

  test("tells of an episode since when it is, why it began and how it stands", () => {
    const fired = judgeAll(playbook(), [
      [0, 60],
      [1, 30],
    ]).at(-1);
    expect(describeAt(playbook(), fired?.state ?? null, 2, 25)).toBe(
      "firing: since 2 May 2026 at 02:00 (Europe/Vienna), episode 1: score 30 is below 40; now: score 25 is below 40: still the same episode",
    );
  });

  test("a disabled playbook is not judged", () => {
    expect(describeAt(playbook({ enabled: false }), null, 0, 30)).toBe("disabled: not judged");
  });
});
