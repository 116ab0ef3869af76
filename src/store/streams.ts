import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { openOutage, type TroubleKind } from "./outages.ts";

/** How a stream stands between two pulls. */
export interface StreamClock {
  readonly id: number;
  readonly source: string;
  readonly name: string;
  readonly feeds: readonly string[];
  readonly isDue: boolean;
  readonly isPaused: boolean;
  /** It has an open outage. */
  readonly isInTrouble: boolean;
  /** When its newest page was stored, and when it was last pulled to its end. */
  readonly lastOkAt: Date | null;
  readonly lastDoneAt: Date | null;
}

/** The clocks of all streams of these sources that were ever asked for. */
export async function readStreamClocks(db: Db, sources: readonly string[]): Promise<StreamClock[]> {
  const { rows } = await sql<StreamClock>`
    select id, source, kind as name, coalesce(feeds, '{}') as feeds, last_ok_at, last_done_at, paused_at is not null as is_paused,
      exists (select from stream_outages o where o.stream_id = streams.id and o.ended_at is null) as is_in_trouble,
      paused_at is null and coalesce(next_pull_at, '-infinity') <= now() and coalesce(lease_until, '-infinity') <= now() as is_due
    from streams where source = any(${sources}::text[])`.execute(db);
  return rows;
}

/** Notes a stream of a source, and which kinds of record it delivers. */
export async function keepStream(db: Db, source: string, name: string, feeds: readonly string[]): Promise<void> {
  await sql`
    insert into streams (source, kind, feeds) values (${source}, ${name}, ${feeds}::text[])
    on conflict (source, kind) do update set feeds = excluded.feeds where streams.feeds is distinct from excluded.feeds`.execute(
    db,
  );
}

/** A stream that this process may pull, as long as its fence stands. */
export interface ClaimedStream {
  readonly id: number;
  readonly cursor: unknown;
  readonly fence: number;
  /** When it was pulled to its end for the first time; null: never yet. */
  readonly caughtUpAt: Date | null;
  readonly lastDoneAt: Date | null;
}

/** Claims a stream of a source when its next pull is due; null when it is not, or another process has it. */
export async function claimDueStream(
  db: Db,
  source: string,
  name: string,
  leaseSeconds: number,
): Promise<ClaimedStream | null> {
  const { rows } = await sql<ClaimedStream>`
    update streams set lease_until = now() + make_interval(secs => ${leaseSeconds}), fence = fence + 1
    where source = ${source} and kind = ${name} and paused_at is null
      and coalesce(next_pull_at, '-infinity') <= now() and coalesce(lease_until, '-infinity') <= now()
    returning id, cursor, fence, caught_up_at, last_done_at`.execute(db);
  return rows[0] ?? null;
}

/** Keeps a claim alive while a page is on its way; false when the fence has fallen. */
export async function extendLease(db: Db, stream: ClaimedStream, leaseSeconds: number): Promise<boolean> {
  const result = await sql`
    update streams set lease_until = now() + make_interval(secs => ${leaseSeconds})
    where id = ${stream.id} and fence = ${stream.fence} and paused_at is null`.execute(db);
  return result.numAffectedRows === 1n;
}

/** Moves a stream's cursor in the transaction of the page's rows; false when the fence has fallen. */
export async function moveCursor(
  tx: Tx,
  stream: ClaimedStream,
  cursor: unknown,
  nextPullInMs: number | null,
  leaseSeconds: number,
): Promise<boolean> {
  const result = await sql`
    update streams set cursor = ${JSON.stringify(cursor)}::jsonb, last_ok_at = now(), last_error = null,
      last_done_at = case when ${nextPullInMs}::float8 is null then last_done_at else now() end,
      caught_up_at = case when ${nextPullInMs}::float8 is null then caught_up_at else coalesce(caught_up_at, now()) end,
      first_failed_at = case when ${nextPullInMs}::float8 is null then first_failed_at end,
      next_pull_at = case when ${nextPullInMs}::float8 is null then next_pull_at
        else now() + make_interval(secs => ${nextPullInMs}::float8 / 1000) end,
      lease_until = case when ${nextPullInMs}::float8 is null
        then now() + make_interval(secs => ${leaseSeconds}) end
    where id = ${stream.id} and fence = ${stream.fence}`.execute(tx);
  return Number(result.numAffectedRows ?? 0) === 1;
}

/** Notes what a page held that could not be kept; in the page's transaction. */
export async function noteRejections(tx: Tx, streamId: number, rejections: readonly string[]): Promise<void> {
  const last = rejections.at(-1);
  if (last === undefined) return;
  await sql`
    update streams set rejected = rejected + ${rejections.length}::integer, last_rejection = ${last.slice(0, 1000)}
    where id = ${streamId}`.execute(tx);
}

/** Gives a claim back: the stream is due again then. `reason` says why it waits, where that is worth a word. */
export async function releaseStream(
  db: Db,
  stream: ClaimedStream,
  dueInMs: number,
  reason: string | null,
): Promise<void> {
  await sql`
    update streams set lease_until = null, last_error = coalesce(${reason?.slice(0, 1000) ?? null}, last_error),
      next_pull_at = now() + make_interval(secs => ${dueInMs}::float8 / 1000)
    where id = ${stream.id} and fence = ${stream.fence}`.execute(db);
}

/** Why a pull failed, and how patiently it is tried again: as long as it has failed already, between these two. */
export interface StreamFailure {
  readonly error: string;
  readonly firstRetryInMs: number;
  readonly longestRetryInMs: number;
}

/**
 * Notes why a pull failed, and when to try again. The second failure in a row opens an outage, which began with the first: the measures
 * that the stream feeds are held from then on. Returns what it opened.
 */
export async function failStream(
  db: Db,
  stream: ClaimedStream,
  failure: StreamFailure,
  now: Date,
): Promise<TroubleKind | null> {
  const error = failure.error.slice(0, 1000);
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ firstFailedAt: Date | null }>`
      with before as (select id, first_failed_at from streams where id = ${stream.id} for update)
      update streams s set last_error = ${error}, lease_until = null,
        first_failed_at = coalesce(s.first_failed_at, ${now}),
        next_pull_at = now() + greatest(
          make_interval(secs => ${failure.firstRetryInMs}::float8 / 1000),
          least(${now}::timestamptz - coalesce(s.first_failed_at, ${now}), make_interval(secs => ${failure.longestRetryInMs}::float8 / 1000)))
      from before where s.id = before.id and s.fence = ${stream.fence}
      returning before.first_failed_at`.execute(tx);
    const beganAt = rows[0]?.firstFailedAt ?? null;
    if (beganAt === null) return null;
    return (await openOutage(tx, stream.id, { kind: "failing", beganAt, reason: error })) ? "failing" : null;
  });
}

/** A stream as people see it. */
export interface StreamStatus {
  readonly source: string;
  readonly kind: string;
  readonly lastOkAt: Date | null;
  readonly lastDoneAt: Date | null;
  readonly nextPullAt: Date | null;
  readonly pausedAt: Date | null;
  readonly lastError: string | null;
  readonly coveredThrough: string | null;
  /** Its open outage; null where there is none. */
  readonly trouble: TroubleKind | null;
  readonly troubleSince: Date | null;
  readonly troubleReason: string | null;
  /** What it delivered and could not be kept, ever; and why, the last time. */
  readonly rejected: number;
  readonly lastRejection: string | null;
}

/** Every stream with its last success, its last error, its trouble and the last day it has covered. */
export async function readStreams(db: Db): Promise<StreamStatus[]> {
  const { rows } = await sql<StreamStatus>`
    select s.source, s.kind, s.last_ok_at, s.last_done_at, s.next_pull_at, s.paused_at, s.last_error,
      (select max(through_day) from stream_coverage c where c.stream_id = s.id) as covered_through,
      o.kind as trouble, o.began_at as trouble_since, o.reason as trouble_reason, s.rejected, s.last_rejection
    from streams s
    left join stream_outages o on o.stream_id = s.id and o.ended_at is null
    order by s.source, s.id`.execute(db);
  return rows;
}
