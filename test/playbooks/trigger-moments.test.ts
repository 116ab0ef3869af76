import { describe, expect, test } from "vitest";
import { describeState } from "../../src/playbooks/describe.ts";
import type { AskGuards } from "../../src/playbooks/guard.ts";
import { noGuards } from "../../src/playbooks/guard.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeOccasions, type TriggerDecision } from "../../src/playbooks/trigger.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import type { RecordChange } from "../../src/scoring/history.ts";
import { playbook } from "./build.ts";

const start = Date.UTC(2026, 4, 1);
const hour = 3_600_000;
const zone = "Europe/Vienna";

type Ticket = Extract<RecordChange, { kind: "ticket" }>;

/** A change of a ticket: hours since the start at which it occurred, and at which we learnt it. */
function ticket(recordId: number, set: Ticket["set"], occurred: number, recorded = occurred): Ticket {
  return { kind: "ticket", recordId, occurredAt: start + occurred * hour, recordedAt: start + recorded * hour, set };
}

const deferred: AskGuards = () => ({ kind: "defer", guard: "window", until: null, words: "waits for working hours" });
const dropped: AskGuards = () => ({ kind: "drop", guard: "loop", words: "too deep" });

interface Course {
  readonly changes?: readonly RecordChange[];
  readonly facts?: Readonly<Record<string, FactValue>>;
  readonly guards?: AskGuards;
}

/** Judges at hours since the start; what an hour says of the account holds for that judgement. */
class Judged {
  readonly #subject: CompiledPlaybook;
  readonly #changes: readonly RecordChange[];
  state: TriggerState | null = null;

  constructor(parts: Readonly<Record<string, unknown>>, changes: readonly RecordChange[] = []) {
    this.#subject = playbook(parts);
    this.#changes = changes;
  }

  at(
    hours: number,
    { changes = this.#changes, facts = {}, guards = noGuards }: Course = {},
  ): readonly TriggerDecision[] {
    const history = { accountId: 1, key: "acme", changes, usage: new Map(), users: new Map() };
    const context = { now: start + hours * hour, firstSeen: false, guards, surroundings: { history, zone } };
    const decisions = judgeOccasions(this.#subject, this.state, new Map(Object.entries(facts)), context);
    this.state = decisions.at(-1)?.state ?? null;
    return decisions;
  }

  /** Reasons of the runs that begin. */
  fires(hours: number, course: Course = {}): readonly string[] {
    return this.at(hours, course).flatMap(({ fire, reason }) => (fire === null ? [] : [reason]));
  }

  explain(hours: number, course: Course = {}): string {
    const changes = course.changes ?? this.#changes;
    const history = { accountId: 1, key: "acme", changes, usage: new Map(), users: new Map() };
    const context = { now: start + hours * hour, zone, surroundings: { history, zone } };
    return describeState(this.#subject, this.state, new Map(Object.entries(course.facts ?? {})), context);
  }
}

const urgent = { trigger: { on: "event", record: "ticket", where: { fact: "priority", is: "urgent" } } };
const came = "a ticket came: priority is urgent";

describe("a trigger on records", () => {
  test("takes what was there before it began as it is", () => {
    const judged = new Judged(urgent, [ticket(1, { priority: "urgent" }, -1), ticket(2, { priority: "urgent" }, 0)]);
    expect(judged.fires(0)).toEqual([]);
    expect(judged.fires(1)).toEqual([]);
    expect(judged.explain(1)).toBe("inactive: waits for a ticket that is as asked");
  });

  test("begins an episode for each that comes, in the order in which they were learnt, then in that of their ids", () => {
    const order: number[] = [];
    const named = { trigger: { on: "event", record: "ticket", where: { fact: "subject", exists: true } } };
    const judged = new Judged(named, [
      ticket(9, { subject: "third" }, 3, 5),
      ticket(4, { subject: "second" }, 4, 4),
      ticket(3, { subject: "first" }, 4, 4),
      ticket(10, { subject: "fourth" }, 2, 5),
    ]);
    judged.at(0);
    const decisions = judged.at(5);
    for (const { fire } of decisions) if (fire !== null) order.push(fire.episode);
    expect(order).toEqual([1, 2, 3, 4]);
    expect(
      decisions.flatMap(({ fire, reason }) => (fire ? [/(first|second|third|fourth)/.exec(reason)?.[0]] : [])),
    ).toEqual([...["first", "second", "third", "fourth"]]);
    expect(judged.fires(5)).toEqual([]);
    expect(judged.fires(6)).toEqual([]);
  });

  test("is firing for as long as it is news, and then over by itself", () => {
    const judged = new Judged(urgent, [ticket(1, { priority: "urgent" }, 1)]);
    judged.at(0);
    expect(judged.fires(2)).toEqual([came]);
    expect(judged.state).toMatchObject({ state: "firing", dueAt: start + 26 * hour, occasion: came });
    expect(judged.at(25.9).at(-1)?.state.state).toBe("firing");
    expect(judged.at(26).at(-1)).toMatchObject({ transition: "firing->inactive", reason: `over: ${came}` });
  });

  test("takes a record that changes each time it comes to be as asked, and not while it stays so", () => {
    const judged = new Judged(urgent, [
      ticket(1, { subject: "x", priority: "low" }, 1),
      ticket(1, { priority: "urgent" }, 2),
      ticket(1, { status: "pending" }, 3),
      ticket(1, { priority: "normal" }, 4),
      ticket(1, { priority: "urgent" }, 5),
    ]);
    judged.at(0);
    expect([1, 2, 3, 4, 5, 6].map((hours) => judged.fires(hours).length)).toEqual([0, 1, 0, 0, 1, 0]);
  });

  test("is not moved by what is learnt late of a record that it has taken", () => {
    const known = [ticket(1, { priority: "urgent" }, 2)];
    const judged = new Judged(urgent, known);
    judged.at(0);
    expect(judged.fires(3)).toEqual([came]);
    expect(judged.fires(5, { changes: [ticket(1, { priority: "urgent" }, 1, 4), ...known] })).toEqual([]);
  });

  test("takes each once, also one whose transaction ended behind that of a later one", () => {
    const late = ticket(1, { priority: "urgent" }, 1);
    const early = ticket(2, { priority: "urgent" }, 1.1);
    const judged = new Judged(urgent);
    judged.at(0);
    expect(judged.fires(1.1, { changes: [early] })).toEqual([came]);
    expect(judged.fires(1.2, { changes: [late, early] })).toEqual([came]);
    expect(judged.fires(1.3, { changes: [late, early] })).toEqual([]);
  });

  test("finds nothing in an import of history, however it dates what it knew", () => {
    const judged = new Judged(urgent);
    for (const hours of [0, 24, 48, 72, 96]) judged.at(hours);
    const history = [ticket(1, { priority: "urgent" }, -900, 100), ticket(2, { priority: "urgent" }, 20, 20)];
    expect(judged.fires(100, { changes: history })).toEqual([]);
    expect(judged.fires(124, { changes: history })).toEqual([]);
  });

  test("takes what was learnt late for news for as long as it says", () => {
    const trigger = { ...urgent.trigger, within: "3d" };
    const changes = [ticket(1, { priority: "urgent" }, 1, 72), ticket(2, { priority: "urgent" }, -1, 72)];
    const judged = new Judged({ trigger }, changes);
    judged.at(0);
    expect(judged.fires(72)).toEqual([came]);
  });

  test("passes over what was deleted", () => {
    const judged = new Judged(urgent, [ticket(1, { priority: "urgent", deleted: true }, 1)]);
    judged.at(0);
    expect(judged.fires(2)).toEqual([]);
  });

  test("keeps what comes while a guard defers one before it, and loses none of it", () => {
    const judged = new Judged(urgent, [
      ticket(1, { priority: "urgent" }, 1),
      ticket(2, { priority: "urgent" }, 30),
      ticket(3, { priority: "urgent" }, 60),
    ]);
    judged.at(0);
    for (const hours of [1, 24, 30, 48, 60]) expect(judged.fires(hours, { guards: deferred })).toEqual([]);
    expect(judged.state).toMatchObject({
      state: "pending",
      guard: "window",
      reason: `${came}; waits for working hours`,
    });
    expect(judged.fires(120)).toEqual([came, came, came]);
    expect(judged.fires(121)).toEqual([]);
  });

  test("enters what a guard or the cooldown drops, and goes on with the next", () => {
    const two = [ticket(1, { priority: "urgent" }, 1), ticket(2, { priority: "urgent" }, 1)];
    const judged = new Judged(urgent, two);
    judged.at(0);
    expect(
      judged
        .at(1, { guards: dropped })
        .map(({ reason }) => reason)
        .slice(0, 2),
    ).toEqual([`dropped: too deep (${came})`, `dropped: too deep (${came})`]);
    expect(judged.fires(2)).toEqual([]);
    const cooling = new Judged({ ...urgent, entry: { cooldown: "7d" } }, two);
    cooling.at(0);
    expect(cooling.fires(1)).toEqual([came]);
    expect(cooling.state?.episode).toBe(2);
  });

  test("is asked of the audience when it comes, and waits while that is not known", () => {
    const judged = new Judged({ ...urgent, audience: { fact: "segment", is: "mid" } }, [
      ticket(1, { priority: "urgent" }, 1),
      ticket(2, { priority: "urgent" }, 3),
    ]);
    judged.at(0);
    expect(judged.fires(1, { facts: { segment: "small" } })).toEqual([]);
    expect(judged.state?.reason).toBe(`${came}, but not in the audience: segment small is not mid`);
    expect(judged.fires(2, { facts: { segment: "mid" } })).toEqual([]);
    expect(judged.fires(3)).toEqual([]);
    expect(judged.state?.reason).toBe(`${came}; not known: unknown whether it is in the audience: segment is unknown`);
    expect(judged.fires(4, { facts: { segment: "mid" } })).toEqual([came]);
  });

  test("takes no more than 50 at once, and asks to be judged again for the rest", () => {
    const judged = new Judged(
      urgent,
      Array.from({ length: 120 }, (_, index) => ticket(index, { priority: "urgent" }, 1)),
    );
    judged.at(0);
    const runs = [1, 1, 1].map(() => {
      const decisions = judged.at(1);
      return [decisions.filter(({ fire }) => fire !== null).length, decisions.at(-1)?.dueAt];
    });
    expect(runs).toEqual([
      [50, start + hour + 1],
      [50, start + hour + 1],
      [20, start + 25 * hour],
    ]);
  });

  test("an edit of the trigger begins anew: what has come is taken as it is", () => {
    const changes = [ticket(1, { priority: "high" }, 1)];
    const judged = new Judged(urgent, changes);
    judged.at(0);
    judged.at(2);
    const edited = new Judged({ trigger: { ...urgent.trigger, where: { fact: "priority", in: ["high", "urgent"] } } }, [
      ...changes,
      ticket(2, { priority: "high" }, 4),
    ]);
    edited.state = judged.state;
    expect(edited.fires(3)).toEqual([]);
    expect(edited.fires(4)).toEqual(["a ticket came: priority high is one of high, urgent"]);
  });

  test("looks into payloads, by what they have of their own", () => {
    const where = {
      all: [
        { fact: "name", is: "cancelled" },
        { fact: "payload.plan.seats", atLeast: 10 },
      ],
    };
    const event = (recordId: number, payload: Readonly<Record<string, never>>): RecordChange => ({
      kind: "event",
      recordId,
      occurredAt: start + hour,
      recordedAt: start + hour,
      set: { name: "cancelled", payload },
    });
    const payloads = [{ plan: { seats: 12 } }, { plan: { seats: 3 } }, { plan: 12 }, { "plan.seats": 12 }, {}];
    // Whatever the sender puts into it.
    const judged = new Judged(
      { trigger: { on: "event", record: "event", where } },
      payloads.map((payload, index) => event(index, payload as never)),
    );
    judged.at(0);
    expect(judged.fires(1)).toEqual(["an event came: name is cancelled and payload.plan.seats 12 is at least 10"]);
    const own = new Judged(
      { trigger: { on: "event", record: "event", where: { fact: "payload.constructor.name", exists: true } } },
      [event(1, {})],
    );
    own.at(0);
    expect(own.fires(1)).toEqual([]);
  });
});

describe("a trigger on answers to a survey", () => {
  const answer = (recordId: number, set: Extract<RecordChange, { kind: "survey" }>["set"]): RecordChange => ({
    kind: "survey",
    recordId,
    occurredAt: start + hour,
    recordedAt: start + hour,
    set,
  });
  const answers = [
    answer(1, { type: "nps", score: 3, comment: "too slow" }),
    answer(2, { type: "nps", score: 9 }),
    answer(3, { type: "csat", score: 3 }),
    answer(4, { type: "nps" }),
  ];
  const reasons = (where?: object) => {
    const judged = new Judged({ trigger: { on: "survey", type: "nps", ...(where && { where }) } }, answers);
    judged.at(0);
    return judged.fires(1);
  };

  test("takes answers of its type that are as asked", () => {
    expect(reasons({ fact: "score", atMost: 6 })).toEqual(["a survey came: type is nps and score 3 is at most 6"]);
    expect(reasons({ fact: "comment", contains: "slow" })).toHaveLength(1);
  });

  test("takes none that was asked and not answered", () => {
    expect(reasons()).toHaveLength(2);
  });
});

describe("a trigger on a schedule", () => {
  const mondays = { trigger: { on: "schedule", weekdays: ["mon"] } };
  // 1 May 2026 is a Friday; midnight in UTC is 2 o'clock in Vienna.
  const monday = 3 * 24 + 7;

  test("fires when its time comes, and asks to be judged then", () => {
    const judged = new Judged(mondays);
    expect(judged.at(0).at(-1)).toMatchObject({ fire: null, dueAt: start + monday * hour });
    expect(judged.explain(1)).toBe("inactive: waits for its time; next on 4 May 2026 at 09:00 (Europe/Vienna)");
    expect(judged.fires(monday - 0.1)).toEqual([]);
    expect(judged.fires(monday)).toEqual(["it was 4 May 2026 at 09:00 (Europe/Vienna)"]);
    expect(judged.fires(monday)).toEqual([]);
    expect(judged.fires(monday + 5)).toEqual([]);
    expect(judged.at(monday + 24).at(-1)).toMatchObject({
      transition: "firing->inactive",
      dueAt: start + (monday + 7 * 24) * hour,
    });
    expect(judged.fires(monday + 7 * 24)).toHaveLength(1);
  });

  test("fires each day, also where an episode goes on to the next", () => {
    const judged = new Judged({ trigger: { on: "schedule" } });
    judged.at(0);
    expect([7, 31, 55].map((hours) => judged.fires(hours).length)).toEqual([1, 1, 1]);
    expect(judged.state).toMatchObject({ episode: 3, state: "firing" });
  });

  test("after a downtime only the newest of a day counts", () => {
    const daily = new Judged({ trigger: { on: "schedule" } });
    daily.at(0);
    expect(daily.fires(10 * 24)).toEqual(["it was 10 May 2026 at 09:00 (Europe/Vienna)"]);
    const weekly = new Judged(mondays);
    weekly.at(0);
    expect(weekly.fires(monday + 25)).toEqual([]);
  });

  test("a time before it began does not count", () => {
    const judged = new Judged({ trigger: { on: "schedule" } });
    expect(judged.fires(8)).toEqual([]);
    expect(judged.fires(9)).toEqual([]);
  });

  test("fires only if its condition is true then, and says so", () => {
    const judged = new Judged({ trigger: { ...mondays.trigger, when: { fact: "score", below: 40 } } });
    judged.at(0, { facts: { score: 30 } });
    expect(judged.fires(monday, { facts: { score: 50 } })).toEqual([]);
    expect(judged.state?.reason).toBe("it was 4 May 2026 at 09:00 (Europe/Vienna), but score 50 is not below 40");
    expect(judged.fires(monday + 1, { facts: { score: 30 } })).toEqual([]);
    expect(judged.fires(monday + 7 * 24, { facts: { score: 30 } })).toEqual([
      "it was 11 May 2026 at 09:00 (Europe/Vienna), and score 30 is below 40",
    ]);
  });

  test("waits within the day while its condition is not known", () => {
    const judged = new Judged({ trigger: { ...mondays.trigger, when: { fact: "score", below: 40 } } });
    judged.at(0);
    expect(judged.fires(monday)).toEqual([]);
    expect(judged.fires(monday + 5, { facts: { score: 30 } })).toHaveLength(1);
  });

  test("a time that comes while a guard defers the one before takes its place", () => {
    const judged = new Judged({ trigger: { on: "schedule" } });
    judged.at(0);
    for (const hours of [7, 31, 55]) judged.at(hours, { guards: deferred });
    expect(judged.fires(56)).toEqual(["it was 3 May 2026 at 09:00 (Europe/Vienna)"]);
    expect(judged.state?.episode).toBe(1);
  });
});
