import { sql } from "kysely";
import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { compileConfiguration } from "../../src/queries/configuration.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { historyScope } from "../../src/scoring/history-scope.ts";
import { readCoverage } from "../../src/store/coverage.ts";
import type { Db } from "../../src/store/db.ts";
import { loadHistories } from "../../src/store/histories.ts";
import { applyInputs, stateCoverage } from "../../src/store/intake.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { soundDocuments } from "./company-folder.ts";

const now = new Date("2026-03-10T12:00:00Z");
const count = 30_000;
const batch = 10_000;
const names = Array.from({ length: count }, (_, index) => `feature-${index}`);
/** As many as a list in metrics.json can reasonably hold. */
const listed = names.filter((_, index) => index % 20 === 0);

function configure(features: readonly string[]): Configuration {
  const model = soundDocuments["health-models/default.json"];
  const curve = [
    [0, 0],
    [count, 100],
  ];
  const measures = [{ id: "features", metric: "adoption.features_28d", weight: 1, curve }];
  const documents = [
    { kind: "company", id: "company", body: { ...soundDocuments["company.json"], zone: "Etc/UTC" } },
    { kind: "metrics", id: "metrics", body: { features } },
    { kind: "health-model", id: "default", body: { ...model, groups: [{ id: "usage", weight: 1, measures }] } },
  ];
  const compiled = compileConfiguration(documents.map((document) => ({ ...document, revision: 1, file: null })));
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  return compiled.configuration;
}

/** One account that has used every name once, on 8 March, but for every other one on the first of the year. */
async function fill(db: Db): Promise<void> {
  const recordedAt = "occurred" as const;
  const take = (inputs: Parameters<typeof applyInputs>[1]["inputs"]) =>
    db
      .transaction()
      .execute((tx) => applyInputs(tx, { source: "app", inputs, now, recordedAt, unknownAccounts: "reject" }));
  await take([
    { kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme", beganOn: "2025-01-01" } },
  ]);
  for (let first = 0; first < count; first += batch) {
    await take(
      names.slice(first, first + batch).map((name, index) => ({
        kind: "usage",
        mode: "daily",
        account: "acme",
        name,
        day: index % 2 === 0 ? "2026-03-08" : "2026-01-01",
        value: 1,
      })),
    );
  }
  await db
    .transaction()
    .execute((tx) =>
      stateCoverage(tx, { source: "app", kind: "usage", throughDay: "2026-03-09", recordedAt: now, backfilled: false }),
    );
}

test("an account with 30,000 usage names is taken, scored and explained", async ({ db }) => {
  await fill(db);
  const configuration = configure([]);
  const log = createSilentLog();
  expect(await scoreDue({ db, configuration, log }, now)).toMatchObject({ scored: 1, failed: 0 });

  const told = await explainAccount(db, configuration, { key: "acme", day: null, since: null }, now);
  expect(told?.explanation.score).toBe(50);
  expect(told?.explanation.metrics["adoption.features_28d"]).toEqual({
    value: count / 2,
    unit: "count",
    ageDays: 0,
    state: "value",
  });
  // Every form of every name would be a million metrics: those the score rests on are told.
  expect(Object.keys(told?.explanation.metrics ?? {}).filter((name) => name.startsWith("usage."))).toEqual([]);

  const before = await explainAccount(db, configuration, { key: "acme", day: "2026-01-20", since: null }, now);
  expect(before?.explanation.metrics["adoption.features_28d"]?.value).toBe(count / 2);

  const { plan } = configure(listed).scorer;
  const coverage = await readCoverage(db);
  const scope = historyScope(plan, coverage, now.getTime());
  expect(scope.usageNames).toHaveLength(listed.length);
  const accounts = await db.selectFrom("accounts").select(["id as accountId", "key"]).execute();
  const [history] = await loadHistories(db, { ...scope, accounts, forPast: true });
  expect(history?.usage.size).toBe(listed.length);

  // Corrections of all of them, where facts of the past are asked for.
  await sql`update usage_daily set recorded_at = '2026-03-09T18:00:00Z', backfilled = false where day = '2026-03-08'`.execute(
    db,
  );
  const wide = { ...historyScope(configuration.scorer.plan, coverage, now.getTime()), fromDay: parseDay("2025-12-01") };
  const [all] = await loadHistories(db, { ...wide, accounts, forPast: true });
  expect(all?.usage.size).toBe(count);
  const revised = [...(all?.usage.values() ?? [])].filter((series) => series.revisions !== undefined);
  expect(revised).toHaveLength(count / 2);
});
