import { describe, expect, test } from "vitest";
import type { AccountHistory, CompanyFacts, MetricValue, StreamCoverage } from "../../src/scoring/history.ts";
import type { MetricSettings } from "../../src/scoring/metrics/settings.ts";
import { compileMetrics, computeMetrics } from "../../src/scoring/metrics.ts";
import type { ChangeOf } from "../../src/scoring/record-state.ts";
import type { RecordKind } from "../../src/scoring/records.ts";
import { at, company, coverage, history } from "./build-history.ts";

/** A Saturday noon; the last complete day is Friday the 14th. */
const now = "2025-03-15T12:00:00Z";
const through = "2025-03-14";
const covered = coverage({
  kinds: {
    contact: [through],
    invoice: [through],
    opportunity: [through],
    subscription: [through],
    survey: [through],
    ticket: [through],
    touchpoint: [through],
  },
});

/** What is given of an account that began on 2024-01-01, whose sources keep up unless told otherwise. */
export interface Given {
  readonly changes: readonly ChangeOf<RecordKind>[];
  readonly usage?: Parameters<typeof history>[0]["usage"];
  readonly streams?: StreamCoverage;
  readonly facts?: CompanyFacts;
  readonly settings?: MetricSettings;
  readonly moment?: string;
}

export interface Case extends Given {
  readonly what: string;
  readonly gives: Partial<MetricValue>;
}

export const value = (given: number | string, ageDays = 0) => ({ value: given, ageDays, state: "value" as const });
export const noData = (reason: string) => ({ value: null, ageDays: null, state: "no-data" as const, reason });
export const notApplicable = (reason: string) => ({
  value: null,
  ageDays: null,
  state: "not-applicable" as const,
  reason,
});

/** One metric of the account. */
export function metricOf(name: string, { changes, usage, streams, facts, settings, moment }: Given): MetricValue {
  const account: AccountHistory = history({
    account: { name: "Acme", beganOn: "2024-01-01" },
    changes,
    ...(usage === undefined ? {} : { usage }),
  });
  const { plan } = compileMetrics([name], settings);
  const values = computeMetrics(plan, account, streams ?? covered, facts ?? company(), at(moment ?? now));
  return values.get(name) ?? { value: null, unit: "", ageDays: null, state: "no-data", reason: "not computed" };
}

/** One test per case; of a metric's answer all that `gives` names is compared, and its unit. */
export function table(name: string, unit: string, cases: readonly Case[]): void {
  describe(name, () => {
    test.each(cases)("$what", ({ gives, ...given }) => {
      expect(metricOf(name, given)).toEqual({ ...metricOf(name, given), ...gives, unit });
    });
  });
}
