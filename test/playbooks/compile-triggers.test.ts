import { describe, expect, test } from "vitest";
import { document, playbook, refusals } from "./build.ts";

const day = 86_400_000;
const when = { fact: "score", below: 40 };
const triggered = (trigger: object, parts: object = {}) => document({ trigger, ...parts });
const threshold = (parts: object) => triggered({ on: "threshold", when, ...parts });
const ticket = (where: object, parts: object = {}) => triggered({ on: "event", record: "ticket", where, ...parts });
const nps = (where: object) => triggered({ on: "survey", type: "nps", where });
const schedule = (parts: object) => triggered({ on: "schedule", ...parts });
const entered = (entry: object, trigger: object = { on: "threshold", when }) => document({ trigger, entry });

describe("a trigger", () => {
  test.each([
    ["to stay for no time", threshold({ for: "0d" }), 'trigger.for: expected a time longer than nothing (met "0d")'],
    ["to recover for no time", threshold({ keepFor: "0m" }), "trigger.keepFor: expected a time longer than nothing"],
    [
      "a stage neither entered nor left",
      triggered({ on: "stage" }),
      "trigger.enters: is missing: expected one of enters, leaves and stuck",
    ],
    [
      "a stage entered and left",
      triggered({ on: "stage", enters: "value", leaves: "onboarding" }),
      "trigger.leaves: expected one of enters, leaves and stuck, not enters and leaves together",
    ],
    [
      "a stage left that there is none of",
      triggered({ on: "stage", leaves: "onbording" }),
      'did you mean "onboarding"?',
    ],
    [
      "a stage left from another",
      triggered({ on: "stage", leaves: "value", from: "onboarding" }),
      "trigger.from: belongs to enters",
    ],
    [
      "a stage that one is stuck in after no matter how long",
      triggered({ on: "stage", stuck: "onboarding" }),
      'trigger.after: is missing: expected whole days, such as "30d", at most 400',
    ],
    [
      "a stage that one is stuck in after hours",
      triggered({ on: "stage", stuck: "onboarding", after: "36h" }),
      "trigger.after: expected whole days",
    ],
    [
      "a stage entered after days",
      triggered({ on: "stage", enters: "value", after: "3d" }),
      "trigger.after: belongs to stuck",
    ],
    [
      "a renewal within days and working days",
      triggered({ on: "renewal", within: "30d", withinWorkingDays: 10 }),
      "trigger.withinWorkingDays: expected one of within and withinWorkingDays, not within and withinWorkingDays together",
    ],
    ["a renewal at any time", triggered({ on: "renewal" }), "trigger.within: is missing: expected one of within"],
    [
      "a field that a ticket has not",
      ticket({ fact: "priorty", is: "urgent" }),
      'trigger.where.fact: a ticket has no field "priorty": expected subject, status, priority, openedAt, firstRespondedAt, solvedAt, escalated, reopens; did you mean "priority"?',
    ],
    [
      "a fact of the account in a record",
      ticket({ fact: "score", below: 40 }),
      'trigger.where.fact: a ticket has no field "score"',
    ],
    ["a field that is deleted or not", ticket({ fact: "deleted", is: true }), 'a ticket has no field "deleted"'],
    [
      "a value that a ticket's field never has",
      ticket({ all: [{ fact: "priority", in: ["urgnt", "high"] }] }),
      'trigger.where: there is no priority "urgnt": expected "low" or "normal" or "high" or "urgent"; did you mean "urgent"?',
    ],
    [
      "an operator that does not fit a field",
      ticket({ fact: "reopens", contains: "3" }),
      'trigger.where.contains: "contains" does not fit reopens, which is a number',
    ],
    [
      "a rise within a record",
      ticket({ fact: "reopens", risesBy: 3, within: "7d" }),
      "trigger.where.risesBy: stored scores are not looked at here",
    ],
    ["a kind of record that there is none of", triggered({ on: "event", record: "tickets" }), "trigger.record"],
    [
      "a whole payload",
      triggered({ on: "event", record: "event", where: { fact: "payload", is: "x" } }),
      'no field "payload"',
    ],
    [
      "news within no time",
      ticket({ fact: "priority", is: "high" }, { within: "0d" }),
      "trigger.within: expected a time longer",
    ],
    [
      "a field that an answer has not",
      nps({ fact: "scale", is: 3 }),
      'trigger.where.fact: an answer has no field "scale": expected score, comment, contact',
    ],
    [
      "an answer that nobody can give",
      nps({ fact: "score", above: 10 }),
      'trigger.where: no score can cross "above 10": answers run from 0 to 10',
    ],
    ["an answer that everybody gives", nps({ fact: "score", atLeast: 0 }), "trigger.where: no score can cross"],
    [
      "a segment neither entered nor left",
      triggered({ on: "segment" }),
      "trigger.enters: is missing: expected one of enters and",
    ],
    [
      "a 31 February",
      schedule({ daysOfMonth: [30, 31], months: [2] }),
      "trigger.daysOfMonth: no such day comes in these months",
    ],
    [
      "a day 0",
      schedule({ daysOfMonth: [0] }),
      "trigger.daysOfMonth[0]: expected a day of the month, or -1 for the last",
    ],
    ["a time of day that there is not", schedule({ at: "24:00" }), "trigger.at: expected a time of day"],
    ["a day of the week that there is not", schedule({ weekdays: ["monday"] }), "trigger.weekdays[0]"],
    [
      "a condition on a fact that there is not",
      schedule({ when: { fact: "scor", below: 3 } }),
      "trigger.when.fact: unknown fact",
    ],
    [
      "a disagreement of nothing",
      triggered({ on: "disagreement" }),
      "trigger.between: is missing: expected one of between and",
    ],
    ["one statement", triggered({ on: "disagreement", between: [when] }), "trigger.between"],
    [
      "statements that are apart",
      triggered({ on: "disagreement", between: [when, { fact: "band", is: "green" }], by: 3 }),
      "trigger.by: belongs to facts",
    ],
    [
      "a statement on what there is not",
      triggered({ on: "disagreement", between: [when, { fact: "bnd", is: "green" }] }),
      'trigger.between[1].fact: unknown fact "bnd"; did you mean "band"?',
    ],
    [
      "a fact that contradicts itself",
      triggered({ on: "disagreement", facts: ["score", "score"] }),
      "trigger.facts[1]: a fact never contradicts itself",
    ],
    [
      "facts that cannot be compared",
      triggered({ on: "disagreement", facts: ["score", "band"] }),
      "trigger.facts[1]: band is of another kind than score",
    ],
    [
      "texts that are apart",
      triggered({ on: "disagreement", facts: ["stage", "segment"], by: 3 }),
      "trigger.by: belongs to two numbers",
    ],
    [
      "a fact that there is not",
      triggered({ on: "disagreement", facts: ["score", "scor"] }),
      "trigger.facts[1]: unknown fact",
    ],
    ["a risk", triggered({ on: "risk", above: 0.5 }), 'trigger.on: "risk" is not supported yet'],
  ])("is refused for %s", (_name, body, expected) => {
    expect(refusals(body).join("\n")).toContain(expected);
  });

  test.each([
    [{ on: "stage", leaves: ["onboarding", "value"] }],
    [{ on: "stage", stuck: "onboarding", after: "30d", keepFor: "1d" }],
    [{ on: "milestone", milestone: "go-live", status: "overdue" }],
    [{ on: "renewal", withinWorkingDays: 15 }],
    [{ on: "event", record: "event" }],
    [
      {
        on: "event",
        record: "invoice",
        where: {
          all: [
            { fact: "amountMinor", atLeast: 5 },
            { fact: "dueOn", below: "2026-05-01" },
          ],
        },
      },
    ],
    [{ on: "event", record: "contact", where: { fact: "role", is: "champion" }, within: "7d" }],
    [
      {
        on: "survey",
        type: "csat",
        where: {
          any: [
            { fact: "score", below: 3 },
            { fact: "comment", contains: "slow" },
          ],
        },
      },
    ],
    [{ on: "segment", leaves: "enterprise", for: "2d" }],
    [{ on: "schedule", at: "08:30", daysOfMonth: [1, -1], months: [3, 6], weekdays: ["mon"], when }],
    [{ on: "disagreement", facts: ["account.fields.health", "score"], by: 20, for: "2d" }],
  ])("may be %j", (trigger) => {
    expect(refusals(document({ trigger }))).toEqual([]);
  });

  test("on records and times needs facts of the account only where it names them", () => {
    const text = { id: "alert", do: "slack", to: "csm-alerts", text: "x" };
    const facts = (trigger: object) => playbook({ trigger, steps: [text] }).facts;
    expect(facts({ on: "event", record: "ticket", where: { fact: "priority", is: "high" } })).toEqual([]);
    expect(facts({ on: "schedule", when })).toEqual(["score"]);
    expect(facts({ on: "disagreement", facts: ["nps.latest", "csat.avg_90d"] })).toEqual([
      ...["csat.avg_90d", "nps.latest", "nps.latest~apart_csat.avg_90d"],
    ]);
  });
});

describe("an entry", () => {
  test.each([
    [
      "repeats of one run",
      entered({ mode: "once", repeatEvery: "7d" }),
      "entry.repeatEvery: contradicts the mode once",
    ],
    ["repeats after no time", entered({ repeatEvery: "0d" }), "entry.repeatEvery: expected a time longer than nothing"],
    ["a cooldown of no time", entered({ cooldown: "0d" }), "entry.cooldown: expected a time longer than nothing"],
    [
      "repeats of a moment",
      entered({ repeatEvery: "7d" }, { on: "schedule" }),
      "entry.repeatEvery: a trigger on schedule is about a moment",
    ],
    [
      "firing for all who are elsewhere",
      entered({ onActivate: "fire" }, { on: "segment", leaves: "enterprise" }),
      "entry.onActivate: who is elsewhere need not have left: expected baseline",
    ],
    [
      "a recovery of a moment",
      document({ trigger: { on: "schedule" }, onRecover: [{ id: "told", do: "slack", to: "csm-alerts", text: "x" }] }),
      "onRecover: a trigger on schedule is about a moment: nothing recovers",
    ],
    [
      "a severity that raises nothing",
      document({ priority: "warning", severity: [{ when, priority: "warning" }] }),
      "severity[0].priority: expected a higher one than the playbook's, warning",
    ],
    [
      "a severity on nothing",
      document({ severity: [{ when: { fact: "scor", is: 3 }, priority: "escalation" }] }),
      "severity[0].when",
    ],
  ])("is refused for %s", (_name, body, expected) => {
    expect(refusals(body).join("\n")).toContain(expected);
  });

  test("says how runs begin", () => {
    expect(playbook({ entry: { repeatEvery: "7d", cooldown: "30d" } }).entry).toEqual({
      mode: "episode",
      repeatMs: 7 * day,
      cooldownMs: 30 * day,
      onActivate: "baseline",
    });
    expect(playbook({ entry: { mode: "once" } }).entry.mode).toBe("once");
  });
});
