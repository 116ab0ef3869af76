import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import type {
  AccountHistory,
  CompanyFacts,
  MetricValue,
  RecordChange,
  StreamCoverage,
  UsageSeries,
  UserDay,
} from "../../src/scoring/history.ts";
import { historyScope } from "../../src/scoring/history-scope.ts";
import { compileMetricSettings } from "../../src/scoring/metric-settings.ts";
import { adoptionMetricNames } from "../../src/scoring/metrics/adoption.ts";
import { usageMetricNames } from "../../src/scoring/metrics/usage.ts";
import { compileMetrics, computeMetrics, fixedMetricNames } from "../../src/scoring/metrics.ts";
import { company, series } from "./build-history.ts";

// Guards against a hang; nothing is judged by its speed.
vi.setConfig({ testTimeout: 60_000 });

const dayMs = 86_400_000;
const base = parseDay("2024-06-01");
/** The days histories play in; `now` is near the end of them, so that there is a future too. */
const span = 200;
const today = base + 180;
const usageNames = ["logins", "exports"] as const;
const noOutages = { kindOutages: new Map(), usageOutages: new Map() };
const ownFields = ["account.fields.tier", "account.fields.arr"];
const formulas = {
  load: { divide: ["tickets.open", { max: ["contract.seats", 1] }] },
  reach: { multiply: ["usage.logins.users_28d", "adoption.breadth_28d"] },
  voice: { coalesce: ["nps.latest", { round: [{ log1p: ["custom.load"] }, 3] }, "billing.mrr"] },
} as const;
const compiled = compileMetricSettings({
  features: ["logins", "exports", "reports"],
  metrics: Object.entries(formulas).map(([id, formula]) => ({ id, name: id, unit: "count", formula })),
});
if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
const own = Object.keys(formulas).map((id) => `custom.${id}`);
const { plan } = compileMetrics(
  [...fixedMetricNames, ...ownFields, ...usageNames.flatMap(usageMetricNames), ...adoptionMetricNames, ...own],
  compiled.settings,
);
/** Without a list of features every usage name is one. */
const unlisted = compileMetrics(adoptionMetricNames.filter((name) => name.startsWith("adoption.features"))).plan;
const rates = {
  USD: [
    { from: formatDay(base), rate: 0.9 },
    { from: formatDay(today), rate: 0.8 },
  ],
};
const acme = company({ rates });

interface World {
  readonly history: AccountHistory;
  readonly coverage: StreamCoverage;
  readonly company: CompanyFacts;
  readonly now: number;
}

function answers(world: World): Map<string, MetricValue> {
  const { history, coverage, now } = world;
  const values = new Map(computeMetrics(plan, history, coverage, world.company, now));
  for (const [name, value] of computeMetrics(unlisted, history, coverage, world.company, now)) {
    values.set(`${name}, unlisted`, value);
  }
  return values;
}

const day = fc.integer({ min: base, max: base + span });
const instant = fc.integer({ min: base * dayMs, max: (base + span) * dayMs });
const dayText = day.map(formatDay);
const momentText = instant.map((ms) => new Date(ms).toISOString());
const some = <T extends Record<string, unknown>>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });

const sets = {
  account: some({
    name: fc.constant("Acme"),
    beganOn: fc.option(dayText),
    owner: fc.constantFrom("ann", null),
    segment: fc.constantFrom("mid", "enterprise", null),
    country: fc.constantFrom("DE", null),
    industry: fc.constantFrom("retail", null),
    fields: some({ tier: fc.constantFrom("gold", "silver", null), arr: fc.constantFrom(7, true, "much") }),
  }),
  contact: some({
    role: fc.constantFrom("primary", "champion", "champion", "user", null),
    leftOn: fc.option(dayText),
  }),
  ticket: some({
    status: fc.constantFrom("new", "open", "solved", "closed"),
    priority: fc.constantFrom("low", "urgent", null),
    openedAt: momentText,
    firstRespondedAt: fc.option(momentText),
    solvedAt: fc.option(momentText),
    escalated: fc.constantFrom(true, false, null),
    reopens: fc.constantFrom(0, 1, 2, null),
  }),
  survey: fc.oneof(
    fc.record({ type: fc.constant("nps"), score: fc.integer({ min: 0, max: 10 }) }),
    fc.record({ type: fc.constant("csat"), score: fc.integer({ min: 1, max: 5 }), scale: fc.constantFrom(5, 7, null) }),
    fc.record({ type: fc.constant("ces"), score: fc.integer({ min: 1, max: 7 }), scale: fc.constantFrom(7, 5, null) }),
    fc.record({ type: fc.constantFrom("nps", "csat", "ces") }),
  ),
  subscription: some({
    status: fc.constantFrom("active", "trialing", "past_due", "canceled", null),
    startsOn: dayText,
    endsOn: fc.option(dayText),
    periodEndsOn: fc.option(dayText),
    amountMinor: fc.integer({ min: 0, max: 100_000 }),
    currency: fc.constantFrom("EUR", "USD", "GBP"),
    interval: fc.constantFrom("month", "quarter", "year"),
    seats: fc.option(fc.integer({ min: 0, max: 50 })),
    plan: fc.constantFrom("basic", "pro", null),
    autoRenew: fc.constantFrom(true, false, null),
    noticeOn: fc.option(dayText),
  }),
  invoice: some({
    status: fc.constantFrom("open", "paid", "void"),
    amountMinor: fc.constantFrom(100, -100),
    dueOn: dayText,
    paidAt: fc.option(momentText),
    currency: fc.constantFrom("EUR", "USD", "GBP"),
    amountPaidMinor: fc.constantFrom(0, 40, 100, null),
    paymentFailedAt: fc.option(momentText),
  }),
  opportunity: some({
    type: fc.constantFrom("new", "expansion", "expansion", "renewal", null),
    outcome: fc.constantFrom("open", "won", "lost"),
    amountMinor: fc.constantFrom(500, 700, null),
    currency: fc.constantFrom("EUR", "USD", "GBP", null),
  }),
  touchpoint: some({ type: fc.constantFrom("call", "meeting", "email", "visit", "other") }),
  pulse: some({ score: fc.integer({ min: 1, max: 5 }), by: fc.constant("ann") }),
};
const streamed = [
  "account",
  "contact",
  "ticket",
  "survey",
  "subscription",
  "invoice",
  "opportunity",
  "touchpoint",
] as const;
const kinds = [...streamed, "pulse"] as const;

/** The generated fields are those of their kind, which a mixed list of arbitraries cannot say. */
const anyChange: fc.Arbitrary<RecordChange> = fc.constantFrom(...kinds).chain((kind) =>
  fc
    .record({
      id: fc.integer({ min: 1, max: 3 }),
      occurredAt: instant,
      delay: fc.constantFrom(0, 0, 0, 1, 30),
      set: sets[kind],
    })
    .map(
      ({ id, occurredAt, delay, set }) =>
        ({
          kind,
          recordId: kinds.indexOf(kind) * 10 + id,
          occurredAt,
          recordedAt: occurredAt + delay * dayMs,
          set,
        }) as RecordChange,
    ),
);

const anySeries: fc.Arbitrary<UsageSeries> = fc
  .record({
    first: fc.integer({ min: 0, max: 170 }),
    values: fc.array(fc.constantFrom(0, 0, 0, 1, 2.5, 40), { minLength: 1, maxLength: span }),
    late: fc.array(fc.record({ index: fc.nat(60), value: fc.nat(9), recordedAt: instant }), { maxLength: 4 }),
  })
  .map(({ first, values, late }) => {
    const revisions = late.map(({ index, ...version }) => ({ day: base + first + index, ...version }));
    return { firstDay: base + first, values: values.slice(0, span - first), revisions };
  });

const statements = fc.array(
  fc
    .record({ throughDay: day, delay: fc.integer({ min: 1, max: 3 }), backfilled: fc.constantFrom(false, false, true) })
    .map(({ throughDay, delay, backfilled }) => ({ throughDay, recordedAt: (throughDay + delay) * dayMs, backfilled })),
  { maxLength: 3 },
);

const anyUsers: fc.Arbitrary<readonly UserDay[]> = fc.array(
  fc
    .record({ day, user: fc.integer({ min: 1, max: 4 }), delay: fc.constantFrom(0, 0, 1, 20) })
    .map(({ delay, ...one }) => ({ ...one, recordedAt: (one.day + delay) * dayMs })),
  { maxLength: 12 },
);

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    changes: fc.array(anyChange, { maxLength: 40 }),
    usage: fc.record({ logins: anySeries, exports: anySeries, active_users: anySeries }, { requiredKeys: [] }),
    users: fc.record({ logins: anyUsers, exports: anyUsers }, { requiredKeys: [] }),
    kinds: fc.array(fc.tuple(fc.constantFrom(...streamed), statements), { maxLength: 8 }),
    usageNames: fc.record({ logins: statements, exports: statements, active_users: statements }, { requiredKeys: [] }),
    now: fc.integer({ min: (today - 20) * dayMs, max: (today + 1) * dayMs }),
  })
  .map((parts) => ({
    history: {
      accountId: 1,
      key: "acme",
      changes: parts.changes,
      usage: new Map(Object.entries(parts.usage)),
      users: new Map(Object.entries(parts.users)),
    },
    coverage: {
      kinds: new Map(parts.kinds),
      usageNames: new Map(Object.entries(parts.usageNames)),
      ...noOutages,
    },
    company: acme,
    now: parts.now,
  }));

test("the order of records, and records given twice, change nothing", () => {
  const twice = anyWorld.chain((world) => {
    const { changes } = world.history;
    const rows = [...changes, ...changes];
    return fc.record({
      world: fc.constant(world),
      shuffled: fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
    });
  });
  fc.assert(
    fc.property(twice, ({ world, shuffled }) => {
      const usage = new Map(
        [...world.history.usage].map(([name, one]) => [name, { ...one, revisions: one.revisions?.toReversed() }]),
      );
      const users = mapValues(world.history.users, (rows) => [...rows, ...rows].toReversed());
      const other = { ...world, history: { ...world.history, changes: shuffled, usage, users } };
      expectSame([...answers(other)], [...answers(world)]);
    }),
  );
});

test("shifting all dates by whole days changes no value but the name of a quarter", () => {
  const comparable = (values: Map<string, MetricValue>) => {
    const quarter = values.get("contract.renewal_quarter");
    if (quarter?.state === "value") values.set("contract.renewal_quarter", { ...quarter, value: "a quarter" });
    return withoutReasons(values);
  };
  fc.assert(
    fc.property(anyWorld, fc.integer({ min: -700, max: 700 }), (world, days) => {
      expectSame(comparable(answers(shifted(world, days))), comparable(answers(world)));
    }),
  );
});

test("nothing that occurs later, or is learned later, changes a metric at a moment", () => {
  const later = fc.array(anyChange, { maxLength: 10 });
  const corrections = fc.array(
    fc.record({
      name: fc.constantFrom(...usageNames),
      day,
      value: fc.integer({ min: 1, max: 99 }),
      delay: fc.integer({ min: 1, max: 9e9 }),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(anyWorld, later, corrections, statements, (world, changes, learned, stated) => {
      const { now } = world;
      const future = changes.map((change) => {
        if (change.occurredAt > now) return { ...change, recordedAt: now };
        return { ...change, recordedAt: Math.max(change.recordedAt, now + 1) };
      });
      const usage = new Map(world.history.usage);
      for (const { name, delay, ...one } of learned) {
        const known = usage.get(name);
        if (known !== undefined) usage.set(name, corrected(known, { ...one, recordedAt: now + delay }, now));
      }
      const latest = { day: Math.floor(now / dayMs) - 3, value: 5, recordedAt: now + 1 };
      usage.set("brand-new", { firstDay: latest.day, values: [5], revisions: [latest] });
      const users = mapValues(world.history.users, (rows) => [
        { day: latest.day, user: 9, recordedAt: now + 1 },
        ...rows,
      ]);
      const notYet = stated.map((one) => ({
        ...one,
        recordedAt: Math.max(one.recordedAt, now + 1),
        backfilled: false,
      }));
      const other: World = {
        ...world,
        history: { ...world.history, changes: [...future, ...world.history.changes], usage, users },
        coverage: {
          kinds: mapValues(world.coverage.kinds, (list) => [...notYet, ...list]),
          usageNames: mapValues(world.coverage.usageNames, (list) => [...notYet, ...list]),
          ...noOutages,
        },
      };
      expectSame([...answers(other)], [...answers(world)]);
    }),
  );
});

test("use on days that are not over changes nothing", () => {
  fc.assert(
    fc.property(anyWorld, fc.array(fc.nat(99), { minLength: 1, maxLength: 9 }), (world, values) => {
      const lastDay = Math.floor(world.now / dayMs) - 1;
      const usage = mapValues(world.history.usage, (one) => {
        const past = Array.from(
          { length: Math.max(0, lastDay - one.firstDay + 1) },
          (_, index) => one.values[index] ?? 0,
        );
        return { ...one, values: [...past, ...values] };
      });
      const users = mapValues(world.history.users, (rows) => [
        { day: lastDay + 1, user: 9, recordedAt: world.now },
        { day: lastDay + 5, user: 9, recordedAt: world.now },
        ...rows,
      ]);
      const other = { ...world, history: { ...world.history, usage, users } };
      expectSame([...answers(other)], [...answers(world)]);
    }),
  );
});

test("days of silence never raise a total, a mean, a maximum, a count of days or users, or adoption", () => {
  const compared = /\.(trend|vs_own_baseline|last)_/;
  const silence = [
    ...usageMetricNames("logins").filter((name) => !compared.test(name)),
    ...adoptionMetricNames,
    ...unlisted.metrics.map(({ name }) => `${name}, unlisted`),
  ];
  const values = fc.array(fc.constantFrom(0, 0, 1, 2.5, 40), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 119 }), fc.integer({ min: 1, max: 100 }), (used, began, days) => {
      const end = base + used.length - 1;
      const account = { kind: "account" as const, recordId: 1, occurredAt: 0, recordedAt: 0 };
      const changes = [{ ...account, set: { beganOn: formatDay(Math.min(end, base + began)) } }];
      const usage = new Map([["logins", series(formatDay(base), used)]]);
      const users = used.map((value, index) => ({ day: base + index, user: Math.ceil(value), recordedAt: 0 }));
      const at = (last: number): World => ({
        history: { accountId: 1, key: "acme", changes, usage, users: new Map([["logins", users]]) },
        coverage: {
          kinds: new Map(),
          usageNames: new Map([["logins", [{ throughDay: last, recordedAt: 0, backfilled: false }]]]),
          ...noOutages,
        },
        company: acme,
        now: (last + 1) * dayMs,
      });
      const before = answers(at(end));
      const after = answers(at(end + days));
      for (const name of silence) expect(numberOf(after, name)).toBeLessThanOrEqual(numberOf(before, name));
    }),
  );
});

const everyMetric = [
  ...plan.metrics.map((metric) => [metric, metric.name, plan] as const),
  ...unlisted.metrics.map((metric) => [metric, `${metric.name}, unlisted`, unlisted] as const),
];

test("a metric needs no more of a history than what is loaded for it alone", () => {
  fc.assert(
    fc.property(anyWorld, (world) => {
      const together = answers(world);
      for (const [metric, name, whole] of everyMetric) {
        const alone = { ...whole, metrics: [metric] };
        const scope = historyScope(alone, world.coverage, world.now);
        const usage = [...world.history.usage].filter(
          ([name]) => scope.usageNames === "all" || scope.usageNames.includes(name),
        );
        const history = {
          ...world.history,
          changes: world.history.changes.filter(({ kind }) => scope.kinds.includes(kind)),
          usage: new Map(usage.map(([usageName, one]) => [usageName, cut(one, scope.fromDay)])),
          users: new Map(
            [...world.history.users]
              .filter(([usageName]) => scope.users?.names.includes(usageName))
              .map(([usageName, rows]) => [usageName, rows.filter((row) => row.day >= (scope.users?.fromDay ?? 0))]),
          ),
        };
        const value = computeMetrics(alone, history, world.coverage, world.company, world.now).get(metric.name);
        expectSame(value, together.get(name));
      }
    }),
  );
});

test("random histories give every metric a value now and then", () => {
  const rare = new Set(everyMetric.map(([, name]) => name));
  for (const world of fc.sample(anyWorld, { numRuns: 2_000, seed: 1 })) {
    for (const [name, { state }] of answers(world)) if (state === "value") rare.delete(name);
    if (rare.size === 0) return;
  }
  expect([...rare]).toEqual([]);
});

/** Texts are quick to compare; a difference is then shown value by value. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
}

function numberOf(values: ReadonlyMap<string, MetricValue>, name: string): number {
  const value = values.get(name)?.value;
  if (typeof value !== "number") throw new Error(`${name} has no value`);
  return value;
}

function withoutReasons(values: ReadonlyMap<string, MetricValue>): [string, MetricValue][] {
  return [...values].map(([name, value]) => [name, { ...value, reason: undefined }]);
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V) => W): Map<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

/** A day's value is learned or corrected after `now`; what was known of it before stays in its versions. */
function corrected(
  one: UsageSeries,
  version: { readonly day: number; readonly value: number; readonly recordedAt: number },
  now: number,
): UsageSeries {
  const firstDay = Math.min(one.firstDay, version.day);
  const length = Math.max(one.firstDay + one.values.length, version.day + 1) - firstDay;
  const values = Array.from({ length }, (_, index) => one.values[firstDay + index - one.firstDay] ?? 0);
  const known = values[version.day - firstDay] ?? 0;
  const revisions = [...(one.revisions ?? [])];
  const isListed = revisions.some((revision) => revision.day === version.day);
  if (!isListed && known !== 0) revisions.push({ day: version.day, value: known, recordedAt: now });
  values[version.day - firstDay] = version.value;
  return { firstDay, values, revisions: [...revisions, version] };
}

function cut(one: UsageSeries, fromDay: number): UsageSeries {
  const skipped = Math.max(0, fromDay - one.firstDay);
  return {
    firstDay: one.firstDay + skipped,
    values: Array.from(one.values).slice(skipped),
    revisions: one.revisions?.filter((revision) => revision.day >= fromDay),
  };
}

function shifted(world: World, days: number): World {
  const ms = days * dayMs;
  const shiftText = (value: unknown) => {
    if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return value;
    return value.length === 10 ? formatDay(parseDay(value) + days) : new Date(Date.parse(value) + ms).toISOString();
  };
  const shiftStatements = (list: readonly { throughDay: number; recordedAt: number; backfilled: boolean }[]) =>
    list.map((one) => ({ ...one, throughDay: one.throughDay + days, recordedAt: one.recordedAt + ms }));
  const changes = world.history.changes.map((change) => {
    const set = Object.fromEntries(Object.entries(change.set).map(([key, value]) => [key, shiftText(value)]));
    return { ...change, occurredAt: change.occurredAt + ms, recordedAt: change.recordedAt + ms, set } as RecordChange;
  });
  const usage = mapValues(world.history.usage, (one) => ({
    ...one,
    firstDay: one.firstDay + days,
    revisions: one.revisions?.map((version) => ({
      ...version,
      day: version.day + days,
      recordedAt: version.recordedAt + ms,
    })),
  }));
  const users = mapValues(world.history.users, (rows) =>
    rows.map((row) => ({ ...row, day: row.day + days, recordedAt: row.recordedAt + ms })),
  );
  return {
    history: { ...world.history, changes, usage, users },
    coverage: {
      kinds: mapValues(world.coverage.kinds, shiftStatements),
      usageNames: mapValues(world.coverage.usageNames, shiftStatements),
      ...noOutages,
    },
    company: {
      ...world.company,
      rates: mapValues(world.company.rates, (list) => list.map((one) => ({ ...one, from: one.from + days }))),
    },
    now: world.now + ms,
  };
}
