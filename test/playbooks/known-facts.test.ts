import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KnownAccount, playbookFacts } from "../../src/playbooks/known-facts.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import { derivedAmong, derivedFact, derivedName } from "../../src/scoring/derived-facts.ts";
import type { HealthFacts } from "../../src/scoring/facts.ts";
import type { LifecycleState, MetricValue, RecordChange } from "../../src/scoring/history.ts";

const now = Date.UTC(2026, 4, 20, 12);
const hour = 3_600_000;
const day = 24 * hour;

/** Hours before now: when it occurred, and when we learnt it. */
const change = (owner: string | null, occurred: number, recorded = occurred): RecordChange => ({
  kind: "account",
  recordId: 1,
  occurredAt: now - occurred * hour,
  recordedAt: now - recorded * hour,
  set: { owner },
});

const health: HealthFacts = { score: 54.1, band: "yellow", coverage: 1 };
const days = (value: number): MetricValue => ({ value, unit: "days", ageDays: 0, state: "value" });

function facts(
  parts: Partial<KnownAccount> & { readonly changes?: readonly RecordChange[] },
  names: readonly string[],
) {
  const { changes = [], ...others } = parts;
  const known: KnownAccount = {
    history: { accountId: 1, key: "acme", changes, usage: new Map(), users: new Map() },
    metrics: new Map(),
    score: { ...health, lifecycle: null, day: "2026-05-20" },
    spans: new Map(),
    zone: "Etc/UTC",
    calendar: workCalendar(["mon", "tue", "wed", "thu", "fri"], () => null),
    ...others,
  };
  const { facts: found, missingReason } = playbookFacts(known, derivedAmong(names), now);
  return names.map((name) => found.get(name) ?? missingReason(name) ?? null);
}

const ownerFacts = ["owner", "owner~was_86400s", "owner~changed_86400s"];

describe("how an account stood before", () => {
  const cases: readonly (readonly [name: string, changes: readonly RecordChange[], expected: readonly unknown[]])[] = [
    ["who stayed did not change", [change("anna", 90)], ["anna", "anna", false]],
    ["who came within the day did", [change("anna", 90), change("bo", 5)], ["bo", "anna", true]],
    ["who came a day ago to the minute is no news", [change("anna", 90), change("bo", 24)], ["bo", "bo", false]],
    ["a change of last week that is learnt now is", [change("anna", 900), change("bo", 90, 1)], ["bo", "anna", true]],
    [
      "who left and came back did not change",
      [change("anna", 90), change("bo", 5), change("anna", 2)],
      ["anna", "anna", false],
    ],
    [
      "the first owner is no change",
      [change("anna", 5)],
      ["anna", "owner was not known then", "owner was not known then"],
    ],
    [
      "nobody is nobody's successor",
      [change("anna", 90), change(null, 5)],
      [null, "owner is unknown", "owner is unknown"],
    ],
  ];
  test.each(cases)("%s", (_name, changes, expected) => {
    expect(facts({ changes }, ownerFacts)).toEqual(expected);
  });

  test("is what a fold of all that was known then gives, whatever is learnt later", () => {
    const someChange = fc.tuple(
      fc.constantFrom("anna", "bo", "cy", null),
      fc.integer({ min: -10, max: 60 }),
      fc.integer({ min: -10, max: 60 }),
    );
    fc.assert(
      fc.property(fc.array(someChange, { maxLength: 8 }), fc.constantFrom(1, 6, 24, 48), (told, within) => {
        // Two changes of one moment have no order that anybody could know.
        const distinct = [...new Map(told.map((one) => [`${one[1]} ${one[2]}`, one])).values()];
        const changes = distinct.map(([owner, occurred, recorded]) => change(owner, occurred, recorded));
        const asOf = (hours: number): string | null => {
          const known = distinct.filter(([, occurred, recorded]) => occurred >= hours && recorded >= hours);
          const ordered = known.toSorted((a, b) => b[1] - a[1] || b[2] - a[2]);
          return ordered.at(-1)?.[0] ?? null;
        };
        const withinMs = within * hour;
        const names = (["was", "changed"] as const).map((kind) => derivedName({ kind, base: "owner", withinMs }));
        const [was, is] = [asOf(within), asOf(0)];
        const isKnown = was !== null && is !== null;
        const missing = is === null ? "owner is unknown" : "owner was not known then";
        expect(facts({ changes }, names)).toEqual(isKnown ? [was, was !== is] : [missing, missing]);
      }),
      { numRuns: 300 },
    );
  });

  const lifecycle: LifecycleState = {
    stage: "value",
    decidedBy: "conditions",
    since: now - 5 * hour,
    previous: "adoption",
    reason: "",
    milestones: [],
  };

  test("the stage is told by the lifecycle where there is one", () => {
    const names = ["stage", "stage~was_86400s", "stage~changed_86400s"];
    const staged = (state: LifecycleState) =>
      facts({ score: { ...health, lifecycle: state, day: "2026-05-20" } }, names);
    expect(staged(lifecycle)).toEqual(["value", "adoption", true]);
    expect(staged({ ...lifecycle, since: now - day })).toEqual(["value", "value", false]);
    const first = "stage was not known then";
    expect(staged({ ...lifecycle, previous: null })).toEqual(["value", first, first]);
  });
});

describe("what a playbook knows beside", () => {
  test("the day a period ends, counted from the day of the score", () => {
    const metrics = new Map([["contract.days_to_renewal", days(11)]]);
    const names = ["contract.days_to_renewal~ends"];
    expect(facts({ metrics }, names)).toEqual(["2026-05-31"]);
    const gone = { ...days(0), value: null, state: "not-applicable", reason: "the contract has ended" } as const;
    expect(facts({ metrics: new Map([["contract.days_to_renewal", gone]]) }, names)).toEqual([
      "contract.days_to_renewal is unknown: the contract has ended",
    ]);
  });

  test("how far the score fell, in tenths, or why that is not known", () => {
    const spans = new Map([
      ["score 30", { highest: 72.1, lowest: 50, firstDay: Math.floor(now / day) - 15 }],
      ["score 31", { highest: 72.1, lowest: 50, firstDay: Math.floor(now / day) - 15 }],
    ]);
    const names = ["score~fall_30d", "score~rise_30d", "score~fall_31d", "score~fall_7d"];
    expect(facts({ spans }, names)).toEqual([
      18,
      4.1,
      "none of the values of score that are kept is 16 days old",
      "none of the values of score that are kept is 4 days old",
    ]);
    const unknown = { ...health, score: null, lifecycle: null, day: "2026-05-20" };
    expect(facts({ spans, score: unknown }, ["score~fall_30d"])).toEqual(["score is unknown"]);
  });

  test("whether people have put it aside or spoken for it", () => {
    expect(facts({}, ["snoozed", "override"])).toEqual([false, false]);
    const until = new Date(now + day).toISOString();
    const at = { recordId: 2, occurredAt: now - hour, recordedAt: now - hour };
    const changes: readonly RecordChange[] = [
      { ...at, kind: "snooze", set: { until, reason: "", by: "anna" } },
      { ...at, recordId: 3, kind: "override", set: { score: 80, until, reason: "", by: "anna" } },
    ];
    expect(facts({ changes }, ["snoozed", "override"])).toEqual([true, true]);
  });
});

describe("the name of a derived fact", () => {
  test.each([
    ["score~fall_30d", { kind: "trend", base: "score", direction: "fall", days: 30 }],
    ["usage.logins.avg_28d~rise_7d", { kind: "trend", base: "usage.logins.avg_28d", direction: "rise", days: 7 }],
    ["account.fields.plan~was_3600s", { kind: "was", base: "account.fields.plan", withinMs: hour }],
    ["owner~changed_86400s", { kind: "changed", base: "owner", withinMs: day }],
    ["contract.days_to_renewal~ends", { kind: "ends", base: "contract.days_to_renewal" }],
  ] as const)("%s says from what it follows", (name, fact) => {
    expect(derivedFact(name)).toEqual(fact);
    expect(derivedName(fact)).toBe(name);
  });

  test("is none that a document may write", () => {
    expect(derivedFact("score")).toBeNull();
    expect(derivedFact("score~sinks_3d")).toBeNull();
  });
});

describe("the working days until a day that comes", () => {
  const weekdays = ["mon", "tue", "wed", "thu", "fri"] as const;
  const name = "contract.days_to_renewal~workdays";
  // 20 May 2026 is a Wednesday.
  const until = (value: number, holidays: ReadonlySet<number> = new Set()) =>
    facts(
      {
        metrics: new Map([["contract.days_to_renewal", days(value)]]),
        calendar: workCalendar(weekdays, () => holidays),
      },
      [name],
    )[0];

  test.each([
    { what: "the last day counts, today does not", value: 1, expected: 1 },
    { what: "today is none", value: 0, expected: 0 },
    { what: "a week-end does not count", value: 5, expected: 3 },
    { what: "a day that has passed is none", value: -3, expected: 0 },
    { what: "beyond a year they are all the same", value: 900, expected: 260 },
  ])("$what", ({ value, expected }) => {
    expect(until(value)).toBe(expected);
  });

  test("are those of the calendar", () => {
    const whitMonday = Date.UTC(2026, 4, 25) / day;
    expect(until(7, new Set([whitMonday]))).toBe(4);
  });

  test("are unknown with the day", () => {
    expect(facts({}, [name])).toEqual(["contract.days_to_renewal is unknown"]);
  });
});

describe("two facts that should say the same", () => {
  const plan = (fields: Readonly<Record<string, string | number>>): RecordChange => ({
    ...change(null, 90),
    kind: "account",
    set: { fields },
  });
  const apart = "score~apart_account.fields.health";
  const differs = "account.fields.plan~differs_account.fields.tier";

  test.each([
    { what: "numbers, by how far they are apart", fields: { health: 80.1 }, name: apart, expected: 26 },
    {
      what: "a text is no number",
      fields: { health: "good" },
      name: apart,
      expected: "account.fields.health is no number",
    },
    { what: "one that is not known", fields: {}, name: apart, expected: "account.fields.health is unknown" },
    { what: "texts that differ", fields: { plan: "gold", tier: "free" }, name: differs, expected: true },
    { what: "texts that are the same", fields: { plan: "gold", tier: "gold" }, name: differs, expected: false },
  ])("$what", ({ fields, name, expected }) => {
    expect(facts({ changes: [plan(fields)] }, [name])).toEqual([expected]);
  });
});

test("a derived fact is known by its name, and no other name is one", () => {
  const derived = [
    { kind: "workdays", base: "contract.days_to_renewal" },
    { kind: "apart", base: "score", other: "account.fields.health" },
    { kind: "differs", base: "stage", other: "account.fields.crm_stage" },
  ] as const;
  for (const fact of derived) expect(derivedFact(derivedName(fact))).toEqual(fact);
  for (const name of ["score", "score~fall_30", "score~workdays_3", "score~apart_", "score~near"]) {
    expect(derivedFact(name)).toBeNull();
  }
});
