import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AskGuards, GuardVerdict } from "../../src/playbooks/guard.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeOccasions, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { RecordChange } from "../../src/scoring/history.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const hour = 3_600_000;

const below = (edge: number) => ({ on: "threshold", when: { fact: "score", below: edge } });
const urgent = { fact: "priority", is: "urgent" };
const severity = [{ when: { fact: "score", below: 20 }, priority: "escalation" }];
/** What a manager may edit one and the same playbook to. */
const edits: readonly Readonly<Record<string, unknown>>[] = [
  { trigger: below(40) },
  { trigger: { ...below(40), for: "6h", keepFor: "6h" }, severity },
  { trigger: { ...below(50), recover: { fact: "score", atLeast: 60 } }, entry: { repeatEvery: "12h" }, severity },
  { trigger: below(40), entry: { cooldown: "2d" }, severity },
  { trigger: below(40), entry: { mode: "once" }, audience: { fact: "segment", is: "mid" } },
  { trigger: below(40), entry: { onActivate: "fire", repeatEvery: "6h" } },
  { trigger: { on: "event", record: "ticket", where: urgent, within: "12h" } },
  { trigger: { on: "event", record: "ticket", where: urgent }, audience: { fact: "segment", is: "mid" }, severity },
  { trigger: { on: "schedule", at: "09:00", when: { fact: "score", below: 50 } } },
];
const playbooks = edits.map((parts) => playbook(parts));

interface Event {
  readonly wait: number;
  readonly edit: number | null;
  readonly score: number | null;
  readonly segment: string | null;
  readonly verdicts: readonly string[];
  readonly tickets: number;
  readonly isQuiet: boolean;
  readonly isRestart: boolean;
}

const events: fc.Arbitrary<Event> = fc.record({
  /** Hours since the event before. */
  wait: fc.constantFrom(0, 1, 3, 6, 13, 30),
  edit: fc.option(fc.integer({ min: 0, max: edits.length - 1 }), { freq: 12 }),
  score: fc.option(fc.constantFrom(10, 30, 45, 55, 90)),
  segment: fc.option(fc.constantFrom("mid", "small"), { freq: 8 }),
  /** What the guards say, one after the other. */
  verdicts: fc.array(fc.constantFrom("go", "go", "defer", "drop", "holdout"), { minLength: 1, maxLength: 4 }),
  /** Urgent ones that have come. */
  tickets: fc.constantFrom(0, 0, 0, 1, 2, 60),
  isQuiet: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  isRestart: fc.boolean(),
});

function verdictOf(kind: string | undefined, now: number): GuardVerdict {
  switch (kind) {
    case "defer":
      return { kind: "defer", guard: "window", until: now + 2 * hour, words: "waits for working hours" };
    case "drop":
      return { kind: "drop", guard: "loop", words: "too deep" };
    case "holdout":
      return { kind: "holdout", words: "held out" };
    default:
      return { kind: "go" };
  }
}

interface Step {
  readonly now: number;
  readonly subject: CompiledPlaybook;
  readonly event: Event;
  readonly before: TriggerState | null;
  readonly decisions: readonly TriggerDecision[];
  /** The same judged once more, when the guards let everything begin. */
  readonly again: readonly TriggerDecision[];
  readonly recordsSoFar: number;
}

/** The life of one account and one playbook. */
function live(course: readonly Event[], isTerse = false): readonly Step[] {
  const changes: RecordChange[] = [];
  let now = start;
  let subject = playbooks[0] ?? playbook();
  let state: TriggerState | null = null;
  return course.map((event) => {
    now += event.wait * hour;
    subject = playbooks[event.edit ?? -1] ?? subject;
    for (let count = 0; count < event.tickets; count += 1) {
      const recordId = changes.length;
      changes.push({ kind: "ticket", recordId, occurredAt: now - hour, recordedAt: now, set: { priority: "urgent" } });
    }
    const history = { accountId: 1, key: "acme", changes, usage: new Map(), users: new Map() };
    const facts = new Map<string, string | number>();
    if (event.score !== null) facts.set("score", event.score);
    if (event.segment !== null) facts.set("segment", event.segment);
    const judge = (from: TriggerState | null, firstSeen: boolean, guards: AskGuards) => {
      const context = { now, firstSeen, guards, isTerse, surroundings: { history, zone: "Europe/Vienna" } };
      return judgeOccasions(subject, from, facts, context);
    };
    let asked = 0;
    const guards: AskGuards = () => verdictOf(event.verdicts[asked++ % event.verdicts.length], now);
    const before = state;
    const decisions = judge(before, event.isQuiet && before !== null, guards);
    const left = decisions.at(-1)?.state ?? null;
    state = event.isRestart ? JSON.parse(JSON.stringify(left)) : left;
    return {
      now,
      subject,
      event,
      before,
      decisions,
      again: judge(left, false, () => ({ kind: "go" })),
      recordsSoFar: changes.length,
    };
  });
}

/** Holds a claim against every step of many lives. */
function law(breach: (step: Step, steps: readonly Step[]) => unknown): void {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 25 }), (course) => {
      const steps = live(course);
      expect(steps.filter((step) => breach(step, steps))).toEqual([]);
    }),
    { numRuns: 150 },
  );
}

const firesOf = ({ decisions }: Step) => decisions.flatMap(({ fire }) => (fire === null ? [] : [fire]));

/** Each decision with the state before it. */
const movesOf = ({ before, decisions }: Step) =>
  decisions.map((decision, index) => ({
    decision,
    before: index === 0 ? before : (decisions[index - 1]?.state ?? null),
  }));

// The time guards against a hang; nothing is judged by its speed.
describe("over any life, with edits, bursts of records, restarts and guards that say anything", {
  timeout: 60_000,
}, () => {
  test("no run begins twice", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 25 }), (course) => {
        const keys = live(course)
          .flatMap(firesOf)
          .map(({ episode, round }) => `${episode}.${round}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 150 },
    );
  });

  test("a run begins with a new episode, or as the next one of an episode that repeats", () => {
    law((step) =>
      movesOf(step).some(({ decision: { fire, state }, before }) => {
        if (fire === null) return false;
        const isNew = fire.round === 1 && fire.episode === (before?.episode ?? 0) + 1;
        const repeats = step.subject.entry.repeatMs !== null;
        const isNext = repeats && fire.episode === before?.episode && fire.round === before.round + 1;
        return !(state.state === "firing" && (isNew || isNext));
      }),
    );
  });

  test("saying only what changes changes nothing but words", () => {
    const withoutWords = ({ state, transition, fire, dueAt }: TriggerDecision) => ({
      state: { ...state, reason: "" },
      ...{ transition, fire, dueAt },
    });
    fc.assert(
      fc.property(fc.array(events, { maxLength: 25 }), (course) => {
        const [full, terse] = [live(course), live(course, true)];
        const said = (steps: readonly Step[]) => steps.map(({ decisions }) => decisions.map(withoutWords));
        expect(said(terse)).toEqual(said(full));
        const begun = (steps: readonly Step[]) =>
          steps.flatMap(({ decisions }) => decisions.flatMap(({ fire, reason }) => (fire === null ? [] : [reason])));
        expect(begun(terse)).toEqual(begun(full));
      }),
      { numRuns: 300 },
    );
  });

  test("every change of state has a reason, in words", () => {
    law(({ decisions }) => decisions.some(({ state, reason }) => state.reason === "" || reason === ""));
  });

  test("episodes and moments of runs never go back", () => {
    law((step) =>
      movesOf(step).some(({ decision: { state }, before }) => {
        if (before === null) return false;
        return state.episode < before.episode || (state.lastFiredAt ?? 0) < (before.lastFiredAt ?? 0);
      }),
    );
  });

  test("judged once more at the same moment nothing moves, unless a guard or the number of records kept it waiting", () => {
    law(({ decisions, again }) => {
      const last = decisions.at(-1);
      if (last === undefined || last.state.guard !== null || decisions.length === 50) return false;
      const first = again[0];
      const isMoved = first?.state.state !== last.state.state || first.state.episode !== last.state.episode;
      return again.length !== 1 || first?.fire !== null || isMoved || first.dueAt !== last.dueAt;
    });
  });

  test("once a record that a guard kept waiting is over, those behind it are met at the same moment", () => {
    const plain = { edit: null, score: null, verdicts: ["go"], tickets: 0, isQuiet: false, isRestart: false };
    const [, , over] = live([
      { ...plain, wait: 0, edit: 7, segment: "mid" },
      { ...plain, wait: 3, segment: "mid", verdicts: ["defer"], tickets: 3 },
      { ...plain, wait: 0, segment: "small" },
    ]);
    expect(over?.decisions.map(({ state }) => state.state)).toEqual(["inactive", "inactive", "inactive", "inactive"]);
    expect(over?.decisions.at(-1)?.state.seen?.taken).toHaveLength(3);
  });

  test("it never asks to be judged at a moment that has passed", () => {
    law(({ decisions, now }) => decisions.some(({ dueAt }) => dueAt !== null && dueAt <= now));
  });

  test("an edit, or what nothing of its own has moved, never begins a run of a state, unless it was on its way", () => {
    law((step) => {
      const { before, subject, event } = step;
      const isEdited = before !== null && before.triggerKey !== subject.triggerKey;
      const isSilent = isEdited || (event.isQuiet && before !== null && before.state !== "pending");
      const isState = subject.trigger.awaits === null && subject.entry.onActivate === "baseline";
      return isSilent && isState && firesOf(step).length > 0;
    });
  });

  test("where nothing stands in their way, each record that comes begins a run, however many come at once", () => {
    const bursts = fc.array(fc.record({ wait: fc.integer({ min: 1, max: 9 }), tickets: fc.constantFrom(0, 1, 3, 60) }));
    const plain = { score: null, segment: null, verdicts: ["go"], isQuiet: false };
    fc.assert(
      fc.property(bursts, fc.boolean(), (course, isRestart) => {
        const first = { ...plain, wait: 0, edit: 6, tickets: 0, isRestart };
        const rest = course.map((burst) => ({ ...plain, ...burst, edit: null, isRestart }));
        // What is left over by a burst is taken in later passes.
        const after = [1, 1, 1].map((wait) => ({ ...plain, wait, edit: null, tickets: 0, isRestart }));
        const steps = live([first, ...rest.flatMap((burst) => [burst, { ...burst, wait: 0, tickets: 0 }]), ...after]);
        expect(steps.flatMap(firesOf)).toHaveLength(steps.at(-1)?.recordsSoFar ?? 0);
      }),
      { numRuns: 20 },
    );
  });
});
