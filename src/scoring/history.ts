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

/** One user's use of one usage name on one day. `user` is a number of the store's; only equality matters. */
export interface UserDay {
  readonly day: DayNumber;
  readonly user: number;
  readonly recordedAt: Instant;
}

/** All that is known of one account, up to any moment: the input of every metric. */
export interface AccountHistory {
  readonly accountId: number;
  readonly key: string;
  readonly changes: readonly RecordChange[];
  readonly usage: ReadonlyMap<string, UsageSeries>;
  /** Who used what, per usage name; loaded only where a metric counts users. */
  readonly users: ReadonlyMap<string, readonly UserDay[]>;
}

/** One statement of a stream: "all days up to `throughDay` are delivered". */
export interface CoverageStatement {
  readonly throughDay: DayNumber;
  readonly recordedAt: Instant;
  /** An import of history: known day by day as it happened, up to `throughDay`. */
  readonly backfilled: boolean;
}

/** A stretch of time in which a stream failed. */
export interface Outage {
  readonly beganAt: Instant;
  /** Null while it goes on. */
  readonly endedAt: Instant | null;
  /** Whose it is and what is wrong, as in `crm ticket fails`. */
  readonly words?: string | undefined;
}

/** The outages of streams, per kind of record and per usage name. */
export type Outages = Pick<StreamCoverage, "kindOutages" | "usageOutages">;

/**
 * What the streams have stated and when they failed, per kind of record, and per usage name (of the stream that delivers the name).
 * A kind that several streams deliver fails while one of them does.
 */
export interface StreamCoverage {
  readonly kinds: ReadonlyMap<StreamKind, readonly CoverageStatement[]>;
  readonly usageNames: ReadonlyMap<string, readonly CoverageStatement[]>;
  readonly kindOutages: ReadonlyMap<StreamKind, readonly Outage[]>;
  readonly usageOutages: ReadonlyMap<string, readonly Outage[]>;
}

/** Which days people work. */
export interface WorkCalendar {
  readonly isWorkingDay: (day: DayNumber) => boolean;
}

/** What the domain needs to know of the company. Rates: units of the reporting currency for one unit of the key, newest last. */
export interface CompanyFacts {
  readonly zone: string;
  readonly reportingCurrency: string;
  readonly rates: ReadonlyMap<string, readonly { readonly from: DayNumber; readonly rate: number }[]>;
  readonly calendar: WorkCalendar;
  /** The calendar of a country and region, as in `DE` and `BY`; the company's where the country is null or the place is not known. */
  readonly calendarOf: (country: string | null, region: string | null) => WorkCalendar;
  /** The first day of a fiscal year. */
  readonly fiscalYearStart: { readonly month: number; readonly day: number };
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

/** As a metric, or `held`: the source fails, and the last good points stand for a while. */
export type DriverState = MetricState | "held";

/** One measure's part in a score. Contributions (points) of all drivers add up to the score exactly. */
export interface Driver {
  readonly group: string;
  readonly measure: string;
  readonly metric: string;
  /** The metric's value, or its ratio to `per`. */
  readonly value: number | string | null;
  readonly unit: string;
  readonly ageDays: number | null;
  readonly state: DriverState;
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

/** How far a score can be relied on. Each part is 0–1; `value` is their product. */
export interface Confidence {
  readonly value: number;
  readonly coverage: number;
  readonly freshness: number;
  readonly history: number;
}

/** What a person put in place of the computed score or band, as of a moment. */
export interface Override {
  readonly score: number | null;
  readonly band: string | null;
  /** First moment at which it no longer holds; null: until it is taken back. */
  readonly until: Instant | null;
  readonly reason: string;
  readonly by: string;
}

/** The whole answer of a health model for one account as of a moment. */
export interface HealthScore {
  /** 0.0–100.0, or null when coverage is below the minimum. What an override says, where there is one. */
  readonly score: number | null;
  readonly band: string | null;
  /** The score as it would be without an override. */
  readonly computed: number | null;
  /** Without a score: the band of what is known, as a hint; null when nothing is. With one: its band. */
  readonly suggestedBand: string | null;
  readonly confidence: Confidence;
  readonly bandMemory: BandMemory;
  /** 0–1. */
  readonly coverage: number;
  readonly drivers: readonly Driver[];
  /** Why this score or band, or why none, in words. */
  readonly reason: string;
}

/** Where a milestone stands. `open`: not reached, and no time is expected. */
export type MilestoneStatus = "reached" | "on-track" | "behind" | "stuck" | "open";

export interface MilestoneState {
  readonly id: string;
  readonly status: MilestoneStatus;
  /** When it was reached; null while it is not. */
  readonly reachedAt: Instant | null;
  /** How it was reached. */
  readonly by: "condition" | "event" | "hand" | null;
  /** By when it was expected; null where nothing is expected. */
  readonly expectedAt: Instant | null;
}

/** Where an account is in its life as of a moment; also what the next judgement remembers. */
export interface LifecycleState {
  /** Null where nothing names one. */
  readonly stage: string | null;
  /** What decided: a person, the CRM's field, or the rules. */
  readonly decidedBy: "hand" | "crm" | "conditions" | null;
  readonly since: Instant | null;
  /** The stage before this one. */
  readonly previous: string | null;
  readonly reason: string;
  readonly milestones: readonly MilestoneState[];
}

/** What an account's next score remembers of the one before. */
export interface AccountMemory {
  readonly band: BandMemory | null;
  readonly lifecycle: LifecycleState | null;
}

/** A child account's newest score, for its parent. */
export interface ChildScore {
  readonly key: string;
  readonly name: string;
  readonly score: number | null;
  readonly band: string | null;
  /** In the reporting currency; null when unknown. */
  readonly mrr: number | null;
}
