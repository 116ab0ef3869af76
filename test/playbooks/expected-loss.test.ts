import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateLoss, expectedLoss, medianOf } from "../../src/playbooks/expected-loss.ts";
import { alertWeek } from "../../src/playbooks/guards/budget/allowance.ts";
import { type OpenRequest, rankRequests } from "../../src/playbooks/guards/budget/ranking.ts";
import { budgetVerdict } from "../../src/playbooks/guards/budget.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import { parseDay } from "../../src/scoring/days.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { playbook } from "./build.ts";

const now = Date.parse("2026-03-11T10:00:00Z");
const facts = (values: Readonly<Record<string, FactValue>>) => new Map(Object.entries(values));
const lossOf = (values: Readonly<Record<string, FactValue>>, median: number | null = null) =>
  expectedLoss(estimateLoss(facts(values)), median);

describe("the expected loss of an account", () => {
  test.each([
    { what: "a score of 20, renewal next week", mrr: 1000, score: 20, days: 7, loss: 9600 },
    { what: "a score of 20, renewal in a year", mrr: 1000, score: 20, days: 365, loss: 2400 },
    { what: "a score of 100", mrr: 1000, score: 100, days: 7, loss: 0 },
    { what: "no revenue", mrr: 0, score: 20, days: 7, loss: 0 },
  ])("$what: $loss", ({ mrr, score, days, loss }) => {
    expect(lossOf({ "billing.mrr": mrr, score, "contract.days_to_renewal": days })).toBeCloseTo(loss);
  });

  test("goes by the risk where there is one, whatever the score", () => {
    expect(lossOf({ "billing.mrr": 1000, risk: 0.1, score: 0, "contract.days_to_renewal": 0 })).toBeCloseTo(1200);
  });

  test("takes half for a risk, and for a renewal, that nobody knows", () => {
    expect(lossOf({ "billing.mrr": 1000 })).toBeCloseTo(12_000 * 0.5 * 0.5);
  });

  test("of an account without known revenue is reckoned with the middle of the others', and is 0 where there are none", () => {
    expect(lossOf({ score: 0, "contract.days_to_renewal": 0 }, 5000)).toBe(5000);
    expect(lossOf({ score: 0, "contract.days_to_renewal": 0 })).toBe(0);
  });

  test("grows with revenue and risk, and as score and renewal come nearer to nothing", () => {
    const account = fc.record({ mrr: fc.nat(1e6), score: fc.integer({ min: 0, max: 100 }), days: fc.nat(800) });
    const loss = ({ mrr, score, days }: { mrr: number; score: number; days: number }) =>
      lossOf({ "billing.mrr": mrr, score, "contract.days_to_renewal": days });
    fc.assert(
      fc.property(account, fc.nat(1000), fc.nat(100), fc.nat(400), (one, more, worse, nearer) => {
        const other = {
          mrr: one.mrr + more,
          score: Math.max(0, one.score - worse),
          days: Math.max(0, one.days - nearer),
        };
        expect(loss(other)).toBeGreaterThanOrEqual(loss(one));
      }),
    );
  });

  test("is nearest within 30 days of the renewal, and farthest from a year on", () => {
    const nearness = (days: number) => estimateLoss(facts({ risk: 1, "contract.days_to_renewal": days })).danger;
    expect([-3, 0, 30, 365, 900].map(nearness)).toEqual([1, 1, 1, 0.25, 0.25]);
    expect(nearness(197.5)).toBeCloseTo(0.625);
  });

  test.each([
    { values: [], median: null },
    { values: [null, null], median: null },
    { values: [3, null, 1, 2], median: 2 },
    { values: [4, 1, 2, 3], median: 2.5 },
  ])("the middle of $values is $median", ({ values, median }) => {
    expect(medianOf(values)).toBe(median);
  });
});

const fiveDays = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => null);
const holiday = (day: string) => workCalendar(["mon", "tue", "wed", "thu", "fri"], () => new Set([parseDay(day)]));

describe("the allowance of a week", () => {
  const releasedOn = (day: string, perWeek: number, calendar = fiveDays, zone = "Etc/UTC") =>
    alertWeek({ zone, calendar }, perWeek, Date.parse(`${day}T12:00:00Z`)).released;

  test("is released evenly over the working days, and stays over the weekend", () => {
    const week = ["09", "10", "11", "12", "13", "14", "15"].map((day) => `2026-03-${day}`);
    expect(week.map((day) => releasedOn(day, 10))).toEqual([2, 4, 6, 8, 10, 10, 10]);
    expect(week.map((day) => releasedOn(day, 2))).toEqual([1, 1, 2, 2, 2, 2, 2]);
    expect(week.map((day) => releasedOn(day, 10, holiday("2026-03-09")))).toEqual([0, 3, 5, 8, 10, 10, 10]);
  });

  test("is nothing in a week without a working day", () => {
    const always = workCalendar(["mon"], () => new Set([parseDay("2026-03-09")]));
    expect(releasedOn("2026-03-13", 10, always)).toBe(0);
  });

  test("goes by the Monday of the owner's zone", () => {
    const at = Date.parse("2026-03-08T15:30:00Z");
    const inTokyo = alertWeek({ zone: "Asia/Tokyo", calendar: fiveDays }, 5, at);
    expect(inTokyo).toMatchObject({ week: "2026-03-09", released: 1, beginsAt: Date.parse("2026-03-08T15:00:00Z") });
    expect(alertWeek({ zone: "Etc/UTC", calendar: fiveDays }, 5, at)).toMatchObject({
      week: "2026-03-02",
      released: 5,
    });
  });
});

describe("the ranking of those who wait", () => {
  const request = (accountId: number, revenue: number | null, danger = 1): OpenRequest => ({
    accountId,
    playbookId: "save",
    revenue,
    danger,
    askedAt: now,
  });
  const allowance = { released: 4, given: 2, currency: "EUR" };

  test("gives what is left to the greatest expected losses, and tells everybody their place", () => {
    const ranked = rankRequests([request(1, 10_000), request(2, 90_000, 0.6), request(3, null)], allowance);
    expect(ranked.map(({ request: { accountId }, isGranted }) => [accountId, isGranted])).toEqual([
      [2, true],
      [3, true],
      [1, false],
    ]);
    expect(ranked[2]?.reason).toBe(
      "place 3 of 3 by expected loss (10,000 EUR a year); 2 of the 4 released so far this week are given",
    );
    expect(ranked[1]?.reason).toContain("50,000 EUR a year, its revenue is not known and taken as the middle");
  });

  test("gives nothing where escalations have used more than was released", () => {
    expect(rankRequests([request(1, 1)], { ...allowance, given: 7 })[0]?.isGranted).toBe(false);
  });

  test("the granted are those of greatest loss, as many as are left, in whatever order they come", () => {
    const requests = fc.uniqueArray(
      fc.record({
        id: fc.nat(1000),
        revenue: fc.option(fc.nat(100)),
        danger: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { selector: ({ id }) => id, maxLength: 40 },
    );
    fc.assert(
      fc.property(requests, fc.nat(30), fc.nat(30), (those, released, given) => {
        const open = those.map(({ id, revenue, danger }) => request(id, revenue, danger));
        const ranked = rankRequests(open, { released, given, currency: "EUR" });
        const granted = ranked.filter(({ isGranted }) => isGranted);
        expect(granted).toHaveLength(Math.min(open.length, Math.max(0, released - given)));
        const least = Math.min(...granted.map(({ expectedLoss: loss }) => loss));
        for (const one of ranked.filter(({ isGranted }) => !isGranted))
          expect(one.expectedLoss).toBeLessThanOrEqual(least);
        const again = rankRequests(open.toReversed(), { released, given, currency: "EUR" });
        expect(again.map(({ request: { accountId } }) => accountId)).toEqual(
          ranked.map(({ request: { accountId } }) => accountId),
        );
      }),
    );
  });
});

describe("the guard of the alert budget", () => {
  const knowledge = { perWeek: 10, ownerId: "ada", week: "2026-03-09", requests: new Map() };
  const question = (parts: Readonly<Record<string, unknown>> = {}, priority: "warning" | "escalation" = "warning") => ({
    playbook: playbook(parts),
    episode: 1,
    round: 1,
    priority,
    waitingFor: null,
  });
  const request = { ownerId: "ada", week: "2026-03-09", grantedAt: null, reason: "place 2 of 3" };
  const knowing = (changes: object) => ({
    ...knowledge,
    requests: new Map([["save-at-risk", { ...request, ...changes }]]),
  });

  test("lets a run wait until it is granted, with where it stands", () => {
    expect(budgetVerdict(question(), knowledge)).toMatchObject({
      kind: "defer",
      guard: "budget",
      words: "waits for the alert budget of ada, 10 a week",
    });
    expect(budgetVerdict(question(), knowing({}))).toMatchObject({
      words: "waits for the alert budget of ada, 10 a week: place 2 of 3",
    });
    expect(budgetVerdict(question(), knowing({ grantedAt: now }))).toEqual({ kind: "go" });
  });

  test("takes no grant of another week or another owner", () => {
    const others = [{ week: "2026-03-02" }, { ownerId: "bo" }];
    for (const other of others) {
      expect(budgetVerdict(question(), knowing({ grantedAt: now, ...other }))).toMatchObject({ kind: "defer" });
    }
  });

  test("lets an escalation go at once", () => {
    expect(budgetVerdict(question({}, "escalation"), knowledge)).toEqual({ kind: "go" });
  });

  test.each([
    { what: "a Slack message", step: { do: "slack", to: "csm-alerts", text: "Hi" }, kind: "defer" },
    { what: "mail to the owner", step: { do: "email", to: "owner", subject: "Hi", body: "Hi" }, kind: "defer" },
    {
      what: "mail to the customer",
      step: { do: "email", to: "primary-contact", subject: "Hi", body: "Hi" },
      kind: "go",
    },
    { what: "a task of the owner", step: { do: "task", title: "Call", assignee: "owner" }, kind: "defer" },
    { what: "a task of somebody named", step: { do: "task", title: "Call", assignee: "ada" }, kind: "go" },
    { what: "a webhook", step: { do: "webhook", to: "hooks" }, kind: "go" },
  ])("of a playbook with $what says $kind", ({ step, kind }) => {
    expect(budgetVerdict(question({ steps: [{ id: "one", ...step }] }), knowledge).kind).toBe(kind);
  });

  test("goes by what the playbook says of itself", () => {
    expect(budgetVerdict(question({ guards: { budget: false } }), knowledge).kind).toBe("go");
    const hook = [{ id: "one", do: "webhook", to: "hooks" }];
    expect(budgetVerdict(question({ guards: { budget: true }, steps: hook }), knowledge).kind).toBe("defer");
  });
});
