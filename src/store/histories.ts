import { type RawBuilder, sql } from "kysely";
import type {
  AccountHistory,
  DayNumber,
  Instant,
  RecordChange,
  UsageRevision,
  UsageSeries,
  UserDay,
} from "../scoring/history.ts";
import type { HistoryScope as MetricScope } from "../scoring/history-scope.ts";
import type { RecordKind } from "../scoring/records.ts";
import { idArray } from "./arrays.ts";
import type { Db, Tx } from "./db.ts";
import { parseUsage } from "./histories/usage-text.ts";

const dayMs = 86_400_000;

/** Which part of the accounts' histories to load. */
export interface HistoryScope extends MetricScope {
  readonly accounts: readonly { readonly accountId: number; readonly key: string }[];
  /** When facts at past moments will be asked for, late and superseded values are loaded too: those that some asked moment did not know. */
  readonly forPast: boolean | PastMoments;
  /** Kinds of which only those records are asked for of which something was learnt, or came to be so, since a moment. */
  readonly recent?: RecentRecords | undefined;
}

interface RecentRecords {
  readonly kinds: readonly RecordKind[];
  readonly since: Date;
}

/** The last moments of local days, and those given. */
export interface PastMoments {
  readonly dayEndsAnd: readonly Instant[];
}

/** A day can first be part of a window when the next one begins, which it does at UTC+14, and at day's ends when that one ends. */
const firstAskedHours = 10;
const firstDayEndHours = 33;

/** Loads what metrics need of a batch of accounts: two statements for the present, three for the past, one more where users count. */
export async function loadHistories(db: Db | Tx, scope: HistoryScope): Promise<AccountHistory[]> {
  const ids = scope.accounts.map((account) => account.accountId);
  const names = await readUsageNameIds(db, scope.usageNames);
  const [changes, usage] = [await readChanges(db, ids, scope), await readUsage(db, ids, names, scope)];
  const revisions = scope.forPast !== false ? await readRevisions(db, ids, names, scope) : none;
  const users = await readUsers(db, ids, scope);
  return scope.accounts.map(({ accountId, key }) => ({
    accountId,
    key,
    changes: changes.get(accountId) ?? [],
    usage: withRevisions(usage.get(accountId) ?? new Map(), names, revisions.get(accountId)),
    users: users.get(accountId) ?? new Map(),
  }));
}

/** The same of one account. */
export async function loadHistory(
  db: Db | Tx,
  account: { readonly accountId: number; readonly key: string },
  scope: Omit<HistoryScope, "accounts">,
): Promise<AccountHistory> {
  const [history] = await loadHistories(db, { ...scope, accounts: [account] });
  if (history === undefined) throw new Error(`The account ${account.key} has no history to load.`);
  return history;
}

/** What a scope is without any usage. */
export function recordsOnly(kinds: readonly RecordKind[]): Omit<HistoryScope, "accounts"> {
  return { kinds, usageNames: [], fromDay: 0, toDay: 0, forPast: false };
}

/** Of each account, by id of the usage name. */
type Revisions = ReadonlyMap<number, ReadonlyMap<number, readonly UsageRevision[]>>;
const none: Revisions = new Map();

function withRevisions(
  series: Map<string, UsageSeries>,
  names: ReadonlyMap<number, string>,
  revisions: ReadonlyMap<number, readonly UsageRevision[]> = new Map(),
): Map<string, UsageSeries> {
  for (const [nameId, ofName] of revisions) {
    const name = names.get(nameId) ?? "";
    // In order of day.
    series.set(name, { ...(series.get(name) ?? { firstDay: ofName[0]?.day ?? 0, values: [] }), revisions: ofName });
  }
  return series;
}

async function readUsageNameIds(db: Db | Tx, names: MetricScope["usageNames"]): Promise<Map<number, string>> {
  if (names.length === 0) return new Map();
  const rows =
    names === "all"
      ? await db.selectFrom("usageNames").select(["id", "name"]).execute()
      : (
          await sql<{
            id: number;
            name: string;
          }>`select id, name from usage_names where name = any(${names}::text[])`.execute(db)
        ).rows;
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** As the statement below spells a change: record, kind, occurred and recorded in milliseconds, what it set. */
type ChangeText = readonly [number, RecordKind, number, number, RecordChange["set"]];

/** One text per account: rows one by one, and timestamps as the driver parses them, would cost more than the scoring. */
async function readChanges(
  db: Db | Tx,
  ids: readonly number[],
  { kinds, recent }: HistoryScope,
): Promise<Map<number, RecordChange[]>> {
  const others = recent?.kinds.filter((kind) => !kinds.includes(kind)) ?? [];
  const orRecent =
    recent === undefined || others.length === 0
      ? sql``
      : sql`or kind = any(${others}::text[]) and (account_id, record_id) in (
          select r.account_id, r.record_id from record_changes r
          where r.account_id = any(${idArray(ids)}::bigint[]) and r.kind = any(${others}::text[])
            and (r.recorded_at > ${recent.since} or r.occurred_at > ${recent.since}))`;
  const { rows } = await sql<{ a: number; c: string }>`
    select account_id as a, '[' || string_agg(
      '[' || record_id || ',"' || kind || '",' || (date_part('epoch', occurred_at) * 1000)::bigint || ','
        || (date_part('epoch', recorded_at) * 1000)::bigint || ',' || set::text || ']', ',') || ']' as c
    from record_changes
    where account_id = any(${idArray(ids)}::bigint[]) and (kind = any(${kinds}::text[]) ${orRecent})
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
  const accountIds = idArray(ids);
  const ofNames = nameFilter(names, scope);
  const months = monthsOf(scope.fromDay, scope.toDay).map(
    ({ first, last }) => sql`
      select account_id, name_id || ':' || ${first}::text || ':' || bit_or(1 << (day - (date '1970-01-01' + ${first}::integer)))
        || array_agg(value order by day)::text as month
      from usage_daily
      where account_id = any(${accountIds}::bigint[]) ${ofNames}
        and day between date '1970-01-01' + ${first}::integer and date '1970-01-01' + ${last}::integer
      group by account_id, name_id`,
  );
  const { rows } = await sql<{ a: number; m: string }>`
    select account_id as a, string_agg(month, ';') as m from (${sql.join(months, sql` union all `)}) months
    group by account_id`.execute(db.withoutPlugins());
  return new Map(rows.map(({ a, m }) => [a, parseUsage(m, names, scope.fromDay, scope.toDay)]));
}

/** Where every name counts none is looked for: thousands of them cost more than the rows. */
function nameFilter(names: ReadonlyMap<number, string>, scope: HistoryScope): RawBuilder<unknown> {
  return scope.usageNames === "all" ? sql`` : sql`and name_id = any(${idArray([...names.keys()])}::integer[])`;
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
 * Every version of the days whose value came later than the first asked moment that may look at them, or was corrected. Days of a
 * backfilled history were known as they happened and need no versions.
 */
async function readRevisions(
  db: Db | Tx,
  ids: readonly number[],
  names: ReadonlyMap<number, string>,
  scope: HistoryScope,
): Promise<Revisions> {
  if (names.size === 0) return none;
  const [accountIds, ofNames] = [idArray(ids), nameFilter(names, scope)];
  const ofDays = sql`day between date '1970-01-01' + ${scope.fromDay}::integer and date '1970-01-01' + ${scope.toDay}::integer`;
  const { rows } = await sql<{ a: number; n: number; day: number; value: number; k: number }>`
    with corrected as (
      select account_id, name_id, day, value, recorded_at from usage_superseded
      where account_id = any(${accountIds}::bigint[]) ${ofNames} and ${ofDays}
    ), late as (
      select account_id, name_id, day, value, recorded_at from usage_daily
      where account_id = any(${accountIds}::bigint[]) ${ofNames} and ${ofDays} and not ${wasKnownAsItHappened} and ${isLate(scope)}
      union
      select account_id, name_id, day, d.value, d.recorded_at
      from usage_daily d join (select distinct account_id, name_id, day from corrected) c using (account_id, name_id, day)
      union all
      select account_id, name_id, day, value, recorded_at from corrected
    )
    select account_id as a, name_id as n, day - date '1970-01-01' as day, value,
      extract(epoch from recorded_at)::float8 * 1000 as k
    from late order by account_id, name_id, day, recorded_at`.execute(db);
  const byAccount = new Map<number, Map<number, UsageRevision[]>>();
  for (const row of rows) {
    const revision = { day: row.day, value: row.value, recordedAt: Math.round(row.k) };
    append(
      entryOf(byAccount, row.a, () => new Map()),
      row.n,
      revision,
    );
  }
  return byAccount;
}

/** An import notes that as the end of the day in UTC; where it gives another moment, that one counts. */
const wasKnownAsItHappened = sql`(backfilled and recorded_at <= day::timestamp at time zone 'UTC' + interval '1 day')`;

function isLate({ forPast }: HistoryScope): RawBuilder<unknown> {
  const learned = (hours: number) =>
    sql`recorded_at > day::timestamp at time zone 'UTC' + ${hours} * interval '1 hour'`;
  if (typeof forPast === "boolean") return learned(firstAskedHours);
  if (forPast.dayEndsAnd.length === 0) return learned(firstDayEndHours);
  const moments = forPast.dayEndsAnd.map((moment) => new Date(moment));
  return sql`(${learned(firstDayEndHours)} or exists (
    select from unnest(${moments}::timestamptz[]) m
    where m >= day::timestamp at time zone 'UTC' + ${firstAskedHours} * interval '1 hour' and m < recorded_at
  ))`;
}

/** Who used what, in order of day; what was known as it happened counts from the earliest end of its day on earth (UTC+14). */
async function readUsers(
  db: Db | Tx,
  ids: readonly number[],
  scope: HistoryScope,
): Promise<ReadonlyMap<number, ReadonlyMap<string, readonly UserDay[]>>> {
  const byAccount = new Map<number, Map<string, UserDay[]>>();
  if (scope.users === undefined) return byAccount;
  const names = await readUsageNameIds(db, scope.users.names);
  const { rows } = await sql<{ a: number; n: number; day: number; user: number; k: number }>`
    select account_id as a, name_id as n, day - date '1970-01-01' as day, user_hash as user,
      extract(epoch from case when ${wasKnownAsItHappened}
        then day::timestamp at time zone 'UTC' + interval '10 hours' else recorded_at end)::float8 * 1000 as k
    from usage_users
    where account_id = any(${idArray(ids)}::bigint[]) and name_id = any(${idArray([...names.keys()])}::integer[])
      and day between date '1970-01-01' + ${scope.users.fromDay}::integer and date '1970-01-01' + ${scope.toDay}::integer
    order by account_id, name_id, day, user_hash`.execute(db);
  for (const row of rows) {
    const used = { day: row.day, user: row.user, recordedAt: Math.round(row.k) };
    append(
      entryOf(byAccount, row.a, () => new Map()),
      names.get(row.n) ?? "",
      used,
    );
  }
  return byAccount;
}

function append<K, Item>(lists: Map<K, Item[]>, key: K, item: Item): void {
  entryOf(lists, key, () => []).push(item);
}

function entryOf<K, Entry>(entries: Map<K, Entry>, key: K, make: () => Entry): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = make();
    entries.set(key, entry);
  }
  return entry;
}
