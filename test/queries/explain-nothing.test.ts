import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import type { Db } from "../../src/store/db.ts";
import { applyInputs, stateCoverage } from "../../src/store/intake.ts";
import { openOutage } from "../../src/store/outages.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, take } from "../worker/scenario.ts";

const failedAt = new Date("2026-03-08T12:00:00Z");
const now = new Date("2026-03-10T12:00:00Z");
const week = (value: number) => Array.from({ length: 7 }, () => value);

const measure = (id: string, metric: string) => {
  const curve = [
    [0, 0],
    [70, 100],
  ];
  return { id, metric, weight: 1, missing: "exclude", curve };
};
const measures = [
  measure("logins", "usage.logins.sum_7d"),
  measure("survey", "nps.latest"),
  measure("exports", "usage.exports.sum_7d"),
];
const configuration = configure([], 1, { groups: [{ id: "group", weight: 1, measures }] });

/** Exports come from a source of their own, which fails after it delivered seven days of five. */
async function deliverExports(db: Db): Promise<void> {
  const inputs = week(5).map((value, index) => {
    const day = new Date(Date.UTC(2026, 2, 1 + index)).toISOString().slice(0, 10);
    return { kind: "usage", mode: "daily", account: "acme", name: "exports", day, value } as const;
  });
  await db.transaction().execute(async (tx) => {
    await applyInputs(tx, {
      ...{ source: "exporter", inputs, now: failedAt, recordedAt: "now", unknownAccounts: "reject" },
    });
    const covered = { throughDay: "2026-03-07", recordedAt: failedAt, backfilled: false };
    await stateCoverage(tx, { source: "exporter", kind: "usage", ...covered });
    const { id } = await tx
      .selectFrom("streams")
      .select("id")
      .where("source", "=", "exporter")
      .executeTakeFirstOrThrow();
    await openOutage(tx, id, { kind: "failing", beganAt: failedAt, reason: "the vendor answered 500" });
  });
}

test("no use, no data and a source that fails are three things: zero that counts, nothing that does not, and what it was", async ({
  db,
}) => {
  // Logins are delivered in full, and there were none in the last week.
  await take(db, account("acme", "2026-02-20", week(9)), failedAt);
  await deliverExports(db);
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration, log: createSilentLog() }, now);
  const answer = await explainAccount(db, configuration, { key: "acme", day: null }, now);
  const { drivers, coverage, score } = explanationSchema.parse(JSON.parse(JSON.stringify(answer?.explanation)));
  expect(Object.fromEntries(drivers.map(({ measure: id, ...driver }) => [id, driver]))).toMatchObject({
    logins: { state: "value", value: 0, points: 0, weight: 0.5 },
    survey: { state: "no-data", value: null, points: null, weight: 0, reason: "no source delivers survey answers" },
    exports: { state: "held", value: 35, points: 50, weight: 0.5, reason: "held since 2026-03-08: its source fails" },
  });
  expect([score, coverage]).toEqual([25, 0.667]);
});
