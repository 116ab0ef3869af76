import { parseDay } from "../../src/scoring/days.ts";
import type {
  AccountHistory,
  CompanyFacts,
  CoverageStatement,
  Instant,
  Outage,
  RecordChange,
  StreamCoverage,
  UsageRevision,
  UsageSeries,
  UserDay,
} from "../../src/scoring/history.ts";
import type { ChangeOf } from "../../src/scoring/record-state.ts";
import type { FieldsOf, RecordKind, StreamKind } from "../../src/scoring/records.ts";

/** A moment from ISO 8601; a day alone is its midnight in UTC. */
export function at(text: string): Instant {
  return Date.parse(text);
}

/** A change row, known when it occurred unless `recorded` says otherwise. */
export function change<K extends RecordKind>(
  kind: K,
  recordId: number,
  occurred: string,
  set: FieldsOf<K>,
  recorded: string = occurred,
): ChangeOf<K> {
  return { kind, recordId, occurredAt: at(occurred), recordedAt: at(recorded), set };
}

/** Daily totals from a first day on. */
export function series(
  firstDay: string,
  values: ArrayLike<number>,
  revisions?: readonly { day: string; value: number; recorded: string }[],
): UsageSeries {
  return { firstDay: parseDay(firstDay), values, revisions: revisions?.map(revision) };
}

/** An account's history; its own record is row 1, set from `account` before everything else. */
export function history(parts: {
  readonly account?: FieldsOf<"account">;
  readonly changes?: readonly ChangeOf<RecordKind>[];
  readonly usage?: Readonly<Record<string, UsageSeries>>;
  readonly users?: Readonly<Record<string, readonly UserDay[]>>;
}): AccountHistory {
  const own = parts.account === undefined ? [] : [change("account", 1, "2020-01-01", parts.account)];
  const changes = [...own, ...(parts.changes ?? [])];
  return {
    accountId: 1,
    key: "acme",
    // A row's kind and its fields always belong together; only the type of a mixed list forgets it.
    changes: changes as readonly RecordChange[],
    usage: new Map(Object.entries(parts.usage ?? {})),
    users: new Map(Object.entries(parts.users ?? {})),
  };
}

/** Statements of coverage, per kind and per usage name: a day alone is stated at the end of that day in UTC. */
export function coverage(parts: {
  readonly kinds?: Readonly<Partial<Record<StreamKind, readonly (string | CoverageStatement)[]>>>;
  readonly usage?: Readonly<Record<string, readonly (string | CoverageStatement)[]>>;
  readonly kindOutages?: Readonly<Partial<Record<StreamKind, readonly Outage[]>>>;
  readonly usageOutages?: Readonly<Record<string, readonly Outage[]>>;
}): StreamCoverage {
  const kinds = new Map<StreamKind, readonly CoverageStatement[]>();
  for (const [kind, statements] of Object.entries(parts.kinds ?? {})) {
    kinds.set(kind as StreamKind, statements.map(stated));
  }
  const names = Object.entries(parts.usage ?? {});
  const kindOutages = new Map<StreamKind, readonly Outage[]>();
  for (const [kind, outages] of Object.entries(parts.kindOutages ?? {})) kindOutages.set(kind as StreamKind, outages);
  return {
    kinds,
    usageNames: new Map(names.map(([name, statements]) => [name, statements.map(stated)])),
    kindOutages,
    usageOutages: new Map(Object.entries(parts.usageOutages ?? {})),
  };
}

/** One statement: everything up to `through` is delivered. */
export function statement(through: string, recorded: string, backfilled = false): CoverageStatement {
  return { throughDay: parseDay(through), recordedAt: at(recorded), backfilled };
}

/** A company in UTC that reports in euros, unless told otherwise. */
export function company(
  parts: {
    readonly zone?: string;
    readonly reportingCurrency?: string;
    readonly rates?: Readonly<Record<string, readonly { from: string; rate: number }[]>>;
    readonly fiscalYearStart?: CompanyFacts["fiscalYearStart"];
  } = {},
): CompanyFacts {
  const rates = Object.entries(parts.rates ?? {}).map(
    ([currency, dated]) => [currency, dated.map(({ from, rate }) => ({ from: parseDay(from), rate }))] as const,
  );
  const calendar = { isWorkingDay: () => true };
  return {
    zone: parts.zone ?? "UTC",
    reportingCurrency: parts.reportingCurrency ?? "EUR",
    rates: new Map(rates),
    calendar,
    calendarOf: () => calendar,
    fiscalYearStart: parts.fiscalYearStart ?? { month: 1, day: 1 },
  };
}

function stated(one: string | CoverageStatement): CoverageStatement {
  return typeof one === "string" ? statement(one, `${one}T23:59:59Z`) : one;
}

function revision({ day, value, recorded }: { day: string; value: number; recorded: string }): UsageRevision {
  return { day: parseDay(day), value, recordedAt: at(recorded) };
}
