import { sql } from "kysely";
import type { AccountHistory, DayNumber, RecordChange, UsageRevision, UsageSeries } from "../scoring/history.ts";
import type { RecordKind } from "../scoring/records.ts";
import { idArray } from "./arrays.ts";
import type { Db, Tx } from "./db.ts";
import { parseUsage } from "./histories/usage-text.ts";

const dayMs = 86_400_000;

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
    histories.push({ accountId, key, changes: changes.get(accountId) ?? [], usage: series, users: new Map() });
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

/** As the statement below spells a change: record, kind, occurred and recorded in milliseconds, what it set. */
type ChangeText = readonly [number, RecordKind, number, number, RecordChange["set"]];

/** One text per account: rows one by one, and timestamps as the driver parses them, would cost more than the scoring. */
async function readChanges(
  db: Db | Tx,
  ids: readonly number[],
  kinds: readonly RecordKind[],
): Promise<Map<number, RecordChange[]>> {
  const { rows } = await sql<{ a: number; c: string }>`
    select account_id as a, '[' || string_agg(
      '[' || record_id || ',"' || kind || '",' || (date_part('epoch', occurred_at) * 1000)::bigint || ','
        || (date_part('epoch', recorded_at) * 1000)::bigint || ',' || set::text || ']', ',') || ']' as c
    from record_changes
    where account_id = any(${idArray(ids)}::bigint[]) and kind = any(${kinds}::text[])
    group by account_id`.execute(db.withoutPlugins());
  return new Map(rows.map(({ a, c }) => [a, changesOf(JSON.parse(c))]));
}

/** The door that wrote the rows has parsed each `set` for its kind; the cast says so. */
function changesOf(texts: readonly ChangeText[]): RecordChange[] {
  return texts.map(
    ([recordId, kind, occurredAt, recordedAt, set]) =>
      ({ kind, recordId, occurredAt, recordedAt, set }) as RecordChange,
  );
}

/**
 * One text per account of all its months. A month at a time, because a partition's own index gives its rows in order, while rows of
 * several partitions would have to be merged one by one: three times slower.
 */
async function readUsage(
  db: Db | Tx,
  ids: readonly number[],
  names: ReadonlyMap<number, string>,
  scope: HistoryScope,
): Promise<Map<number, Map<string, UsageSeries>>> {
  if (names.size === 0) return new Map();
  const [accountIds, nameIds] = [idArray(ids), idArray([...names.keys()])];
  const months = monthsOf(scope.fromDay, scope.toDay).map(
    ({ first, last }) => sql`
      select account_id, name_id || ':' || ${first}::text || ':' || bit_or(1 << (day - (date '1970-01-01' + ${first}::integer)))
        || array_agg(value order by day)::text as month
      from usage_daily
      where account_id = any(${accountIds}::bigint[]) and name_id = any(${nameIds}::integer[])
        and day between date '1970-01-01' + ${first}::integer and date '1970-01-01' + ${last}::integer
      group by account_id, name_id`,
  );
  const { rows } = await sql<{ a: number; m: string }>`
    select account_id as a, string_agg(month, ';') as m from (${sql.join(months, sql` union all `)}) months
    group by account_id`.execute(db.withoutPlugins());
  return new Map(rows.map(({ a, m }) => [a, parseUsage(m, names, scope.fromDay, scope.toDay)]));
}

/** The range cut at the ends of calendar months. */
function monthsOf(fromDay: DayNumber, toDay: DayNumber): { readonly first: DayNumber; readonly last: DayNumber }[] {
  const months = [];
  for (let first = fromDay; first <= toDay; ) {
    const day = new Date(first * dayMs);
    const last = Math.min(toDay, Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0) / dayMs);
    months.push({ first, last });
    first = last + 1;
  }
  return months;
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
