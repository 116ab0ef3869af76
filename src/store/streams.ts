import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { markAllDirty } from "./intake/accounts.ts";
import { passGate } from "./intake/gate.ts";

/** A stream that this process may pull, as long as its fence stands. */
export interface ClaimedStream {
  readonly id: number;
  readonly cursor: unknown;
  readonly fence: number;
  /** When it was pulled to its end for the first time; null: never yet. */
  readonly caughtUpAt: Date | null;
}

/** Claims a stream of a source when its next pull is due; null when it is not, or another process has it. */
export async function claimDueStream(
  db: Db,
  source: string,
  name: string,
  feeds: readonly string[],
  leaseSeconds: number,
): Promise<ClaimedStream | null> {
  await sql`
    insert into streams (source, kind, feeds) values (${source}, ${name}, ${feeds}::text[])
    on conflict (source, kind) do update set feeds = excluded.feeds where streams.feeds is distinct from excluded.feeds`.execute(
    db,
  );
  const { rows } = await sql<ClaimedStream>`
    update streams set lease_until = now() + make_interval(secs => ${leaseSeconds}), fence = fence + 1
    where source = ${source} and kind = ${name} and paused_at is null
      and coalesce(next_pull_at, '-infinity') <= now() and coalesce(lease_until, '-infinity') <= now()
    returning id, cursor, fence, caught_up_at`.execute(db);
  return rows[0] ?? null;
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
      next_pull_at = case when ${nextPullInMs}::float8 is null then next_pull_at
        else now() + make_interval(secs => ${nextPullInMs}::float8 / 1000) end,
      lease_until = case when ${nextPullInMs}::float8 is null
        then now() + make_interval(secs => ${leaseSeconds}) end
    where id = ${stream.id} and fence = ${stream.fence}`.execute(tx);
  return Number(result.numAffectedRows ?? 0) === 1;
}

/**
 * Notes why a pull failed, and when to try again. The second failure in a row opens an outage, which began with the first: the measures
 * that the stream feeds are held from then on.
 */
export async function failStream(
  db: Db,
  stream: ClaimedStream,
  failure: { readonly error: string; readonly retryInMs: number },
  now: Date,
): Promise<void> {
  const error = failure.error.slice(0, 1000);
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ firstFailedAt: Date | null }>`
      with before as (select id, first_failed_at from streams where id = ${stream.id} for update)
      update streams s set last_error = ${error}, lease_until = null,
        first_failed_at = coalesce(s.first_failed_at, ${now}),
        next_pull_at = now() + make_interval(secs => ${failure.retryInMs}::float8 / 1000)
      from before where s.id = before.id and s.fence = ${stream.fence}
      returning before.first_failed_at`.execute(tx);
    const beganAt = rows[0]?.firstFailedAt ?? null;
    if (beganAt === null) return;
    const opened = await sql`
      insert into stream_outages (stream_id, began_at, reason) values (${stream.id}, ${beganAt}, ${error})
      on conflict do nothing`.execute(tx);
    if (opened.numAffectedRows === 1n) await makeAllDue(tx);
  });
}

/** Notes that a stream was pulled to its end: an outage ends. In the transaction of its last page. */
export async function endOutage(tx: Tx, stream: ClaimedStream, now: Date): Promise<void> {
  await sql`update streams set first_failed_at = null where id = ${stream.id} and first_failed_at is not null`.execute(
    tx,
  );
  const ended = await sql`
    update stream_outages set ended_at = greatest(${now}::timestamptz, began_at)
    where stream_id = ${stream.id} and ended_at is null`.execute(tx);
  if ((ended.numAffectedRows ?? 0n) > 0n) await makeAllDue(tx);
}

async function makeAllDue(tx: Tx): Promise<void> {
  await passGate(tx, "alone");
  await markAllDirty(tx);
}

export interface StreamStatus {
  readonly source: string;
  readonly kind: string;
  readonly lastOkAt: Date | null;
  readonly lastError: string | null;
  readonly coveredThrough: string | null;
}

/** Every stream with its last success, its last error and the last day it has covered. */
export async function readStreams(db: Db): Promise<StreamStatus[]> {
  const { rows } = await sql<StreamStatus>`
    select s.source, s.kind, s.last_ok_at, s.last_error,
      (select max(through_day) from stream_coverage c where c.stream_id = s.id) as covered_through
    from streams s order by s.source, s.id`.execute(db);
  return rows;
}
