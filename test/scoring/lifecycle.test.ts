import { describe, expect, test } from "vitest";
import type { FactValue } from "../../src/scoring/facts.ts";
import type { LifecycleState } from "../../src/scoring/history.ts";
import { judgeLifecycle, oscillates } from "../../src/scoring/lifecycle.ts";
import { at, change } from "./build-history.ts";
import { inputOf, lifecycleOf, stateAt } from "./lifecycle-build.ts";

const now = at("2026-03-10T12:00:00Z");
const dayMs = 86_400_000;

const stages = [
  { id: "onboarding", name: "Onboarding", crm: ["Customer - New"] },
  { id: "adoption", name: "Adoption", crm: ["Customer - Live"], when: { fact: "logins", is: true } },
  { id: "churned", name: "Churned", when: { fact: "account.fields.gone", is: true } },
] as const;

/** Stages whose rules are named after own fields of the account. */
const rule = (id: string, field: string, from?: readonly string[]) => ({
  id,
  name: id.toUpperCase(),
  when: { fact: `account.fields.${field}`, is: true },
  ...(from === undefined ? {} : { from }),
});
const flags = (...names: readonly string[]): Record<string, FactValue> =>
  Object.fromEntries(names.map((name) => [`account.fields.${name}`, true]));

const remembered = (stage: string, decidedBy: LifecycleState["decidedBy"] = "conditions"): LifecycleState => ({
  stage,
  decidedBy,
  since: at("2026-01-01"),
  previous: null,
  reason: "",
  milestones: [],
});

describe("the stage", () => {
  const document = (precedence: readonly string[]) => ({
    precedence,
    stages: [
      { id: "onboarding", name: "Onboarding", ...(precedence.includes("crm") ? { crm: ["Customer - New"] } : {}) },
      precedence.includes("conditions") ? rule("adoption", "used") : { id: "adoption", name: "Adoption" },
      { id: "value", name: "Value" },
    ],
  });
  const hand = change("stage", 7, "2026-03-05", { stage: "value", by: "anna", reason: "seen on site" });
  const crm = change("account", 1, "2026-03-02", { stage: "Customer - New" });

  test.each([
    { precedence: ["hand", "crm", "conditions"], stage: "value", decidedBy: "hand", since: "2026-03-05" },
    { precedence: ["hand", "conditions", "crm"], stage: "value", decidedBy: "hand", since: "2026-03-05" },
    { precedence: ["crm", "hand", "conditions"], stage: "onboarding", decidedBy: "crm", since: "2026-03-02" },
    { precedence: ["crm", "conditions"], stage: "onboarding", decidedBy: "crm", since: "2026-03-02" },
    { precedence: ["conditions", "hand", "crm"], stage: "adoption", decidedBy: "conditions", since: null },
    { precedence: ["conditions", "crm"], stage: "adoption", decidedBy: "conditions", since: null },
    { precedence: ["crm"], stage: "onboarding", decidedBy: "crm", since: "2026-03-02" },
    { precedence: ["hand"], stage: "value", decidedBy: "hand", since: "2026-03-05" },
  ])("by precedence $precedence is $stage", ({ precedence, stage, decidedBy, since }) => {
    const state = stateAt(lifecycleOf(document(precedence)), { changes: [crm, hand], facts: flags("used") }, now);
    expect(state).toMatchObject({ stage, decidedBy, since: since === null ? now : at(since) });
  });

  test.each([
    { says: "onboarding", stage: "onboarding" },
    { says: " ONBOARDING ", stage: "onboarding" },
    { says: "Customer - Live", stage: "adoption" },
    { says: "Adoption", stage: "adoption" },
  ])("is $stage where the CRM says '$says'", ({ says, stage }) => {
    const lifecycle = lifecycleOf({
      stages: stages.map(({ id, name, ...rest }) => ({ id, name, ...("crm" in rest ? { crm: rest.crm } : {}) })),
    });
    expect(stateAt(lifecycle, { account: { stage: says } }, now)).toMatchObject({ stage, decidedBy: "crm" });
  });

  test("falls to the next decider where the CRM's word is no stage, and says so", () => {
    const lifecycle = lifecycleOf({ stages: [{ id: "new", name: "New" }, rule("live", "used", ["new"])] });
    const known = { account: { stage: "Prospect" }, facts: flags("used") };
    expect(stateAt(lifecycle, known, now)).toMatchObject({
      stage: "live",
      decidedBy: "conditions",
      reason: "the CRM says Prospect, which is no stage; account.fields.used is true",
    });
  });

  test("is given back to the CRM when a person takes the choice back", () => {
    const lifecycle = lifecycleOf(document(["hand", "crm", "conditions"]));
    const back = change("stage", 7, "2026-03-08", { stage: null, by: "anna" });
    const before = stateAt(lifecycle, { changes: [crm, hand] }, at("2026-03-07"));
    expect(before).toMatchObject({ stage: "value", reason: "set by anna: seen on site" });
    const after = stateAt(lifecycle, { changes: [crm, hand, back], memory: before }, now);
    expect(after).toMatchObject({ stage: "onboarding", decidedBy: "crm", previous: "value", since: at("2026-03-02") });
  });

  test("remembers since when the CRM says it, and what it said before", () => {
    const lifecycle = lifecycleOf({
      stages: [
        { id: "new", name: "New" },
        { id: "live", name: "Live" },
      ],
    });
    const known = {
      account: { stage: "new" },
      changes: [
        change("account", 1, "2026-02-01", { stage: "live" }),
        // Another word for the same.
        change("account", 1, "2026-02-20", { stage: "Live" }),
        change("account", 1, "2026-03-01", { name: "Acme" }),
      ],
    };
    expect(stateAt(lifecycle, known, now)).toMatchObject({ stage: "live", previous: "new", since: at("2026-02-01") });
  });

  test("without a lifecycle is what a person or the CRM says, in their own words", () => {
    expect(stateAt(null, { account: { stage: "Anything" } }, now)).toMatchObject({
      stage: "Anything",
      decidedBy: "crm",
      since: at("2020-01-01"),
      milestones: [],
    });
    expect(stateAt(null, { account: { stage: "Anything" }, changes: [hand] }, now).stage).toBe("value");
    expect(stateAt(null, {}, now)).toMatchObject({ stage: null, decidedBy: null, since: null });
    expect(stateAt(null, { memory: remembered("old", "crm") }, now)).toMatchObject({ stage: null, previous: "old" });
  });
});

describe("the rules", () => {
  const lifecycle = lifecycleOf({
    stages: [
      { id: "new", name: "New" },
      rule("live", "used", ["new"]),
      rule("value", "valued", ["live"]),
      rule("renewal", "renews", ["live", "value"]),
      rule("gone", "left"),
    ],
  });

  test.each([
    { from: null, facts: [], to: "new", why: "it begins at the first stage without a rule" },
    { from: null, facts: ["valued"], to: "new", why: "a stage is entered only from those before it" },
    { from: null, facts: ["used", "valued"], to: "value", why: "rules are followed until they come to rest" },
    { from: "live", facts: [], to: "live", why: "a rule that is false no longer leads back" },
    { from: "live", facts: ["valued", "renews"], to: "renewal", why: "the last rule that holds wins" },
    { from: "new", facts: ["valued", "renews"], to: "new", why: "no rule leads on from here" },
    { from: "renewal", facts: ["left"], to: "gone", why: "a rule without from leads from anywhere" },
    { from: "gone", facts: ["used", "valued"], to: "gone", why: "nothing leads back from there" },
    {
      from: "unheard-of",
      facts: ["used"],
      to: "live",
      why: "a stage that is no longer in the document counts as none",
    },
  ])("lead from $from by $facts to $to: $why", ({ from, facts, to }) => {
    const memory = from === null ? null : remembered(from);
    const state = stateAt(lifecycle, { facts: flags(...facts), memory }, now);
    expect(state.stage).toBe(to);
    expect(state.since).toBe(to === from ? at("2026-01-01") : now);
    expect(state.previous).toBe(to === from ? null : from);
  });

  test("never move a stage while they are unknown, whatever the CRM behind them says", () => {
    const rules = lifecycleOf({
      precedence: ["conditions", "crm"],
      stages: [
        { id: "new", name: "New" },
        { id: "live", name: "Live", when: { fact: "nps.latest", atLeast: 7 } },
      ],
    });
    const account = { stage: "new" };
    const live = stateAt(rules, { account, facts: { "nps.latest": 9 } }, now);
    expect(live).toMatchObject({ stage: "live", decidedBy: "conditions" });
    expect(stateAt(rules, { account, memory: live }, now + dayMs)).toMatchObject({ stage: "live", since: now });
    expect(stateAt(rules, { account, facts: { "nps.latest": 3 }, memory: live }, now)).toMatchObject({
      stage: "new",
      decidedBy: "crm",
      previous: "live",
    });
  });

  test("go on from where the CRM behind them puts an account", () => {
    const rules = lifecycleOf({
      precedence: ["conditions", "crm"],
      stages: [{ id: "new", name: "New" }, rule("live", "used", ["new"])],
    });
    const known = { account: { stage: "new" }, facts: flags("used") };
    expect(stateAt(rules, known, now)).toMatchObject({ stage: "live", decidedBy: "conditions" });
  });

  test("that oscillate leave the stage as it was, and say between which stages", () => {
    const rules = lifecycleOf({
      stages: [
        { id: "new", name: "New" },
        rule("live", "used", ["new", "renewal"]),
        rule("renewal", "renews", ["live"]),
      ],
    });
    const known = { facts: flags("used", "renews"), memory: remembered("renewal") };
    expect(stateAt(rules, known, now)).toMatchObject({
      stage: "renewal",
      since: at("2026-01-01"),
      reason: "the rules oscillate between renewal and live",
    });
    expect(oscillates(rules, inputOf(known, now), now)).toEqual(["renewal", "live"]);
    expect(oscillates(rules, inputOf({ ...known, facts: flags("used") }, now), now)).toBeNull();
    // From the first stage the circle is entered, not closed: what led into it is not named.
    expect(oscillates(rules, inputOf({ facts: flags("used", "renews") }, now), now)).toEqual(["live", "renewal"]);
    expect(stateAt(rules, { facts: flags("used", "renews") }, now).stage).toBe("new");
  });

  test("are not asked while a person or the CRM decides, so they cannot oscillate then", () => {
    const rules = lifecycleOf({
      stages: [rule("one", "on", ["two"]), rule("two", "on2", ["one"])],
    });
    const facts = flags("on", "on2");
    expect(oscillates(rules, inputOf({ facts, memory: remembered("one") }, now), now)).toEqual(["one", "two"]);
    const said = { facts, memory: remembered("one"), account: { stage: "one" } };
    expect(oscillates(rules, inputOf(said, now), now)).toBeNull();
  });
});

describe("a milestone", () => {
  const withMilestones = (...milestones: readonly object[]) =>
    lifecycleOf({
      stages: [
        { id: "new", name: "New" },
        { id: "live", name: "Live" },
      ],
      milestones,
    });
  const first = (known: Parameters<typeof stateAt>[1], milestone: object, moment = now) =>
    stateAt(withMilestones({ id: "done", name: "Done", ...milestone }), known, moment).milestones[0];

  test("is reached at the moment its condition is first judged true, and stays", () => {
    const when = { fact: "account.fields.used", is: true };
    expect(first({}, { when })).toEqual({ id: "done", status: "open", reachedAt: null, by: null, expectedAt: null });
    const lifecycle = withMilestones({ id: "done", name: "Done", when });
    const state = stateAt(lifecycle, { facts: flags("used") }, now);
    expect(state.milestones[0]).toMatchObject({ status: "reached", reachedAt: now, by: "condition" });
    const later = stateAt(lifecycle, { memory: state }, now + 40 * dayMs);
    expect(later.milestones).toEqual(state.milestones);
  });

  test.each([
    { name: "another event", set: { name: "other", payload: { plan: "full" } }, reachedAt: null },
    { name: "another payload", set: { name: "went_live", payload: { plan: "trial" } }, reachedAt: null },
    { name: "no payload", set: { name: "went_live" }, reachedAt: null },
    {
      name: "the event",
      set: { name: "went_live", payload: { plan: "full", by: 7 } },
      reachedAt: at("2026-02-03T08:00Z"),
    },
  ])("waits for its event: $name", ({ set, reachedAt }) => {
    const event = { name: "went_live", where: { plan: "full" } };
    const changes = [change("event", 9, "2026-02-03T08:00Z", set)];
    expect(first({ changes }, { event })?.reachedAt ?? null).toBe(reachedAt);
  });

  test("is reached by the earliest of several events, whenever they became known", () => {
    const changes = [
      change("event", 9, "2026-02-03T08:00Z", { name: "live" }),
      change("event", 10, "2026-01-03T08:00Z", { name: "live" }, "2026-03-01"),
      change("event", 11, "2025-01-03T08:00Z", { name: "live" }, "2026-03-11"),
      change("event", 12, "2026-02-05T08:00Z", { name: "live" }),
    ];
    expect(first({ changes }, { event: { name: "live" } })).toMatchObject({
      reachedAt: at("2026-01-03T08:00Z"),
      by: "event",
    });
  });

  test.each([
    { began: "2025-03-10", zone: "Europe/Vienna", reachedAt: "2026-03-09T23:00Z" },
    { began: "2025-03-11", zone: "Europe/Vienna", reachedAt: null },
    // It is the 11th there already.
    { began: "2025-03-11", zone: "Pacific/Kiritimati", reachedAt: "2026-03-10T10:00Z" },
    { began: "2024-02-29", zone: "America/New_York", reachedAt: "2025-02-28T05:00Z" },
    { began: undefined, zone: "Europe/Vienna", reachedAt: null },
  ])("comes by itself as the anniversary of $began in $zone", ({ began, zone, reachedAt }) => {
    const account = { zone, ...(began === undefined ? {} : { beganOn: began }) };
    const milestone = first({ account }, { anniversary: 1 });
    expect(milestone?.reachedAt ?? null).toBe(reachedAt === null ? null : at(reachedAt));
  });

  test("wakes the account at its anniversary", () => {
    const lifecycle = withMilestones({ id: "year", name: "A year", anniversary: 1 });
    const account = { beganOn: "2025-03-20", zone: "Asia/Kolkata" };
    expect(judgeLifecycle(lifecycle, inputOf({ account }, now), now).dueAt).toBe(at("2026-03-19T18:30Z"));
  });

  const said = (id: number, day: string, set: object) =>
    change("milestone", id, day, { milestone: "done", by: "anna", ...set });

  test("is reached when a person says so, at the time the person gives", () => {
    const changes = [said(9, "2026-02-01", { reached: true }), said(9, "2026-02-20", { note: "contract signed" })];
    expect(first({ changes }, {})).toMatchObject({ status: "reached", reachedAt: at("2026-02-01"), by: "hand" });
    expect(first({ changes }, { byHand: false, anniversary: 1 })?.status).toBe("open");
    expect(
      first({ changes: [change("milestone", 9, "2026-02-01", { reached: true, milestone: "other" })] }, {})?.status,
    ).toBe("open");
  });

  test("is taken back only by a hand, and only where a hand had set it", () => {
    const lifecycle = withMilestones({ id: "done", name: "Done", when: { fact: "account.fields.used", is: true } });
    const set = said(9, "2026-02-01", { reached: true });
    const back = said(9, "2026-03-01", { reached: false });
    const byHand = stateAt(lifecycle, { changes: [set] }, at("2026-02-10"));
    const taken = stateAt(lifecycle, { changes: [set, back], memory: byHand }, now);
    expect(taken.milestones[0]).toMatchObject({ status: "open", reachedAt: null });
    const again = said(9, "2026-03-09", { reached: true });
    expect(stateAt(lifecycle, { changes: [set, back, again], memory: taken }, now).milestones[0]).toMatchObject({
      reachedAt: at("2026-03-09"),
    });
    const byRule = stateAt(lifecycle, { facts: flags("used") }, at("2026-02-10"));
    expect(stateAt(lifecycle, { changes: [back], memory: byRule }, now).milestones[0]?.status).toBe("reached");
  });

  test("may be a condition of later milestones and of stages", () => {
    const lifecycle = lifecycleOf({
      stages: [
        { id: "new", name: "New" },
        { id: "live", name: "Live", when: { fact: "milestone.second", is: true } },
      ],
      milestones: [
        { id: "first", name: "First" },
        { id: "second", name: "Second", when: { fact: "milestone.first.days", atLeast: 5 } },
      ],
    });
    const changes = [change("milestone", 9, "2026-03-04", { milestone: "first", reached: true, by: "anna" })];
    expect(stateAt(lifecycle, { changes }, at("2026-03-08"))).toMatchObject({
      stage: "new",
      milestones: [{}, { status: "open" }],
    });
    expect(stateAt(lifecycle, { changes }, now)).toMatchObject({
      stage: "live",
      milestones: [{}, { status: "reached" }],
    });
  });
});

describe("the time of a milestone", () => {
  const stuckAfter = "7d";
  const began = "2026-02-01";

  test.each([
    { day: "2026-02-10T12:00Z", status: "on-track", dueAt: "2026-02-28T23:00Z" },
    { day: "2026-02-28T22:59Z", status: "on-track", dueAt: "2026-02-28T23:00Z" },
    { day: "2026-02-28T23:00Z", status: "behind", dueAt: "2026-03-07T23:00Z" },
    { day: "2026-03-07T22:59Z", status: "behind", dueAt: "2026-03-07T23:00Z" },
    { day: "2026-03-07T23:00Z", status: "stuck", dueAt: null },
  ])("expected 28 days after the beginning is $status at $day", ({ day, status, dueAt }) => {
    const lifecycle = lifecycleOf({
      stages: [{ id: "new", name: "New" }],
      milestones: [{ id: "live", name: "Live", expected: { within: "28d" }, stuckAfter }],
    });
    const judged = judgeLifecycle(lifecycle, inputOf({ account: { beganOn: began } }, at(day)), at(day));
    expect(judged.state.milestones[0]).toMatchObject({ status, expectedAt: at("2026-02-28T23:00Z") });
    expect(judged.dueAt).toBe(dueAt === null ? null : at(dueAt));
  });

  test("is open while what it counts from has not come", () => {
    const lifecycle = lifecycleOf({
      stages: [
        { id: "new", name: "New" },
        { id: "live", name: "Live" },
      ],
      milestones: [
        { id: "from-began", name: "A", expected: { within: "1d" } },
        { id: "from-stage", name: "B", expected: { within: "1d", from: { stage: "live" } } },
        { id: "from-milestone", name: "C", expected: { within: "1d", from: { milestone: "from-began" } } },
      ],
    });
    expect(stateAt(lifecycle, {}, now).milestones.map(({ status }) => status)).toEqual(["open", "open", "open"]);
  });

  test("counts from a milestone, also when that was reached long ago", () => {
    const lifecycle = lifecycleOf({
      stages: [{ id: "new", name: "New" }],
      milestones: [
        { id: "second", name: "Second", expected: { within: "10d", from: { milestone: "first" } } },
        { id: "first", name: "First" },
      ],
    });
    const changes = [change("milestone", 9, "2026-03-01", { milestone: "first", reached: true, by: "anna" })];
    expect(stateAt(lifecycle, { changes }, now).milestones[0]).toMatchObject({
      status: "on-track",
      expectedAt: at("2026-03-11"),
    });
  });

  test("counts from a stage also after it was left, and when it was only passed through", () => {
    const lifecycle = lifecycleOf({
      stages: [{ id: "new", name: "New" }, rule("live", "used", ["new"]), rule("value", "valued", ["live"])],
      milestones: [
        { id: "of-new", name: "N", expected: { within: "10d", from: { stage: "new" } } },
        { id: "of-live", name: "L", expected: { within: "10d", from: { stage: "live" } } },
      ],
    });
    const start = at("2026-03-01");
    const begun = stateAt(lifecycle, {}, start);
    expect(begun.milestones.map(({ expectedAt }) => expectedAt)).toEqual([start + 10 * dayMs, null]);
    const moved = stateAt(lifecycle, { facts: flags("used", "valued"), memory: begun }, at("2026-03-04"));
    expect(moved.stage).toBe("value");
    const expected = [start + 10 * dayMs, at("2026-03-14")];
    expect(moved.milestones.map(({ expectedAt }) => expectedAt)).toEqual(expected);
    const later = stateAt(lifecycle, { memory: moved }, at("2026-03-13"));
    expect(later.milestones.map(({ expectedAt }) => expectedAt)).toEqual(expected);
    expect(later.milestones.map(({ status }) => status)).toEqual(["behind", "on-track"]);
  });

  test("is kept beside the day it was reached, so that one can see whether it was late", () => {
    const lifecycle = lifecycleOf({
      stages: [{ id: "new", name: "New" }],
      milestones: [{ id: "live", name: "Live", expected: { within: "7d" } }],
    });
    const changes = [change("milestone", 9, "2026-03-01", { milestone: "live", reached: true, by: "anna" })];
    expect(stateAt(lifecycle, { account: { beganOn: began, zone: "UTC" }, changes }, now).milestones[0]).toEqual({
      id: "live",
      status: "reached",
      reachedAt: at("2026-03-01"),
      by: "hand",
      expectedAt: at("2026-02-08"),
    });
  });
});
