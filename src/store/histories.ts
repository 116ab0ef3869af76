import { sql } from "kysely";
import type { AccountHistory, DayNumber, RecordChange, UsageRevision, UsageSeries } from "../scoring/history.ts";
import type { RecordKind } from "../scoring/records.ts";
import type { Db, Tx } from "./db.ts";

/** Which part of the accounts' histories to load. */
export interface HistoryScope {
  readonly accounts: readonly { readonly accountId: number; readonly key: string }[];
  readonly kinds: readonly RecordKind[];
  readonly usageNames: readonly string[];
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  /** True when facts at past moments will be asked for: late and superseded values are loaded too. */
  readonly forPast: boolean;
}

/** Loads what metrics need of a batch of accounts: two statements for the present, three for the past. */
export async function loadHistories(db: Db | Tx, scope: HistoryScope): Promise<AccountHistory[]> {
  const ids = scope.accounts.map((account) => account.accountId);
  const names = await readUsageNameIds(db, scope.usageNames);
  const [changes, usage] = [await readChanges(db, ids, scope.kinds), await readUsage(db, ids, names, scope)];
  const revisions = scope.forPast ? await readRevisions(db, ids, names, scope) : new Map<string, UsageRevision[]>();
  const histories: AccountHistory[] = [];
  for (const { accountId, key } of scope.accounts) {
    const series = usage.get(accountId) ?? new Map<string, UsageSeries>();
    for (const [nameId, name] of names) {
      addRevisions(series, name, revisions.get(`${accountId} ${nameId}`));
    }
    histories.push({ accountId, key, changes: changes.get(accountId) ?? [], usage: series });
  }
  return histories;
}

function addRevisions(series: Map<string, UsageSeries>, name: string, revisions: UsageRevision[] | undefined): void {
  if (revisions === undefined) return;
  const found = series.get(name);
  const first = Math.min(...revisions.map((revision) => revision.day));
  series.set(name, { ...(found ?? { firstDay: first, values: [] }), revisions });
}

async function readUsageNameIds(db: Db | Tx, names: readonly string[]): Promise<Map<number, string>> {
  if (names.length === 0) return new Map();
  const rows = await db.selectFrom("usageNames").select(["id", "name"]).where("name", "in", names).execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}

interface ChangeRow {
  readonly a: number;
  readonly r: number;
  readonly kind: RecordKind;
  readonly o: number;
  readonly k: number;
  readonly set: RecordChange["set"];
}

/** Milliseconds come as float8: the driver's parsing of timestamps would cost more than the scoring. */
async function readChanges(
  db: Db | Tx,
  ids: readonly number[],
  kinds: readonly RecordKind[],
): Promise<Map<number, RecordChange[]>> {
  const { rows } = await sql<ChangeRow>`
    select account_id as a, record_id as r, kind, set,
      extract(epoch from occurred_at)::float8 * 1000 as o, extract(epoch from recorded_at)::float8 * 1000 as k
    from record_changes
    where account_id = any(${ids}::bigint[]) and kind = any(${kinds}::text[])`.execute(db);
  const byAccount = new Map<number, RecordChange[]>();
  for (const row of rows) {
    const list = byAccount.get(row.a);
    const change = changeOf(row);
    if (list === undefined) byAccount.set(row.a, [change]);
    else list.push(change);
  }
  return byAccount;
}

/** The door that wrote the row has parsed `set` for its kind; the cast says so. */
function changeOf(row: ChangeRow): RecordChange {
  return {
    kind: row.kind,
    recordId: row.r,
    occurredAt: Math.round(row.o),
    recordedAt: Math.round(row.k),
    set: row.set,
  } as RecordChange;
}

interface UsageRow {
  readonly a: number;
  readonly n: number;
  readonly first: number;
  readonly values: string;
  readonly days: string | null;
}

/** One row per (account, name): arrays as text, which is several times quicker to read than the driver's array parser. */
async function readUsage(
  db: Db | Tx,
  ids: readonly number[],
  names: ReadonlyMap<number, string>,
  scope: HistoryScope,
): Promise<Map<number, Map<string, UsageSeries>>> {
  const byAccount = new Map<number, Map<string, UsageSeries>>();
  if (names.size === 0) return byAccount;
  const { rows } = await sql<UsageRow>`
    select account_id as a, name_id as n, min(day) - date '1970-01-01' as first,
      array_agg(value order by day)::text as values,
      case when count(*) <= max(day) - min(day)
        then array_agg(day - date '1970-01-01' order by day)::text end as days
    from usage_daily
    where account_id = any(${ids}::bigint[]) and name_id = any(${[...names.keys()]}::integer[])
      and day between date '1970-01-01' + ${scope.fromDay}::integer and date '1970-01-01' + ${scope.toDay}::integer
    group by account_id, name_id`.execute(db);
  for (const row of rows) {
    const name = names.get(row.n);
    if (name === undefined) continue;
    let series = byAccount.get(row.a);
    if (series === undefined) {
      series = new Map();
      byAccount.set(row.a, series);
    }
    series.set(name, { firstDay: row.first, values: denseValues(row) });
  }
  return byAccount;
}

function denseValues(row: UsageRow): number[] {
  const values = numbersOf(row.values);
  if (row.days === null) return values;
  const days = numbersOf(row.days);
  const dense = new Array<number>((days.at(-1) ?? row.first) - row.first + 1).fill(0);
  for (const [index, day] of days.entries()) dense[day - row.first] = values[index] ?? 0;
  return dense;
}

/** `{1,2.5}` as PostgreSQL prints an array of numbers. */
function numbersOf(text: string): number[] {
  const parts = text.slice(1, -1).split(",");
  const numbers = new Array<number>(parts.length);
  for (let index = 0; index < parts.length; index += 1) numbers[index] = Number(parts[index]);
  return numbers;
}

/**
 * Every version of the days whose value came later than the earliest end of that day on earth (UTC+14), or was corrected.
 * Days of a backfilled history were known as they happened and need no versions.
 */
async function readRevisions(
  db: Db | Tx,
  ids: readonly number[],
  names: ReadonlyMap<number, string>,
  scope: HistoryScope,
): Promise<Map<string, UsageRevision[]>> {
  const { rows } = await sql<{ a: number; n: number; day: number; value: number; k: number }>`
    with late as (
      select account_id, name_id, day, value, recorded_at from usage_daily
      where account_id = any(${ids}::bigint[]) and name_id = any(${[...names.keys()]}::integer[])
        and day between date '1970-01-01' + ${scope.fromDay}::integer and date '1970-01-01' + ${scope.toDay}::integer
        and ((not backfilled and recorded_at > day::timestamp at time zone 'UTC' + interval '10 hours')
          or exists (select from usage_superseded s where (s.account_id, s.name_id, s.day)
            = (usage_daily.account_id, usage_daily.name_id, usage_daily.day)))
      union all
      select account_id, name_id, day, value, recorded_at from usage_superseded
      where account_id = any(${ids}::bigint[]) and name_id = any(${[...names.keys()]}::integer[])
        and day between date '1970-01-01' + ${scope.fromDay}::integer and date '1970-01-01' + ${scope.toDay}::integer
    )
    select account_id as a, name_id as n, day - date '1970-01-01' as day, value,
      extract(epoch from recorded_at)::float8 * 1000 as k
    from late order by account_id, name_id, day, recorded_at`.execute(db);
  const byKey = new Map<string, UsageRevision[]>();
  for (const row of rows) {
    const key = `${row.a} ${row.n}`;
    const revision = { day: row.day, value: row.value, recordedAt: Math.round(row.k) };
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [revision]);
    else list.push(revision);
  }
  return byKey;
}
