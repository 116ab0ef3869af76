import { describe, expect, test } from "vitest";
import type { RunPosition } from "../../src/playbooks/plan/occasion.ts";
import { advanceRun } from "../../src/playbooks/plan.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook, run, scene, subject } from "./build.ts";

// A Friday; 10:00 in Vienna.
const now = Date.UTC(2026, 4, 1, 8, 0);
const hour = 3_600_000;
const day = 24 * hour;

type Facts = Readonly<Record<string, FactValue>>;

const say = (id: string, more: object = {}) => ({ id, do: "slack", to: "csm-alerts", text: id, ...more });
const isRed = { fact: "band", is: "red" };
const isGreen = { fact: "band", is: "green" };
const walk = (steps: readonly object[], position: RunPosition, facts: Facts = {}, at = now) =>
  advanceRun(playbook({ steps }), position, scene(subject(facts)), at);
/** What is made, in order; what was passed over or decided with its reason. */
const trail = (steps: readonly object[], position: RunPosition, facts: Facts = {}, at = now) =>
  walk(steps, position, facts, at).actions.map(({ stepId, state, reason }) =>
    state === "pending" ? stepId : `${stepId}: ${reason}`,
  );

describe("a condition of a step", () => {
  test.each([
    ["true: the step is made", { band: "red" }, ["alert", "after"]],
    ["false: it is passed over, with the reason", { band: "green" }, ["alert: passed over: band is green", "after"]],
  ])("that is %s", (_name, facts, expected) => {
    const steps = [say("alert", { if: isRed }), say("after")];
    expect(trail(steps, run("alert"), facts)[1]).toBe("after");
    expect(trail(steps, run("alert"), facts)[0]).toMatch(new RegExp(`^${expected[0]?.slice(0, 18)}`));
  });

  test("that is not known passes the step over, and says that it is not known", () => {
    const steps = [say("alert", { if: { fact: "nps.latest", below: 7 } }), say("after")];
    expect(trail(steps, run("alert"))).toEqual([
      expect.stringContaining("alert: passed over, because it is not known: nps.latest"),
      "after",
    ]);
  });

  test("is judged on the facts as they are when the step is reached", () => {
    const steps = [{ id: "pause", do: "wait", for: "1d" }, say("alert", { if: isRed }), say("after")];
    const { next } = walk(steps, run("pause"), { band: "red" });
    expect(next).toMatchObject({ kind: "waiting", stepId: "alert", dueAt: now + day });
    const later = trail(steps, run("alert", { dueAt: now + day }), { band: "green" }, now + day);
    expect(later).toEqual([expect.stringContaining("alert: passed over"), "after"]);
  });
});

describe("a step with skipAfter", () => {
  const steps = [say("alert", { skipAfter: "2d" }), say("after")];

  test("is made as long as it is not later than that", () => {
    expect(trail(steps, run("alert", { dueAt: now - 2 * day, arrivedAt: now - 2 * day }))).toEqual(["alert", "after"]);
  });

  test("is passed over when it is reached later, and the run goes on", () => {
    const late = run("alert", { dueAt: now - 3 * day, arrivedAt: now - 3 * day });
    expect(trail(steps, late)).toEqual([
      "alert: passed over: due 28 April 2026 at 10:00 (Europe/Vienna), and 2 days late is too late",
      "after",
    ]);
  });

  test("counts from when it was due first, however often it was put off since", () => {
    expect(trail(steps, run("alert", { dueAt: now, arrivedAt: now - 3 * day }))).toEqual([
      expect.stringContaining("alert: passed over"),
      "after",
    ]);
  });
});

describe("a wait", () => {
  const until = [{ id: "breathe", do: "wait", until: isGreen, for: "5d" }, say("after")];
  const inWait = (parts: Partial<RunPosition> = {}) =>
    run("after", { waitId: "breathe", arrivedAt: now, dueAt: now + 5 * day, ...parts });

  test("until something is so stands until then, at the longest as long as it says", () => {
    const { next, reason, actions } = walk(until, run("breathe"), { band: "red" });
    const rest = { kind: "waiting", stepId: "after", waitId: "breathe", arrivedAt: now, dueAt: now + 5 * day };
    expect(next).toEqual(rest);
    expect(actions).toEqual([]);
    expect(reason).toContain("until 6 May 2026 at 10:00 (Europe/Vienna) at the latest");
    expect(walk(until, inWait(), { band: "red" }, now + 2 * day).next).toEqual(rest);
  });

  test("ends as soon as its condition is true, and says why", () => {
    expect(trail(until, inWait(), { band: "green" }, now + 2 * day)).toEqual([
      expect.stringContaining("breathe: band"),
      "after",
    ]);
  });

  test("whose condition is true when it begins is no wait", () => {
    expect(trail(until, run("breathe"), { band: "green" })).toEqual([
      expect.stringContaining("breathe: band"),
      "after",
    ]);
  });

  test("ends when its time is out, also while its condition is not known", () => {
    const timed = trail(until, inWait(), { band: "red" }, now + 5 * day);
    expect(timed).toEqual([expect.stringContaining("breathe: waited 5 days at the most"), "after"]);
    const unknown = [{ id: "breathe", do: "wait", until: { fact: "nps.latest", above: 8 }, for: "5d" }, say("after")];
    expect(walk(unknown, inWait(), {}, now + 4 * day).reason).toContain("because it is not known");
    expect(trail(unknown, inWait(), {}, now + 5 * day)).toContain("after");
  });

  test("without a longest time is woken by nothing but news", () => {
    const endless = [{ id: "breathe", do: "wait", until: isGreen }, say("after")];
    expect(walk(endless, run("breathe"), { band: "red" }).next).toMatchObject({ waitId: "breathe", dueAt: null });
  });

  test("that ended while nobody looked counts as late from its end", () => {
    const steps = [until[0] ?? {}, say("after", { skipAfter: "1d" })];
    const late = trail(steps, inWait(), { band: "red" }, now + 8 * day);
    expect(late[1]).toContain("after: passed over: due 6 May 2026 at 10:00");
  });

  test("of working days ends at the same time of day, by the calendar of the owner", () => {
    // Monday the 4th is a holiday there.
    const calendar = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => new Set([Date.UTC(2026, 4, 4) / day]));
    const steps = [{ id: "pause", do: "wait", workingDays: 2 }, say("after")];
    const on = subject({}, { calendarOf: () => calendar });
    const { next } = advanceRun(playbook({ steps }), run("pause"), scene(on), now);
    expect(next).toMatchObject({ waitId: null, dueAt: Date.UTC(2026, 4, 6, 8, 0) });
  });

  describe("until a date", () => {
    const dated = (parts: object = {}) => [
      { id: "pause", do: "wait", untilDate: { fact: "account.fields.go_live", ...parts } },
      say("after"),
    ];
    const on = (value: FactValue) => ({ "account.fields.go_live": value });

    test.each([
      ["that day, at nine", {}, Date.UTC(2026, 4, 20, 7, 0)],
      ["days before it", { daysBefore: 7 }, Date.UTC(2026, 4, 13, 7, 0)],
      ["days after it, at a time of day", { daysAfter: 1, at: "16:30" }, Date.UTC(2026, 4, 21, 14, 30)],
    ])("waits for %s", (_name, parts, dueAt) => {
      expect(walk(dated(parts), run("pause"), on("2026-05-20")).next).toMatchObject({ waitId: "pause", dueAt });
    });

    test("that is past goes on at once, and says so", () => {
      expect(trail(dated(), run("pause"), on("2026-04-20"))).toEqual([
        "pause: 20 April 2026 at 09:00 (Europe/Vienna) (2026-04-20 of account.fields.go_live) is past",
        "after",
      ]);
    });

    test("that is moved while it waits follows it", () => {
      const standing = run("after", { waitId: "pause", arrivedAt: now, dueAt: Date.UTC(2026, 4, 20, 7, 0) });
      const moved = walk(dated(), standing, on("2026-06-01"), now + day);
      expect(moved.next).toMatchObject({ kind: "waiting", dueAt: Date.UTC(2026, 5, 1, 7, 0) });
    });

    test.each([
      ["is not there", {}],
      ["is no day", on("soon")],
      ["is none of the calendar", on("2026-02-31")],
    ])("that %s waits until it is known, or its longest time is out", (_name, facts) => {
      const steps = [{ ...dated()[0], for: "10d" }, say("after")];
      const { next, reason } = walk(steps, run("pause"), facts);
      expect(next).toMatchObject({ kind: "waiting", dueAt: now + 10 * day });
      expect(reason).toContain("a day that is not known");
    });

    test("may follow from a number of days to come", () => {
      const steps = [
        { id: "pause", do: "wait", untilDate: { fact: "contract.days_to_renewal", daysBefore: 30 } },
        say("after"),
      ];
      expect(playbook({ steps }).facts).toContain("contract.days_to_renewal~ends");
      const { next } = walk(steps, run("pause"), { "contract.days_to_renewal~ends": "2026-07-01" });
      expect(next).toMatchObject({ dueAt: Date.UTC(2026, 5, 1, 7, 0) });
    });
  });
});

describe("a branch", () => {
  const branch = (more: object = {}) => ({
    id: "which",
    do: "branch",
    cases: [
      { when: isRed, steps: [say("red-1"), say("red-2")] },
      { when: { fact: "band", is: "yellow" }, steps: [] },
    ],
    otherwise: [say("other")],
    ...more,
  });
  const steps = [branch(), say("after")];

  test.each([
    ["the first case that is true", { band: "red" }, ["red-1", "red-2", "after"]],
    ["a case without steps, straight on", { band: "yellow" }, ["after"]],
    ["otherwise", { band: "green" }, ["other", "after"]],
  ])("goes %s, and ends where it ends", (_name, facts, expected) => {
    const [choice, ...rest] = trail(steps, run("which"), facts);
    expect(choice).toMatch(/^which: .*goes on at/);
    expect(rest).toEqual(expected);
  });

  test("takes unknown for not true, and says so", () => {
    const cases = [{ when: { fact: "nps.latest", below: 7 }, steps: [say("low")] }];
    const [choice, ...rest] = trail([{ id: "which", do: "branch", cases }, say("after")], run("which"));
    expect(choice).toContain("none of 1 cases: not known: nps.latest");
    expect(rest).toEqual(["after"]);
  });

  test("at the end of the playbook ends the run with it", () => {
    const { actions, next } = walk([branch()], run("which"), { band: "red" });
    expect(actions.map(({ stepId }) => stepId)).toEqual(["which", "red-1", "red-2"]);
    expect(next).toEqual({ kind: "done" });
  });

  test("goes on behind a wait that stands in it, and leaves it there", () => {
    const cases = [{ when: isRed, steps: [{ id: "pause", do: "wait", for: "1d" }] }];
    const waiting = [{ id: "which", do: "branch", cases }, say("after")];
    expect(walk(waiting, run("which"), { band: "red" }).next).toMatchObject({ stepId: "after", dueAt: now + day });
  });

  test("stands in another one", () => {
    const inner = {
      id: "inner",
      do: "branch",
      cases: [{ when: isGreen, steps: [say("never")] }],
      otherwise: [say("deep")],
    };
    const outer = { id: "outer", do: "branch", cases: [{ when: isRed, steps: [inner, say("behind")] }] };
    const made = trail([outer, say("after")], run("outer"), { band: "red" });
    expect(made.filter((one) => !one.includes(":"))).toEqual(["deep", "behind", "after"]);
  });

  describe("by chance", () => {
    const random = [
      { weight: 3, steps: [say("often")] },
      { weight: 1, steps: [say("seldom")] },
    ];
    const split = playbook({ steps: [{ id: "split", do: "branch", random }] });
    const wayOf = (runId: number) => advanceRun(split, run("split", { runId }), scene(), now).actions[1]?.stepId;

    test("goes the same way for the same run, always", () => {
      for (let runId = 1; runId <= 50; runId += 1) expect(wayOf(runId)).toBe(wayOf(runId));
    });

    test("goes each way in proportion to its weight", () => {
      const ways = Array.from({ length: 4000 }, (_, index) => wayOf(index + 1));
      const often = ways.filter((way) => way === "often").length;
      // 3,000 are to be expected; five standard deviations are 137.
      expect(Math.abs(often - 3000)).toBeLessThan(137);
    });
  });
});

describe("a stop", () => {
  test("ends the run with its reason", () => {
    const steps = [say("alert"), { id: "enough", do: "stop", reason: "nothing more to do", if: isRed }, say("after")];
    expect(walk(steps, run("alert"), { band: "red" })).toMatchObject({
      actions: [{ stepId: "alert" }],
      next: { kind: "stopped" },
      reason: "nothing more to do",
    });
    expect(trail(steps, run("alert"), { band: "green" })).toEqual([
      "alert",
      expect.stringContaining("enough:"),
      "after",
    ]);
  });
});

describe("a step of our own", () => {
  const only = (step: object, facts: Facts = {}) =>
    walk([step], run(String(Reflect.get(step, "id"))), facts).actions[0];

  test("sets a field to what its template comes to, to a number, or to nothing", () => {
    const field = { id: "set", do: "set-field", field: "account.fields.risk_note" };
    const at = (value: unknown) => only({ ...field, value })?.message;
    expect(at("at {{ score }}")).toEqual({ kind: "field", field: "account.fields.risk_note", value: "at 34.2" });
    expect(at(3)).toMatchObject({ value: 3 });
    expect(at(null)).toMatchObject({ value: null });
    expect(only({ ...field, value: "{{ account.stage }}" })).toMatchObject({
      state: "skipped",
      reason: "the text came out empty",
    });
  });

  test("sets the stage, with its own reason or the run's", () => {
    const step = { id: "set", do: "set-stage", stage: "value" };
    expect(only(step)?.message).toEqual({ kind: "stage", stage: "value", reason: "score 34.2 is below 40" });
    expect(only({ ...step, reason: "{{ account.name }} is live" })?.message).toMatchObject({ reason: "Acme is live" });
  });

  test("writes a field of the account in a CRM", () => {
    const step = { id: "write", do: "update-crm", source: "hubspot", field: "cs_state", value: "{{ band }}" };
    expect(only(step)).toMatchObject({
      kind: "crm-field",
      channel: "hubspot",
      recipient: "hubspot",
      state: "pending",
      message: { kind: "crm-field", field: "cs_state", value: "red" },
    });
  });
});

describe("a call of another playbook", () => {
  const call = [{ id: "call", do: "call-playbook", playbook: "welcome" }];
  const called = (position: Partial<RunPosition> = {}, house: Partial<ReturnType<typeof scene>["house"]> = {}) => {
    const { subject: on, house: whole } = scene();
    const within = { subject: on, house: { ...whole, ...house } };
    return advanceRun(playbook({ steps: call }), run("call", position), within, now).actions[0];
  };

  test("is made once, under the playbook's id", () => {
    expect(called()).toMatchObject({ kind: "call", recipient: "welcome", state: "sent", reason: 'calls "welcome"' });
  });

  test.each([
    ["a playbook that is gone", {}, { isEnabled: () => null }, 'there is no playbook "welcome"'],
    ["a playbook that is disabled", {}, { isEnabled: () => false }, 'the playbook "welcome" is not enabled'],
    [
      "one that stands behind it already",
      { chain: ["welcome"], depth: 1 },
      {},
      'dropped: "welcome" stands behind this run already (welcome → save-at-risk)',
    ],
    [
      "one too many",
      { chain: ["a", "b", "c"], depth: 3 },
      {},
      "dropped: 3 runs stand behind this one (a → b → c → save-at-risk), and 3 are the most",
    ],
  ])("is passed over where it is of %s", (_name, position, house, reason) => {
    expect(called(position, house)).toMatchObject({ state: "skipped", reason });
  });
});
