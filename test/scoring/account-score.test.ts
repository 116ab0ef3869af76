import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccountScore, type Scorer, scoreAccount } from "../../src/scoring/account-score.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { compileHealthModel, type HealthModel } from "../../src/scoring/health-model.ts";
import type {
  AccountHistory,
  AccountMemory,
  Outage,
  RecordChange,
  StreamCoverage,
  UsageSeries,
} from "../../src/scoring/history.ts";
import { compileLifecycle } from "../../src/scoring/lifecycle/compile.ts";
import { compileMetrics } from "../../src/scoring/metrics.ts";
import { at, change, company, coverage, history, series } from "./build-history.ts";

const dayMs = 86_400_000;
const line = (low: number, high: number) => [
  [low, 0],
  [high, 100],
];

function compile(document: object): HealthModel {
  const compiled = compileHealthModel({
    name: "Model",
    bands: [
      { id: "red", from: 0 },
      { id: "yellow", from: 40 },
      { id: "green", from: 70 },
    ],
    hysteresis: { points: 5, dwell: "2d" },
    ...document,
  });
  if ("faults" in compiled) throw new Error(compiled.faults.map(faultText).join("\n"));
  return compiled.model;
}

const groups = [
  {
    id: "usage",
    weight: 2,
    measures: [
      { id: "logins", metric: "usage.logins.avg_7d", weight: 2, curve: line(0, 20), maxAge: "3d" },
      { id: "per-seat", metric: "usage.logins.sum_14d", per: "contract.seats", weight: 1, curve: line(0, 9) },
    ],
  },
  {
    id: "voice",
    weight: 1,
    combine: "worst",
    measures: [
      { id: "nps", metric: "nps.latest", weight: 1, curve: line(0, 10), maxAge: "90d" },
      { id: "urgent", metric: "tickets.open_urgent", weight: 1, curve: line(-3, 0), missing: "worst" },
    ],
  },
];
const caps = [{ when: { fact: "tickets.open_urgent", atLeast: 1 }, max: 29, reason: "An urgent ticket" }];
const enterprise = compile({
  id: "enterprise",
  appliesTo: { fact: "segment", is: "enterprise" },
  priority: 5,
  minimumCoverage: 0.2,
  rollUp: { method: "mean", includeSelf: true },
  groups,
  caps,
});
const early = compile({ id: "early", appliesTo: { fact: "stage", is: "onboarding" }, minimumCoverage: 0, groups });
const common = compile({ id: "default", minimumCoverage: 0.5, holdFor: "3d", groups, caps });

const lifecycle = compileLifecycle(
  {
    stages: [
      { id: "onboarding", name: "Onboarding" },
      { id: "value", name: "Value", when: { fact: "usage.logins.avg_7d", above: 5 } },
    ],
    milestones: [{ id: "first-use", name: "First use", when: { fact: "usage.logins.sum_14d", above: 0 } }],
  },
  { revision: 1, zone: "UTC" },
);

function scorerOf(models: readonly HealthModel[]): Scorer {
  if ("faults" in lifecycle) throw new Error(lifecycle.faults.map(faultText).join("\n"));
  const names = [...models.flatMap(({ metricNames }) => metricNames), ...lifecycle.lifecycle.facts];
  const { plan } = compileMetrics(names.filter((name) => compileMetrics([name]).faults.length === 0));
  return { models, plan, company: company(), lifecycle: lifecycle.lifecycle };
}

const scorer = scorerOf([enterprise, early, common]);

describe("the model of an account", () => {
  const known = (segment: string | null) => ({
    history: history({ account: { segment, stage: "value", beganOn: "2024-01-01" } }),
    coverage: coverage({}),
    memory: null,
    children: [],
  });
  const choice = (segment: string | null) => scoreAccount(scorer, known(segment), at("2025-03-01T12:00Z"));

  test("is the first that applies, with the reason", () => {
    expect(choice("enterprise")).toMatchObject({ modelId: "enterprise", modelReason: "segment is enterprise" });
  });

  test("is else the default, with the reason why none of the others applies", () => {
    expect(choice("smb")).toMatchObject({
      modelId: "default",
      modelReason:
        "the default model; not enterprise: segment smb is not enterprise; not early: stage value is not onboarding",
    });
    expect(choice(null).modelReason).toContain("not enterprise: segment is unknown");
  });

  test("tells why those before it did not apply", () => {
    const onboarding = history({ account: { segment: "smb", stage: "onboarding" } });
    const score = scoreAccount(scorer, { ...known(null), history: onboarding }, at("2025-03-01T12:00Z"));
    expect(score).toMatchObject({
      modelId: "early",
      modelReason: "stage is onboarding; not enterprise: segment smb is not enterprise",
    });
  });
});

describe("an account's score", () => {
  const logins = series("2025-02-01", new Array(28).fill(12));
  const covered = coverage({ usage: { logins: ["2025-02-28"] } });
  const scored = (changes: Parameters<typeof history>[0]["changes"], moment = "2025-03-01T12:00Z") =>
    scoreAccount(
      scorer,
      {
        history: history({ changes: changes ?? [], usage: { logins } }),
        coverage: covered,
        memory: null,
        children: [],
      },
      at(moment),
    );

  test("is as confident as the account is old", () => {
    const began = (beganOn: string | null) =>
      scored([change("account", 1, "2025-02-14", { beganOn })]).health.confidence;
    expect(began("2025-02-01").history).toBe(0.311);
    expect(began("2020-01-01").history).toBe(1);
    // Else since its record began.
    expect(began(null).history).toBe(0.167);
  });

  test("is due again when its override ends", () => {
    const override = change("override", 2, "2025-02-20", {
      score: 90,
      band: null,
      until: "2025-03-01T15:00:00Z",
      reason: "Known",
      by: "anna",
    });
    const score = scored([change("account", 1, "2020-01-01", {}), override]);
    expect(score).toMatchObject({ dueAt: at("2025-03-01T15:00Z"), health: { score: 90 } });
    expect(scored([change("account", 1, "2020-01-01", {}), override], "2025-03-01T15:00Z").health.score).not.toBe(90);
  });
});

// The time only guards against a hang.
describe("laws", { timeout: 120_000 }, () => {
  const base = parseDay("2025-01-01");
  const span = 90;
  const day = fc.integer({ min: base, max: base + span });
  const instant = fc.integer({ min: base * dayMs, max: (base + span) * dayMs });
  const momentText = instant.map((ms) => new Date(ms).toISOString());
  const partly = <T extends Record<string, unknown>>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
    fc.record(fields, { requiredKeys: [] });
  const sets = {
    account: partly({
      segment: fc.constantFrom("enterprise", "smb", null),
      stage: fc.constantFrom("onboarding", "value", null),
      beganOn: fc.option(day.map(formatDay)),
      zone: fc.constantFrom("America/New_York", "Pacific/Kiritimati", null),
    }),
    ticket: partly({
      status: fc.constantFrom("open", "solved"),
      priority: fc.constantFrom("urgent", "low"),
      openedAt: momentText,
    }),
    survey: fc.record({ type: fc.constant("nps"), score: fc.integer({ min: 0, max: 10 }) }),
    subscription: partly({
      status: fc.constantFrom("active", "canceled"),
      startsOn: day.map(formatDay),
      seats: fc.integer({ min: 0, max: 9 }),
    }),
    override: partly({
      score: fc.option(fc.integer({ min: 0, max: 100 })),
      band: fc.constantFrom("red", "green", "amber", null),
      until: fc.option(momentText),
      reason: fc.constant("Known"),
      by: fc.constant("anna"),
    }),
    stage: partly({ stage: fc.constantFrom("onboarding", "value", null), by: fc.constant("anna") }),
  };
  const kinds = ["account", "ticket", "survey", "subscription", "override", "stage"] as const;
  /** The fields are those of their kind, which a mixed list of arbitraries cannot say. */
  const anyChange: fc.Arbitrary<RecordChange> = fc.constantFrom(...kinds).chain((kind) =>
    fc
      .record({
        id:
          kind === "account" || kind === "override" || kind === "stage"
            ? fc.constant(1)
            : fc.integer({ min: 1, max: 3 }),
        occurredAt: instant,
        delay: fc.constantFrom(0, 0, 0, 1, 20),
        set: sets[kind],
      })
      .map(({ id, occurredAt, delay, set }) => {
        const recordId = kinds.indexOf(kind) * 10 + id;
        return { kind, recordId, occurredAt, recordedAt: occurredAt + delay * dayMs, set } as RecordChange;
      }),
  );
  const anySeries: fc.Arbitrary<UsageSeries> = fc
    .record({
      values: fc.array(fc.constantFrom(0, 3, 12, 40), { maxLength: span }),
      late: fc.array(fc.record({ day, value: fc.nat(50), recordedAt: instant }), { maxLength: 4 }),
    })
    .map(({ values, late }) => ({ firstDay: base, values, revisions: late }));
  const statements = fc.array(
    fc
      .record({ throughDay: day, delay: fc.integer({ min: 1, max: 4 }) })
      .map(({ throughDay, delay }) => ({ throughDay, recordedAt: (throughDay + delay) * dayMs, backfilled: false })),
    { maxLength: 6 },
  );
  const outages: fc.Arbitrary<readonly Outage[]> = fc.array(
    fc
      .record({ beganAt: instant, days: fc.option(fc.integer({ min: 1, max: 15 })) })
      .map(({ beganAt, days }) => ({ beganAt, endedAt: days === null ? null : beganAt + days * dayMs })),
    { maxLength: 2 },
  );
  const child = fc.record({
    key: fc.constantFrom("one", "two"),
    name: fc.constant("Child"),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
    band: fc.constant(null),
    mrr: fc.option(fc.nat(100)),
  });
  const anyWorld = fc.record({
    changes: fc.array(anyChange, { maxLength: 25 }),
    logins: anySeries,
    usage: statements,
    tickets: statements,
    usageOutages: outages,
    ticketOutages: outages,
    children: fc.uniqueArray(child, { maxLength: 2, selector: ({ key }) => key }),
    now: fc.integer({ min: (base + 40) * dayMs, max: (base + span - 5) * dayMs }),
  });
  type World = typeof anyWorld extends fc.Arbitrary<infer T> ? T : never;

  const historyOf = (world: World): AccountHistory => ({
    accountId: 1,
    key: "acme",
    changes: world.changes,
    usage: new Map([["logins", world.logins]]),
    users: new Map(),
  });
  const coverageOf = (world: World): StreamCoverage =>
    coverage({
      usage: { logins: world.usage },
      kinds: { ticket: world.tickets },
      usageOutages: { logins: world.usageOutages },
      kindOutages: { ticket: world.ticketOutages },
    });

  /** The whole answers of six days on end, each remembering the one before. */
  function story(world: World): readonly AccountScore[] {
    const scores: AccountScore[] = [];
    let memory: AccountMemory | null = null;
    for (let ago = 5; ago >= 0; ago -= 1) {
      const known = { history: historyOf(world), coverage: coverageOf(world), memory, children: world.children };
      const score: AccountScore = scoreAccount(scorer, known, world.now - ago * dayMs);
      memory = { band: score.health.bandMemory, lifecycle: score.lifecycle };
      scores.push(score);
    }
    return scores;
  }

  const textOf = (scores: readonly AccountScore[]) =>
    JSON.stringify(scores.map((score) => ({ ...score, metrics: [...score.metrics] })));

  /** Texts are quick to compare; a difference is then shown field by field. */
  function expectSame(one: World, other: World): void {
    const [was, is] = [story(one), story(other)];
    if (textOf(was) !== textOf(is)) expect(is).toEqual(was);
  }

  test("nothing that is learned after a moment changes anything of the scores up to it", () => {
    const merged = fc.array(anyChange, { maxLength: 8 });
    const later = fc.record({
      changes: fc.array(anyChange, { maxLength: 8 }),
      merged,
      corrections: fc.array(fc.record({ day, value: fc.integer({ min: 1, max: 99 }), delay: fc.nat(9e8) }), {
        maxLength: 4,
      }),
      usage: statements,
      outages,
    });
    fc.assert(
      fc.property(anyWorld, later, (world, learned) => {
        const { now } = world;
        const lately = (one: RecordChange): RecordChange => ({ ...one, recordedAt: Math.max(one.recordedAt, now + 1) });
        // Of an account that turns out to be the same one everything is learned at the moment of the merge.
        const another = learned.merged.map((one) => ({ ...lately(one), recordId: one.recordId + 500 }));
        const versions = learned.corrections.map(({ day: of, value, delay }) => ({
          day: of,
          value,
          recordedAt: now + 1 + delay,
        }));
        const notYet = learned.usage.map((one) => ({ ...one, recordedAt: Math.max(one.recordedAt, now + 1) }));
        const ahead = learned.outages.map(({ beganAt, endedAt }) => {
          const move = Math.max(0, now + 1 - beganAt);
          return { beganAt: beganAt + move, endedAt: endedAt === null ? null : endedAt + move };
        });
        expectSame(world, {
          ...world,
          changes: [...another, ...learned.changes.map(lately), ...world.changes],
          logins: corrected(world.logins, versions, now),
          usage: [...notYet, ...world.usage],
          // What still fails then may have come back since.
          usageOutages: [...world.usageOutages.map((one) => ({ ...one, endedAt: one.endedAt ?? now + 1 })), ...ahead],
        });
      }),
      { numRuns: 400 },
    );
  });

  test("the order of records, and records given twice, change nothing", () => {
    const shuffled = anyWorld.chain((world) =>
      fc.record({
        world: fc.constant(world),
        changes: fc.shuffledSubarray([...world.changes, ...world.changes], {
          minLength: world.changes.length * 2,
          maxLength: world.changes.length * 2,
        }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ world, changes }) => {
        expectSame(world, {
          ...world,
          changes,
          usage: world.usage.toReversed(),
          usageOutages: world.usageOutages.toReversed(),
          children: world.children.toReversed(),
        });
      }),
      { numRuns: 200 },
    );
  });

  test("contributions add up to the score, and every share lies between 0 and 1", () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        for (const { health } of story(world)) {
          const tenths = health.drivers.reduce((sum, { contribution }) => sum + Math.round(contribution * 10), 0);
          expect(tenths).toBe(Math.round((health.score ?? 0) * 10));
          for (const share of [health.coverage, ...Object.values(health.confidence)]) {
            expect(share).toBeGreaterThanOrEqual(0);
            expect(share).toBeLessThanOrEqual(1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("shifting all dates by whole days shifts the scores with them", () => {
    fc.assert(
      fc.property(anyWorld, fc.integer({ min: -400, max: 400 }), (drawn, days) => {
        // A zone's clocks change on their own dates.
        const world = { ...drawn, changes: drawn.changes.map(withoutZone) };
        const numbers = (scores: readonly AccountScore[]) =>
          scores.map(({ health, modelId, localDay, lifecycle: { stage } }) => {
            const { score, band, computed, suggestedBand, confidence, coverage: known } = health;
            return { score, band, computed, suggestedBand, confidence, known, modelId, stage, localDay };
          });
        const moved = numbers(story(shifted(world, days))).map((one) => ({ ...one, localDay: one.localDay - days }));
        expect(moved).toEqual(numbers(story(world)));
      }),
      { numRuns: 200 },
    );
  });

  test("random histories hold measures, cap, override and use every model now and then", () => {
    const seen = new Set<string>();
    for (const world of fc.sample(anyWorld, { numRuns: 600, seed: 7 })) {
      for (const { health, modelId } of story(world)) {
        seen.add(modelId);
        for (const { state, group } of health.drivers) seen.add(`${state}`).add(group);
      }
    }
    for (const expected of ["enterprise", "early", "default", "held", "stale", "cap", "override", "children", "self"]) {
      expect(seen).toContain(expected);
    }
  });

  function withoutZone(one: RecordChange): RecordChange {
    return one.kind === "account" ? { ...one, set: { ...one.set, zone: null } } : one;
  }

  /** Days that are learned or corrected after `now`; what was known of them before stays in their versions. */
  function corrected(
    one: UsageSeries,
    versions: readonly { day: number; value: number; recordedAt: number }[],
    now: number,
  ) {
    const values = Array.from(one.values);
    const revisions = [...(one.revisions ?? [])];
    for (const version of versions) {
      const index = version.day - one.firstDay;
      const isListed = revisions.some((revision) => revision.day === version.day);
      if (!isListed && (values[index] ?? 0) !== 0) {
        revisions.push({ day: version.day, value: values[index] ?? 0, recordedAt: 0 });
      }
      while (values.length <= index) values.push(0);
      values[index] = version.value;
      revisions.push({ ...version, recordedAt: Math.max(version.recordedAt, now + 1) });
    }
    return { firstDay: one.firstDay, values, revisions };
  }

  function shifted(world: World, days: number): World {
    const ms = days * dayMs;
    const text = (value: unknown) => {
      if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return value;
      return value.length === 10 ? formatDay(parseDay(value) + days) : new Date(Date.parse(value) + ms).toISOString();
    };
    const stated = (list: World["usage"]) =>
      list.map((one) => ({ ...one, throughDay: one.throughDay + days, recordedAt: one.recordedAt + ms }));
    const failed = (list: readonly Outage[]) =>
      list.map(({ beganAt, endedAt }) => ({ beganAt: beganAt + ms, endedAt: endedAt === null ? null : endedAt + ms }));
    return {
      ...world,
      now: world.now + ms,
      changes: world.changes.map((one) => {
        const set = Object.fromEntries(Object.entries(one.set).map(([key, value]) => [key, text(value)]));
        return { ...one, occurredAt: one.occurredAt + ms, recordedAt: one.recordedAt + ms, set } as RecordChange;
      }),
      logins: {
        ...world.logins,
        firstDay: world.logins.firstDay + days,
        revisions: world.logins.revisions?.map((version) => ({
          ...version,
          day: version.day + days,
          recordedAt: version.recordedAt + ms,
        })),
      },
      usage: stated(world.usage),
      tickets: stated(world.tickets),
      usageOutages: failed(world.usageOutages),
      ticketOutages: failed(world.ticketOutages),
    };
  }
});
