import fc from "fast-check";
import { expect } from "vitest";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import type { StreamCoverage } from "../../src/scoring/history.ts";
import { historyScope } from "../../src/scoring/history-scope.ts";
import { adoptionMetricNames } from "../../src/scoring/metrics/adoption.ts";
import { usageMetricNames } from "../../src/scoring/metrics/usage.ts";
import { compileMetrics, computeMetrics } from "../../src/scoring/metrics.ts";
import type { UsageInput } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { loadHistories, recordsOnly } from "../../src/store/histories.ts";
import { applyInputs, type RecordedAt } from "../../src/store/intake.ts";
import { company, statement } from "../scoring/build-history.ts";
import { test } from "../support/database.ts";

const hourMs = 3_600_000;
const base = parseDay("2025-03-01");
/** The moment that is asked about. */
const moment = Date.parse("2025-03-11T07:00:00Z");
const { plan } = compileMetrics([
  ...usageMetricNames("logins"),
  ...usageMetricNames("exports"),
  ...adoptionMetricNames,
]);
const stated = [statement("2025-03-31", "2025-01-01")];
const coverage: StreamCoverage = {
  kinds: new Map(),
  usageNames: new Map([
    ["logins", stated],
    ["exports", stated],
  ]),
  kindOutages: new Map(),
  usageOutages: new Map(),
};

interface Step {
  readonly inputs: readonly UsageInput[];
  readonly recordedAt: RecordedAt;
  /** Hours between the moment and the writing. */
  readonly hours: number;
}

async function answers(db: Db, accountId: number) {
  const scope = historyScope(plan, coverage, moment);
  const [history] = await loadHistories(db, { ...scope, accounts: [{ accountId, key: "acme" }], forPast: true });
  if (history === undefined) throw new Error("The account went away.");
  return [...computeMetrics(plan, history, coverage, company(), moment)];
}

const input = fc.record({
  mode: fc.constantFrom("daily" as const, "event" as const),
  name: fc.constantFrom("logins", "exports"),
  day: fc.integer({ min: 0, max: 13 }).map((day) => formatDay(base + day)),
  value: fc.integer({ min: 1, max: 50 }),
  id: fc.integer({ min: 1, max: 6 }),
  user: fc.option(fc.constantFrom("ann", "bob", "cho"), { nil: undefined }),
});

/** An event's id always comes with the same content, but for its user. */
const inputs = fc.array(input, { minLength: 1, maxLength: 8 }).map((list) =>
  list.map(({ mode, id, user, ...one }): Omit<UsageInput, "account"> => {
    if (mode === "daily") return { kind: "usage", mode, ...one, name: "logins" };
    const event = { day: formatDay(base + id), value: id, name: "exports", id: String(id) };
    return { kind: "usage", mode, ...event, user };
  }),
);

test("what is learned after a moment changes nothing at that moment", async ({ db }) => {
  const accounts = new Map<string, number>();
  const before = fc.array(fc.record({ inputs, hours: fc.integer({ min: -300, max: 0 }), history: fc.boolean() }), {
    maxLength: 3,
  });
  const after = fc.array(fc.record({ inputs, hours: fc.integer({ min: 1, max: 100 }), dated: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  });
  const write = async (key: string, steps: readonly Step[]) => {
    for (const { inputs: given, recordedAt, hours } of steps) {
      await db.transaction().execute((tx) =>
        applyInputs(tx, {
          source: key,
          inputs: given.map((one) => ({ ...one, account: key })),
          now: new Date(moment + hours * hourMs),
          recordedAt,
          unknownAccounts: "reject",
        }),
      );
    }
  };
  await fc.assert(
    fc.asyncProperty(before, after, fc.constantFrom("UTC", "Pacific/Kiritimati"), async (known, learned, zone) => {
      const key = `account-${accounts.size}`;
      await db.transaction().execute((tx) =>
        applyInputs(tx, {
          source: key,
          inputs: [
            { kind: "account", id: key, at: "2025-01-01T00:00:00Z", set: { name: key, zone, beganOn: "2025-01-01" } },
          ],
          now: new Date("2025-01-01T00:00:00Z"),
          recordedAt: "now",
          unknownAccounts: "reject",
        }),
      );
      const row = await db.selectFrom("accounts").select("id").where("key", "=", key).executeTakeFirstOrThrow();
      accounts.set(key, row.id);
      const dated = (steps: typeof learned): Step[] =>
        steps.map((step) => ({
          inputs: step.inputs.map((one) => ({ ...one, account: key })),
          hours: step.dated ? 1_000 : step.hours,
          recordedAt: step.dated ? new Date(moment + step.hours * hourMs) : "now",
        }));
      const first = known.map(({ inputs: given, hours, history }) => ({
        inputs: given.map((one) => ({ ...one, account: key })),
        hours,
        recordedAt: history ? ("occurred" as const) : ("now" as const),
      }));
      await write(
        key,
        first.toSorted((one, other) => one.hours - other.hours),
      );
      const then = await answers(db, row.id);
      await write(
        key,
        dated(learned).toSorted((one, other) => one.hours - other.hours),
      );
      expect(await answers(db, row.id)).toEqual(then);
    }),
    { numRuns: 40 },
  );
});

test("of some kinds only those records are loaded of which something was learnt of late, with all that is known of them", async ({
  db,
}) => {
  const account = { kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme" } } as const;
  const ticket = (id: string, at: string, priority: "low" | "urgent") =>
    ({ kind: "ticket", id, account: "acme", at, set: { priority } }) as const;
  const early = [
    account,
    ticket("old", "2025-02-01T00:00:00Z", "urgent"),
    ticket("moved", "2025-02-01T00:00:00Z", "low"),
  ];
  const late = [ticket("moved", "2025-03-10T00:00:00Z", "urgent"), ticket("told", "2025-02-02T00:00:00Z", "low")];
  for (const [inputs, day] of [
    [early, "2025-02-03"],
    [late, "2025-03-11"],
  ] as const) {
    const options = {
      source: "test",
      inputs,
      now: new Date(day),
      recordedAt: "now",
      unknownAccounts: "reject",
    } as const;
    await db.transaction().execute((tx) => applyInputs(tx, options));
  }
  const { accountId } = await db.selectFrom("accounts").select("id as accountId").executeTakeFirstOrThrow();
  const [history] = await loadHistories(db, {
    ...recordsOnly(["account"]),
    accounts: [{ accountId, key: "acme" }],
    recent: { kinds: ["ticket"], since: new Date("2025-03-01") },
  });
  const told = history?.changes.map(
    ({ kind, occurredAt }) => `${kind} ${new Date(occurredAt).toISOString().slice(0, 10)}`,
  );
  expect(told?.sort()).toEqual(["account 2025-01-01", "ticket 2025-02-01", "ticket 2025-02-02", "ticket 2025-03-10"]);
});
