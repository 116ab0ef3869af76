import { dayOfInstant, parseDay } from "../days.ts";
import type {
  AccountHistory,
  CompanyFacts,
  DayNumber,
  Instant,
  MetricValue,
  StreamCoverage,
  UsageSeries,
} from "../history.ts";
import { accountAsOf, accountRecordAsOf, type RecordState, recordsAsOf } from "../record-state.ts";
import type { FieldsOf, RecordKind, SourceKind } from "../records.ts";
import type { MetricSettings } from "./settings.ts";
import { seriesAsOf } from "./usage-series.ts";
import { watermarkAsOf } from "./watermark.ts";

type Folded = { [K in RecordKind]?: readonly RecordState<K>[] };

/** One account at one moment, as its metrics see it. What several metrics need is worked out once. */
export interface AccountView {
  readonly history: AccountHistory;
  readonly coverage: StreamCoverage;
  readonly company: CompanyFacts;
  readonly settings: MetricSettings;
  readonly now: Instant;
  readonly account: FieldsOf<"account">;
  /** The account's own, else the company's. */
  readonly zone: string;
  /** The local day `now` belongs to. */
  readonly today: DayNumber;
  /** The last complete local day. */
  readonly lastDay: DayNumber;
  readonly memo: {
    readonly folded: Folded;
    usage: Map<string, UsageSeries> | null;
    firstDay: FirstDay | null;
    /** The answers so far, by metric. */
    readonly values: Map<string, MetricValue>;
  };
}

/** How far the records of a kind reach. */
export interface Reach {
  /** The last day of windows. */
  readonly end: DayNumber;
  readonly ageDays: number;
}

/** Null when nothing is known of the account. */
export interface FirstDay {
  readonly day: DayNumber | null;
  readonly isStated: boolean;
}

export function viewAccount(
  history: AccountHistory,
  coverage: StreamCoverage,
  { company, settings }: { readonly company: CompanyFacts; readonly settings: MetricSettings },
  now: Instant,
): AccountView {
  const account = accountAsOf(history, now);
  const zone = account.zone ?? company.zone;
  const today = dayOfInstant(zone, now);
  const memo = { folded: {}, usage: null, firstDay: null, values: new Map() };
  return { history, coverage, company, settings, now, account, zone, today, lastDay: today - 1, memo };
}

/** The account's records of a kind as known at the view's moment. */
export function recordsOf<K extends RecordKind>(view: AccountView, kind: K): readonly RecordState<K>[] {
  const folded: { [P in K]?: readonly RecordState<K>[] } = view.memo.folded;
  const known = folded[kind];
  if (known !== undefined) return known;
  const records = recordsAsOf(view.history, kind, view.now);
  folded[kind] = records;
  return records;
}

/**
 * How far the records of a kind reach: to the watermark, or, where no stream has stated one, as old as the account's newest
 * change of that kind. Null when nothing of the kind has been delivered.
 */
export function reachOf(view: AccountView, kind: SourceKind): Reach | null {
  const statements = view.coverage.kinds.get(kind);
  const mark = statements === undefined ? null : watermarkAsOf(statements, view.lastDay, view.now);
  if (mark !== null) return { end: mark, ageDays: view.lastDay - mark };
  let newest = -Infinity;
  for (const record of recordsOf(view, kind)) newest = Math.max(newest, record.lastAt);
  return newest === -Infinity ? null : { end: view.lastDay, ageDays: ageOf(view, newest) };
}

/** Whole days between an instant's day and the last complete one; 0 for what happened today. */
export function ageOf(view: AccountView, instant: Instant): number {
  return Math.max(0, view.lastDay - dayOfInstant(view.zone, instant));
}

/** Daily totals of a usage name as known at the view's moment. */
export function usageOf(view: AccountView, name: string): UsageSeries | null {
  const series = view.history.usage.get(name);
  if (series === undefined) return null;
  if (series.revisions === undefined) return series;
  view.memo.usage ??= new Map();
  const known = view.memo.usage.get(name);
  if (known !== undefined) return known;
  const asOf = seriesAsOf(series, view.now);
  view.memo.usage.set(name, asOf);
  return asOf;
}

/**
 * The account's first day: as its record says, else the day of the first change of that record, which may come later than the
 * account itself. Nothing else is asked: which other records and which usage are at hand depends on the metrics asked for.
 */
export function firstDayOf(view: AccountView): FirstDay {
  view.memo.firstDay ??= findFirstDay(view);
  return view.memo.firstDay;
}

function findFirstDay(view: AccountView): FirstDay {
  if (view.account.beganOn != null) return { day: parseDay(view.account.beganOn), isStated: true };
  const record = accountRecordAsOf(view.history, view.now);
  return { day: record === null ? null : dayOfInstant(view.zone, record.firstAt), isStated: false };
}
