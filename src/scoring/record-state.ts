import type { AccountHistory, Instant, RecordChange } from "./history.ts";
import type { FieldsOf, RecordKind } from "./records.ts";

/** A change row of one kind. */
export interface ChangeOf<K extends RecordKind> {
  readonly kind: K;
  readonly recordId: number;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly set: FieldsOf<K>;
}

/** One record as of a moment. */
export interface RecordState<K extends RecordKind> {
  readonly recordId: number;
  /** A field that is absent or null is not known, or was cleared. */
  readonly fields: FieldsOf<K>;
  /** What led here, oldest first; never empty. */
  readonly changes: readonly ChangeOf<K>[];
  /** When the first change occurred. */
  readonly firstAt: Instant;
  /** When the newest change occurred. */
  readonly lastAt: Instant;
}

/** The changes of one kind, and what they gave when they were last folded. */
interface Folds<K extends RecordKind> {
  readonly changes: readonly RecordChange[];
  /** When changes became known, in order: between two of these moments every fold gives the same. */
  readonly knownAt: readonly Instant[];
  /** How many of the moments had come at the last fold; -1 before the first. */
  come: number;
  records: readonly RecordState<K>[];
  /** All changes of the kind as if of one record. */
  one: RecordState<K> | null;
}

type Remembered = { [K in RecordKind]?: Folds<K> };

const remembered = new WeakMap<AccountHistory, Remembered>();

/** For those who look at many moments of one history: from now on its records are folded only where what is known of them changes. */
export function rememberFolds(history: AccountHistory): void {
  remembered.set(history, {});
}

/** The records of one kind as known at `now`, in order of their ids. The order of the change rows, and rows given twice, do not matter. */
export function recordsAsOf<K extends RecordKind>(
  history: AccountHistory,
  kind: K,
  now: Instant,
): readonly RecordState<K>[] {
  const folds = foldsOf(history, kind, now);
  return folds === null ? foldRecords(history.changes, kind, now) : folds.records;
}

/** All changes of the kind as known at `now`, as if of one record; null when nothing was known. For the account itself, which several sources may describe. */
function recordAsOf<K extends RecordKind>(history: AccountHistory, kind: K, now: Instant): RecordState<K> | null {
  const folds = foldsOf(history, kind, now);
  return folds === null ? foldRecord(history.changes, kind, now) : folds.one;
}

/** What is remembered for `now`, worked out anew where more or less is known then; null where nothing is to be remembered. */
function foldsOf<K extends RecordKind>(history: AccountHistory, kind: K, now: Instant): Folds<K> | null {
  const kinds: { [P in K]?: Folds<P> } | undefined = remembered.get(history);
  if (kinds === undefined) return null;
  const folds: Folds<K> = kinds[kind] ?? startFolds(history, kind);
  kinds[kind] = folds;
  const { changes, knownAt, come } = folds;
  const isSame = come >= 0 && (knownAt[come - 1] ?? -Infinity) <= now && now < (knownAt[come] ?? Infinity);
  if (isSame) return folds;
  folds.come = countUntil(knownAt, now);
  folds.records = foldRecords(changes, kind, now);
  folds.one = kind === "account" ? foldRecord(changes, kind, now) : null;
  return folds;
}

function startFolds<K extends RecordKind>(history: AccountHistory, kind: K): Folds<K> {
  const changes = history.changes.filter((change) => change.kind === kind);
  const knownAt = changes.map(({ occurredAt, recordedAt }) => Math.max(occurredAt, recordedAt)).sort((a, b) => a - b);
  return { changes, knownAt, come: -1, records: [], one: null };
}

/** How many of the moments, which are in order, are not after `now`. */
function countUntil(moments: readonly Instant[], now: Instant): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((moments[middle] ?? Infinity) <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}

function foldRecords<K extends RecordKind>(
  changes: readonly RecordChange[],
  kind: K,
  now: Instant,
): readonly RecordState<K>[] {
  const known = changesAsOf(changes, kind, now, byRecordThenTime);
  const states: RecordState<K>[] = [];
  let from = 0;
  for (let index = 1; index <= known.length; index += 1) {
    if (index < known.length && known[index]?.recordId === known[from]?.recordId) continue;
    const state = stateOf(known.length === index && from === 0 ? known : known.slice(from, index));
    if (state !== null && !isDeleted(state.fields)) states.push(state);
    from = index;
  }
  return states;
}

/** One record as known at `now` from its own change rows; null when nothing was known of it. */
function foldRecord<K extends RecordKind>(
  changes: readonly RecordChange[],
  kind: K,
  now: Instant,
): RecordState<K> | null {
  return stateOf(changesAsOf(changes, kind, now, byTime));
}

/** The record as it was just before a moment, from all that is known of it now; as it first was where it came later. */
export function stateBefore<K extends RecordKind>(record: RecordState<K>, moment: Instant): RecordState<K> {
  if (record.lastAt < moment) return record;
  const until = Math.max(moment, record.firstAt + 1);
  return stateOf(record.changes.filter(({ occurredAt }) => occurredAt < until)) ?? record;
}

/** The account's own record as known at `now`. Several sources may describe it: of two that set a field the later change counts. */
export function accountRecordAsOf(history: AccountHistory, now: Instant): RecordState<"account"> | null {
  return recordAsOf(history, "account", now);
}

/** The account's own fields as known at `now`. */
export function accountAsOf(history: AccountHistory, now: Instant): FieldsOf<"account"> {
  return accountRecordAsOf(history, now)?.fields ?? {};
}

function changesAsOf<K extends RecordKind>(
  changes: readonly RecordChange[],
  kind: K,
  now: Instant,
  compare: (a: ChangeOf<RecordKind>, b: ChangeOf<RecordKind>) => number,
): ChangeOf<K>[] {
  const known: ChangeOf<K>[] = [];
  let ordered = true;
  for (const change of changes) {
    if (!isOf(change, kind) || change.occurredAt > now || change.recordedAt > now) continue;
    const previous = known.at(-1);
    if (ordered && previous !== undefined && compare(previous, change) > 0) ordered = false;
    known.push(change);
  }
  return ordered ? known : known.sort(compare);
}

function isOf<K extends RecordKind>(change: RecordChange, kind: K): change is RecordChange & ChangeOf<K> {
  return change.kind === kind;
}

function stateOf<K extends RecordKind>(changes: readonly ChangeOf<K>[]): RecordState<K> | null {
  const first = changes[0];
  if (first === undefined) return null;
  let fields = first.set;
  let last = first;
  for (let index = 1; index < changes.length; index += 1) {
    last = changes[index] ?? last;
    fields = patch(fields, last.set);
  }
  return { recordId: first.recordId, fields, changes, firstAt: first.occurredAt, lastAt: last.occurredAt };
}

/** What a source has deleted counts nowhere, as of then. */
function isDeleted(fields: object): boolean {
  return "deleted" in fields && fields.deleted === true;
}

function patch<K extends RecordKind>(fields: FieldsOf<K>, set: FieldsOf<K>): FieldsOf<K> {
  const next = { ...fields, ...set };
  // An account's own fields are patched one by one, as the fields beside them are.
  if (!hasOwnFields(fields) || !hasOwnFields(set)) return next;
  return { ...next, fields: { ...fields.fields, ...set.fields } };
}

function hasOwnFields(value: object): value is { readonly fields: object } {
  return "fields" in value && typeof value.fields === "object" && value.fields !== null;
}

function byRecordThenTime(a: ChangeOf<RecordKind>, b: ChangeOf<RecordKind>): number {
  return a.recordId - b.recordId || byTime(a, b);
}

/** The order in which changes of one record count. */
export function byTime(a: ChangeOf<RecordKind>, b: ChangeOf<RecordKind>): number {
  return (
    a.occurredAt - b.occurredAt || a.recordedAt - b.recordedAt || a.recordId - b.recordId || byContent(a.set, b.set)
  );
}

/** Any order will do for changes of one moment, as long as it does not depend on the order they came in. */
function byContent(a: object, b: object): number {
  const left = contentOf(a);
  const right = contentOf(b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function contentOf(set: object): string {
  return JSON.stringify(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)));
}
