import type { FieldsOf, RecordKind, StreamKind } from "./records.ts";

/** Days since 1970-01-01, without a zone. */
export type DayNumber = number;
/** Milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;

/** One change row of one record. A record as of t is the fold of its changes with both times ≤ t, in order of (occurredAt, recordedAt). */
export type RecordChange = {
  readonly [K in RecordKind]: {
    readonly kind: K;
    /** The store's id of the record; only equality matters. */
    readonly recordId: number;
    readonly occurredAt: Instant;
    readonly recordedAt: Instant;
    readonly set: FieldsOf<K>;
  };
}[RecordKind];

/** A version of one day's value, where knowledge of it came late or was corrected. */
export interface UsageRevision {
  readonly day: DayNumber;
  readonly value: number;
  readonly recordedAt: Instant;
}

/** Daily totals of one usage name: `values[i]` belongs to `firstDay + i`; a day without a row is 0 here. */
export interface UsageSeries {
  readonly firstDay: DayNumber;
  readonly values: ArrayLike<number>;
  /**
   * Every version of those days whose value at a past moment may differ from `values`. At t the version with the greatest
   * recordedAt ≤ t counts, and 0 where there is none. Left out when reading for the present.
   */
  readonly revisions?: readonly UsageRevision[] | undefined;
}

/** All that is known of one account, up to any moment: the input of every metric. */
export interface AccountHistory {
  readonly accountId: number;
  readonly key: string;
  readonly changes: readonly RecordChange[];
  readonly usage: ReadonlyMap<string, UsageSeries>;
}

/** One statement of a stream: "all days up to `throughDay` are delivered". */
export interface CoverageStatement {
  readonly throughDay: DayNumber;
  readonly recordedAt: Instant;
  /** An import of history: known day by day as it happened, up to `throughDay`. */
  readonly backfilled: boolean;
}

/** What the streams have stated, per kind of record, and per usage name (the statements of the stream that delivers the name). */
export interface StreamCoverage {
  readonly kinds: ReadonlyMap<StreamKind, readonly CoverageStatement[]>;
  readonly usageNames: ReadonlyMap<string, readonly CoverageStatement[]>;
}

/** What metrics need to know of the company. Rates: units of the reporting currency for one unit of the key, newest last. */
export interface CompanyFacts {
  readonly zone: string;
  readonly reportingCurrency: string;
  readonly rates: ReadonlyMap<string, readonly { readonly from: DayNumber; readonly rate: number }[]>;
}

export type MetricState = "value" | "no-data" | "stale" | "not-applicable";

/** A metric's number (or text) for one account as of a moment. */
export interface MetricValue {
  /** Null unless the state is `value` or `stale`. */
  readonly value: number | string | null;
  readonly unit: string;
  /** Whole days between the last complete local day and the newest day the value rests on; null when there is no value. */
  readonly ageDays: number | null;
  readonly state: MetricState;
  /** Why there is no value, in words. */
  readonly reason?: string | undefined;
}

/** One measure's part in a score. Contributions (points) of all drivers add up to the score exactly. */
export interface Driver {
  readonly group: string;
  readonly measure: string;
  readonly metric: string;
  /** The metric's value, or its ratio to `per`. */
  readonly value: number | string | null;
  readonly unit: string;
  readonly ageDays: number | null;
  readonly state: MetricState;
  /** 0–100 from the curve; null when the measure does not count. */
  readonly points: number | null;
  /** Share of the whole score, 0–1, after normalisation over what counts. */
  readonly weight: number;
  /** Points of the score, in tenths. */
  readonly contribution: number;
  readonly reason?: string | undefined;
}

/** What the band remembers between two evaluations of an account. */
export interface BandMemory {
  /** The last known band. */
  readonly band: string | null;
  /** Since when. */
  readonly since: Instant | null;
  /** The band that would be entered once it has held for the dwell time. */
  readonly candidate: string | null;
  readonly candidateSince: Instant | null;
  /** Bands beyond the candidate, each with the moment since which the score has held beyond its edge; the nearest first. */
  readonly further?: readonly { readonly band: string; readonly since: Instant }[] | undefined;
}

/** The whole answer of a health model for one account as of a moment. */
export interface HealthScore {
  /** 0.0–100.0, or null when coverage is below the minimum. */
  readonly score: number | null;
  readonly band: string | null;
  readonly bandMemory: BandMemory;
  /** 0–1. */
  readonly coverage: number;
  readonly drivers: readonly Driver[];
  /** Why this score or band, or why none, in words. */
  readonly reason: string;
}
