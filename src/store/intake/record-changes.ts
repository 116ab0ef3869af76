import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { RecordKind } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { occurredAt, type PlacedRecord, type Rejection, type Written } from "./known-input.ts";
import { ensureRecords, noteDeletions, type RecordRow, recordName } from "./record-rows.ts";

type Fields = Readonly<Record<string, unknown>>;

/** All that is said of one record about one moment: what the store knows of it, and what this batch adds. */
interface Moment {
  readonly kind: RecordKind;
  readonly record: RecordRow;
  readonly occurredAt: number;
  readonly inputs: PlacedRecord[];
}

/** What the store knows of a moment. */
interface KnownMoment {
  readonly fields: Fields;
  /** When the newest of its changes was recorded. */
  readonly lastRecordedAt: number;
}

/** A change row to write. */
interface ChangeRow {
  readonly moment: Moment;
  readonly recordedAt: number;
  readonly backfilled: boolean;
  readonly set: Fields;
}

/**
 * Writes the changes of records that say something new of their moment. What adds nothing to what is known of the same record at the same
 * moment is unchanged; what differs is a correction, recorded later. A record never moves to another account: such a change is rejected.
 * One that was deleted in its source and changes after that is back.
 */
export async function writeChanges(tx: Tx, inputs: readonly PlacedRecord[], now: Date): Promise<Written> {
  if (inputs.length === 0) return { written: 0, unchanged: 0, rejected: [], accountIds: new Set() };
  const records = await ensureRecords(tx, inputs);
  const { moments, rejected } = momentsOf(inputs, records);
  const known = await readKnown(tx, moments);
  const rows: ChangeRow[] = [];
  const accountIds = new Set<number>();
  let written = 0;
  let total = 0;
  for (const moment of moments) {
    total += moment.inputs.length;
    const changes = changesOf(moment, known.get(momentName(moment.record.id, moment.occurredAt)), now);
    if (changes.rows.length === 0) continue;
    rows.push(...changes.rows);
    written += changes.written;
    accountIds.add(moment.record.accountId);
  }
  await insertRows(tx, rows);
  await noteDeletions(
    tx,
    rows.filter(({ set }) => set["deleted"] !== undefined).map(({ moment }) => moment.record),
  );
  return { written, unchanged: total - written, rejected, accountIds };
}

function momentsOf(
  inputs: readonly PlacedRecord[],
  records: ReadonlyMap<string, RecordRow>,
): { moments: Iterable<Moment> & { readonly size: number }; rejected: Rejection[] } {
  const moments = new Map<string, Moment>();
  const rejected: Rejection[] = [];
  for (const placed of inputs) {
    const { input, index } = placed;
    const record = records.get(recordName(placed));
    if (record === undefined || record.accountId !== placed.accountId) {
      const cause = "a record cannot move to another account";
      rejected.push({ index, reason: `${input.kind} ${input.id} belongs to another account: ${cause}`, cause });
      continue;
    }
    const at = occurredAt(input);
    const name = momentName(record.id, at);
    const moment = moments.get(name);
    if (moment === undefined) moments.set(name, { kind: input.kind, record, occurredAt: at, inputs: [placed] });
    else moment.inputs.push(placed);
  }
  return { moments: new Set(moments.values()), rejected };
}

function momentName(recordId: number, at: number): string {
  return `${recordId} ${at}`;
}

async function readKnown(tx: Tx, moments: Iterable<Moment>): Promise<Map<string, KnownMoment>> {
  const old = [...moments].filter((moment) => !moment.record.isNew);
  const known = new Map<string, KnownMoment>();
  if (old.length === 0) return known;
  const { rows } = await sql<{ n: number; recordedAt: number; set: Fields }>`
    select k.n, extract(epoch from c.recorded_at)::float8 * 1000 as recorded_at, c.set
    from unnest(
      ${old.map((moment) => moment.record.accountId)}::bigint[],
      ${old.map((moment) => moment.record.id)}::bigint[],
      ${old.map((moment) => new Date(moment.occurredAt))}::timestamptz[]
    ) with ordinality as k (account_id, record_id, occurred_at, n)
    join record_changes c using (account_id, record_id, occurred_at)
    order by k.n, c.recorded_at`.execute(tx);
  for (const { n, recordedAt, set } of rows) {
    const moment = old[n - 1];
    if (moment === undefined) continue;
    const name = momentName(moment.record.id, moment.occurredAt);
    known.set(name, { fields: patched(known.get(name)?.fields ?? {}, set), lastRecordedAt: Math.round(recordedAt) });
  }
  return known;
}

/** The rows a moment needs: usually one, more where its inputs were recorded at different times; none where all is known. */
function changesOf(moment: Moment, known: KnownMoment | undefined, now: Date): { rows: ChangeRow[]; written: number } {
  const rows: ChangeRow[] = [];
  let written = 0;
  let fields = known?.fields ?? {};
  let lastRecordedAt = known?.lastRecordedAt ?? Number.NEGATIVE_INFINITY;
  for (const group of byRecordedAt(moment.inputs)) {
    const set = group.inputs.reduce((all, { input }) => patched(all, given(input.set)), returnOf(moment, now));
    const next = patched(fields, set);
    if (lastRecordedAt !== Number.NEGATIVE_INFINITY && isDeepStrictEqual(next, fields)) continue;
    const isCorrection = group.recordedAt <= lastRecordedAt;
    const recordedAt = isCorrection ? Math.max(now.getTime(), lastRecordedAt + 1) : group.recordedAt;
    rows.push({ moment, recordedAt, backfilled: group.backfilled && !isCorrection, set });
    written += group.inputs.length;
    fields = next;
    lastRecordedAt = recordedAt;
  }
  return { rows, written };
}

/** What a record's change says of itself when the record was deleted before. What is dated ahead was known before that. */
function returnOf({ record, occurredAt: at }: Moment, now: Date): Fields {
  const isBack = record.deletedAt !== null && record.deletedAt < at && at <= now.getTime();
  return isBack ? { deleted: false } : {};
}

interface Group {
  readonly recordedAt: number;
  readonly backfilled: boolean;
  readonly inputs: PlacedRecord[];
}

function byRecordedAt(inputs: readonly PlacedRecord[]): Group[] {
  const groups = new Map<number, Group>();
  for (const each of inputs) {
    const group = groups.get(each.recordedAt);
    if (group === undefined) {
      groups.set(each.recordedAt, { recordedAt: each.recordedAt, backfilled: each.backfilled, inputs: [each] });
    } else group.inputs.push(each);
  }
  return [...groups.values()].sort((a, b) => a.recordedAt - b.recordedAt);
}

/** As the fold of a record does it: a later field stands above an earlier one, an account's own fields one by one. */
function patched(fields: Fields, set: Fields): Fields {
  const [own, more] = [fields["fields"], set["fields"]];
  const merged = { ...fields, ...set };
  return isObject(own) && isObject(more) ? { ...merged, fields: { ...own, ...more } } : merged;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Without what is undefined, which JSON would drop as well. */
function given(set: object): Fields {
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
}

async function insertRows(tx: Tx, rows: readonly ChangeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into record_changes (account_id, record_id, occurred_at, recorded_at, kind, backfilled, set)
    select * from unnest(
      ${rows.map((row) => row.moment.record.accountId)}::bigint[],
      ${rows.map((row) => row.moment.record.id)}::bigint[],
      ${rows.map((row) => new Date(row.moment.occurredAt))}::timestamptz[],
      ${rows.map((row) => new Date(row.recordedAt))}::timestamptz[],
      ${rows.map((row) => row.moment.kind)}::text[],
      ${rows.map((row) => row.backfilled)}::boolean[],
      ${rows.map((row) => JSON.stringify(row.set))}::json[]
    )`.execute(tx);
}
