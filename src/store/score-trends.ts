import { sql } from "kysely";
import type { DayNumber } from "../scoring/history.ts";
import { spanKey, type TrendSpan, type TrendSpans } from "../scoring/trend-spans.ts";
import type { Db, Tx } from "./db.ts";

/** An account, and its local day. */
export interface TrendAccount {
  readonly accountId: number;
  readonly today: DayNumber;
}

/** A number that scores keep, and how many days before today its window begins. */
export interface TrendWindow {
  readonly base: string;
  readonly days: number;
}

/** The extremes of stored values within windows that end today, by account: one statement. Only values that were fresh then count. */
export async function readTrendSpans(
  db: Db | Tx,
  accounts: readonly TrendAccount[],
  windows: readonly TrendWindow[],
  now: Date,
): Promise<Map<number, TrendSpans>> {
  const distinct = [...new Map(windows.map((window) => [spanKey(window.base, window.days), window])).values()];
  if (accounts.length === 0 || distinct.length === 0) return new Map();
  // Bounds that are the same for every account spare a look into the partitions of other months.
  const longest = Math.max(...distinct.map(({ days }) => days));
  const firstDay = Math.min(...accounts.map(({ today }) => today)) - longest;
  const lastDay = Math.max(...accounts.map(({ today }) => today));
  const { rows } = await sql<TrendSpan & { accountId: number; base: string; days: number }>`
    select s.account_id, w.base, w.days, max(v.value) as highest, min(v.value) as lowest,
      min(s.day) - date '1970-01-01' as first_day
    from unnest(${accounts.map(({ accountId }) => accountId)}::bigint[], ${accounts.map(({ today }) => today)}::integer[])
      as a (id, today)
    join scores s on s.account_id = a.id
    cross join unnest(${distinct.map(({ base }) => base)}::text[], ${distinct.map(({ days }) => days)}::integer[])
      as w (base, days)
    cross join lateral (
      select case w.base
        when 'score' then s.score::float8
        when 'score.computed' then s.computed::float8
        when 'coverage' then s.coverage::float8
        when 'confidence' then (s.confidence->>'value')::float8
        else case when json_typeof(s.metrics->w.base->0) = 'number' and coalesce(s.metrics->w.base->>3, 'value') = 'value'
          then (s.metrics->w.base->>0)::float8 end
      end as value
    ) v
    where s.day between date '1970-01-01' + ${firstDay}::integer and date '1970-01-01' + ${lastDay}::integer
      and s.day between date '1970-01-01' + (a.today - w.days) and date '1970-01-01' + a.today
      and s.at <= ${now} and v.value is not null
    group by s.account_id, w.base, w.days`.execute(db);
  const byAccount = new Map<number, Map<string, TrendSpan>>();
  for (const { accountId, base, days, highest, lowest, firstDay: first } of rows) {
    const spans = byAccount.get(accountId) ?? new Map<string, TrendSpan>();
    spans.set(spanKey(base, days), { highest, lowest, firstDay: first });
    byAccount.set(accountId, spans);
  }
  return byAccount;
}
