import { describe, expect, test } from "vitest";
import { versionReport } from "../../src/queries/backtest/report.ts";
import { parseSweep, sweptBodies } from "../../src/queries/backtest/sweep.ts";
import { verdictOf } from "../../src/queries/backtest/verdict.ts";
import { addWalked, type JudgedFire, type Walked, type WalkedAccount } from "../../src/queries/backtest/walked.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { dayMs } from "../../src/scoring/duration.ts";

const fromDay = parseDay("2026-01-05");
const toDay = parseDay("2026-06-30");
const range = { fromDay, toDay };
const knownThrough = parseDay("2026-06-30");

function fired(day: string, changes: Partial<JudgedFire> = {}): JudgedFire {
  const number = parseDay(day);
  const plain = { playbook: 0, priority: "warning", owner: "anna", reason: "score 30.0 is below 40" } as const;
  return { ...plain, day: number, at: number * dayMs, isCustomer: true, churnedOn: null, near: [], ...changes };
}

function account(key: string, churnedOn: string | null, ...days: readonly (string | JudgedFire)[]): WalkedAccount {
  const churn = churnedOn === null ? null : parseDay(churnedOn);
  const fires = days.map((day) => (typeof day === "string" ? fired(day) : day));
  return {
    key,
    name: key,
    knownThrough,
    churns: churn === null ? [] : [churn],
    fires: fires.map((fire) => ({ ...fire, churnedOn: churn !== null && churn > fire.day ? churn : null })),
  };
}

function walked(...notable: readonly WalkedAccount[]): Walked {
  const audience = [Array.from({ length: toDay - fromDay + 1 }, () => 40)];
  return {
    accounts: 40,
    accountDays: 7080,
    fromStored: 0,
    owners: ["anna", "berta"],
    knownThrough,
    audience,
    baseline: [2],
    notable,
  };
}

describe("a verdict", () => {
  test("counts a run as right where the account churned within the horizon, and not on the day itself or later", () => {
    const accounts = [
      account("in-time", "2026-03-31", "2026-03-01"),
      account("same-day", "2026-03-01", "2026-03-01"),
      account("too-late", "2026-04-01", "2026-03-01"),
      account("stays", null, "2026-03-01", "2026-03-20"),
    ];
    expect(verdictOf(walked(...accounts), 0, range, 30).precision).toMatchObject({ counted: 1, of: 5, share: 0.2 });
  });

  test("leaves out what is too near the end of what is known, and who was no customer", () => {
    const accounts = [
      account("counts", null, "2026-05-01"),
      account("recent", null, "2026-05-02"),
      account("churned-at-once", "2026-05-20", "2026-05-10"),
      account("trial", null, fired("2026-03-01", { isCustomer: false })),
      account("unknown", null, fired("2026-03-01", { isCustomer: null })),
    ];
    const verdict = verdictOf(walked(...accounts), 0, range, 30);
    expect(verdict.precision).toMatchObject({ counted: 0, of: 1 });
    expect(verdict.left).toEqual({ tooRecent: 2, noCustomer: 1, unknown: 1 });
  });

  test("counts the churns that a run came before, with the days between", () => {
    const accounts = [
      account("twice", "2026-03-31", "2026-03-11", "2026-03-25"),
      account("before", "2026-04-30", "2026-02-01"),
      account("never", "2026-04-30"),
      account("at-first", "2026-01-20"),
      account("ten", "2026-05-20", "2026-05-10"),
    ];
    const { recall, medianLeadDays } = verdictOf(walked(...accounts), 0, range, 30);
    expect(recall).toMatchObject({ counted: 2, of: 4 });
    expect(medianLeadDays).toBe(15);
  });

  test("tells false alarms by CSM and week of the days that count", () => {
    const verdict = verdictOf(walked(account("stays", null, "2026-02-02", "2026-03-02", "2026-04-02")), 0, range, 30);
    // From 5 January through 1 May are 117 days.
    expect(verdict.csmWeeks).toBeCloseTo((2 * 117) / 7);
    expect(verdict.falseAlarmsPerCsmWeek).toBeCloseTo(3 / ((2 * 117) / 7));
  });

  test("says nothing of shares of nobody", () => {
    const nobody = { counted: 0, of: 0, share: null, low: null, high: null };
    expect(verdictOf(walked(), 0, range, 90)).toMatchObject({
      precision: nobody,
      recall: nobody,
      medianLeadDays: null,
    });
  });
});

describe("a report", () => {
  const one = account("acme", null, "2026-01-05", fired("2026-01-11", { owner: null, near: ["decline"] }));
  const other = account(
    "beta",
    null,
    "2026-01-12",
    fired("2026-01-12", { owner: "berta" }),
    fired("2026-01-12", { playbook: 1 }),
  );

  test("counts runs by week and CSM, and who fires beside it", () => {
    const report = versionReport(walked(one, other), 0, range, { value: null, brake: null });
    expect(report).toMatchObject({ fires: 4, accounts: 2, baseline: 2 });
    expect(report.weeks.slice(0, 3)).toEqual([
      { week: "2026-01-05", fires: 2, owners: { "": 1, anna: 1 } },
      { week: "2026-01-12", fires: 2, owners: { anna: 1, berta: 1 } },
      { week: "2026-01-19", fires: 0, owners: {} },
    ]);
    expect(report.owners[0]).toMatchObject({ owner: "anna", fires: 2, accounts: 2, mostInAWeek: 1 });
    expect(report.overlap).toMatchObject([{ playbook: "decline", counted: 1, of: 4 }]);
  });

  test("tells the days on which the storm brake would have been pulled", () => {
    const crowd = Array.from({ length: 5 }, (_, index) => account(`one-${index}`, null, "2026-01-12"));
    const brake = { share: 0.1, atLeast: 4, perMs: 3_600_000 };
    const days = (...accounts: readonly WalkedAccount[]) =>
      versionReport(walked(...accounts), 0, range, { value: null, brake }).stormDays;
    expect(days(...crowd)).toEqual([{ day: "2026-01-12", fires: 5, audience: 40 }]);
    expect(days(...crowd.slice(1))).toEqual([]);
  });

  test("is the same of two halves as of the whole", () => {
    const empty = { ...walked(), accounts: 0, accountDays: 0, audience: [[]], baseline: [0], owners: [] };
    const halves = addWalked({ ...walked(one), owners: ["anna"] }, { ...empty, owners: ["berta"], notable: [other] });
    expect(halves).toEqual(walked(one, other));
  });
});

describe("a sweep", () => {
  const body = {
    id: "save",
    trigger: {
      when: {
        all: [
          { fact: "score", below: 40 },
          { fact: "nps.latest", below: 7 },
        ],
      },
    },
  };

  test("takes one number of the document through its values", () => {
    const parsed = parseSweep("trigger.when.all[0].below=0.1..0.3:0.1");
    if ("refusal" in parsed) throw new Error(parsed.refusal);
    const swept = sweptBodies(body, parsed.sweep);
    if ("refusal" in swept) throw new Error(swept.refusal);
    expect(swept.bodies).toEqual(
      [0.1, 0.2, 0.3].map((below) => ({
        ...body,
        trigger: {
          when: {
            all: [
              { fact: "score", below },
              { fact: "nps.latest", below: 7 },
            ],
          },
        },
      })),
    );
  });

  test.each([
    { text: "trigger.when.below", expected: "expected <path>=<from>..<to>:<step>" },
    { text: "a=1..5:0", expected: "expected a step above 0, met 0" },
    { text: "a=5..1:1", expected: "expected a range that goes up, met 5..1" },
    { text: "a=1..100:1", expected: "expected at most 50 values, met 100" },
  ])("refuses $text", ({ text, expected }) => {
    expect(parseSweep(text)).toEqual({ refusal: expect.stringContaining(expected) });
  });

  test("says which numbers there are where it names none", () => {
    expect(sweptBodies(body, { path: "trigger.when.all[0].bellow", values: [1] })).toEqual({
      refusal:
        'the document has no number at trigger.when.all[0].bellow; did you mean "trigger.when.all[0].below"? (there is trigger.when.all[0].below, trigger.when.all[1].below)',
    });
  });
});
