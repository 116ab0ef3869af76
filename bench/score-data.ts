import type pg from "pg";
import { type Database, openDatabase } from "../src/store/db.ts";
import { ensurePartitions } from "../src/store/partitions.ts";
import { ensureBenchDatabase } from "./cluster.ts";

/** The moment the bench scores at: the data ends with the day before. */
export const scoreNow = new Date("2026-03-10T12:00:00Z");
/** Shifts every invented number. */
export const scoreSeed = 20_260_310;

const lastDay = "2026-03-09";
const usageNames = ["active_users", "sessions", "reports"] as const;

/** How much of the past there is. */
interface Span {
  /** Days of usage up to the last day. */
  readonly days: number;
  /** Since when the accounts and their contracts are known. */
  readonly since: string;
  /** The tickets lie that many hours back at most. */
  readonly ticketHours: number;
  /** What the nightly pulls have stated one by one; otherwise once, now. */
  readonly isCoveredDaily: boolean;
}

const quarter: Span = { days: 90, since: "2025-06-01", ticketHours: 2000, isCoveredDaily: false };
/** A year, and what the windows of its first day look back at. */
const year: Span = { days: 365 + 119, since: "2024-06-01", ticketHours: 8760, isCoveredDaily: true };

/**
 * Adds accounts up to `accounts`, made inside PostgreSQL straight into the tables: 90 days of each usage name, five tickets of three
 * changes, a subscription, and yesterday's score, so that a band is remembered. Usage lies in the order of days, as daily pulls leave it.
 */
export function growAccounts(database: Database, accounts: number): Promise<void> {
  return grow(database, accounts, quarter);
}

/** Accounts as above with more than a year of history, as nightly pulls have left it, to replay. */
export function growYears(database: Database, accounts: number): Promise<void> {
  return grow(database, accounts, year);
}

async function grow({ db, pool }: Database, accounts: number, span: Span): Promise<void> {
  await ensurePartitions(db, "usage_daily", firstDayOf(span), lastDay, scoreNow);
  await ensurePartitions(db, "scores", "2026-02-01", "2026-04-01", scoreNow);
  await ensurePartitions(db, "changes", "2026-02-01", "2026-04-01", scoreNow);
  const client = await pool.connect();
  try {
    await client.query("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0");
    const { rows } = await client.query<{ from: number }>(
      "select coalesce(max(id), 0)::integer + 1 as from from accounts",
    );
    const from = rows[0]?.from ?? 1;
    if (from <= accounts) await insertAll(client, from, accounts, span);
  } finally {
    client.release(true);
  }
}

/** A database of that many accounts, all due: the one of an earlier part, grown, where there is one. */
export async function readyDatabase(
  serverUrl: string,
  accounts: number,
  tell: (words: string) => void,
): Promise<string> {
  const url = await ensureBenchDatabase(serverUrl, "bench_score");
  const database = openDatabase(url, { statementTimeoutMs: 0 });
  try {
    tell(`making ${accounts} accounts, unless they are there …`);
    await growAccounts(database, accounts);
    await forgetToday(database);
  } finally {
    await database.close();
  }
  return url;
}

/** Makes every account due again, as if today had not been scored yet. */
export async function forgetToday({ pool }: Database): Promise<void> {
  await pool.query("truncate changes");
  await pool.query("delete from scores where day >= $1", [scoreNow.toISOString().slice(0, 10)]);
  await pool.query(`update account_work set scored_seq = 0, next_score_at = null, facts_seq = 1, responded_seq = 1`);
  await pool.query("vacuum analyze scores, account_work, changes");
}

function firstDayOf({ days }: Span): string {
  return new Date(Date.parse(lastDay) - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}

async function insertAll(client: pg.PoolClient, from: number, to: number, span: Span): Promise<void> {
  await client.query(
    `insert into streams (source, kind) values ('bench', 'usage'), ('bench', 'ticket'), ('bench', 'subscription')
     on conflict do nothing`,
  );
  await client.query(
    span.isCoveredDaily
      ? `insert into stream_coverage (stream_id, through_day, recorded_at)
         select id, day, day + interval '26 hours'
         from streams, generate_series(date '${firstDayOf(span)}', date '${lastDay}', interval '1 day') day
         on conflict do nothing`
      : `insert into stream_coverage (stream_id, through_day, recorded_at)
         select id, '${lastDay}', '${scoreNow.toISOString()}' from streams on conflict do nothing`,
  );
  await client.query(
    `insert into usage_names (name, stream_id)
     select name, (select id from streams where kind = 'usage') from unnest($1::text[]) name on conflict do nothing`,
    [usageNames],
  );
  await client.query(
    `insert into accounts (id, key, name) overriding system value
     select id, 'account-' || id, 'Account ' || id from generate_series($1::bigint, $2::bigint) id`,
    [from, to],
  );
  await client.query("insert into account_work (account_id) select generate_series($1::bigint, $2::bigint)", [
    from,
    to,
  ]);
  await insertRecords(client, from, to, span);
  await insertScores(client, from, to);
  await insertUsage(client, from, to, span);
  await client.query("vacuum analyze");
}

async function insertRecords(client: pg.PoolClient, from: number, to: number, span: Span): Promise<void> {
  const { since, ticketHours } = span;
  const change = `insert into record_changes (account_id, record_id, occurred_at, recorded_at, kind, set)`;
  const accounts = "from generate_series($1::bigint, $2::bigint) a";
  await client.query(
    `${change}
     select a, a * 10, '${since}', '${since}', 'account',
       case a % 3
         when 0 then json_build_object('name', 'Account ' || a, 'beganOn', date '${since}' - (a % 300)::integer)
         else json_build_object('name', 'Account ' || a, 'beganOn', date '${since}' - (a % 300)::integer,
           'zone', case a % 3 when 1 then 'Europe/Berlin' else 'America/New_York' end, 'owner', 'anna')
       end ${accounts}`,
    [from, to],
  );
  await client.query(
    `${change}
     select a, a * 10 + 1, '${since}', '${since}', 'subscription',
       json_build_object('plan', 'team', 'status', 'active', 'startsOn', '${since}',
         'periodEndsOn', date '2026-03-11' + ((a * 31 + ${scoreSeed}) % 300)::integer, 'amountMinor', 1000 * (1 + a % 500),
         'currency', 'EUR', 'interval', 'month', 'seats', 1 + a % 40)
     ${accounts}`,
    [from, to],
  );
  await client.query(
    `${change}
     select a, a * 10 + 1 + t, at, at, 'ticket', set
     from generate_series($1::bigint, $2::bigint) a, generate_series(1, 5) t,
       lateral (select timestamptz '2026-03-09 20:00Z' - ((a * 13 + t * 17 + ${scoreSeed}) % ${ticketHours}) * interval '1 hour' as opened) o,
       lateral (values
         (opened, json_build_object('subject', 'Question ' || t, 'status', 'open', 'openedAt', opened,
           'priority', case (a + t) % 5 when 0 then 'urgent' else 'normal' end)),
         (opened + interval '90 minutes', json_build_object('firstRespondedAt', opened + interval '90 minutes')),
         (opened + interval '1 day', json_build_object('status', 'solved', 'solvedAt', opened + interval '1 day'))
       ) as c (at, set)`,
    [from, to],
  );
}

async function insertScores(client: pg.PoolClient, from: number, to: number): Promise<void> {
  await client.query(
    `insert into scores (account_id, day, at, origin, model_id, model_revision, score, band, coverage, reason,
       band_memory, drivers, metrics)
     select a, '${lastDay}', '2026-03-09 12:00Z', 'live', 'default', 1, 50, 'yellow', 1, '50 points; yellow',
       '{"band":"yellow","since":1772000000000,"candidate":null,"candidateSince":null}', '[]', '{}'
     from generate_series($1::bigint, $2::bigint) a`,
    [from, to],
  );
}

/** Without the key while the rows come in: building it at once takes a third of the time. */
async function insertUsage(client: pg.PoolClient, from: number, to: number, span: Span): Promise<void> {
  const { rows } = await client.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'usage_daily_pkey'`,
  );
  await client.query("alter table usage_daily drop constraint usage_daily_pkey");
  await client.query(
    `insert into usage_daily (account_id, name_id, day, value, recorded_at)
     select a, n.id, day, (a * 7919 + n.id * 104729 + (day - date '2025-01-01') * 31 + ${scoreSeed}) % (5 + a % 40),
       day + interval '26 hours'
     from generate_series(0, ${span.days - 1}) offset_days,
       lateral (select date '${firstDayOf(span)}' + offset_days as day) d,
       generate_series($1::bigint, $2::bigint) a, usage_names n`,
    [from, to],
  );
  await client.query(`alter table usage_daily add constraint usage_daily_pkey ${rows[0]?.definition}`);
}
