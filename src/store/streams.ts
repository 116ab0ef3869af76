import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** A stream that this process may pull, as long as its fence stands. */
export interface ClaimedStream {
  readonly id: number;
  readonly cursor: unknown;
  readonly fence: number;
}

/** Claims a stream of a source when its next pull is due; null when it is not, or another process has it. */
export async function claimDueStream(
  db: Db,
  source: string,
  kind: string,
  leaseSeconds: number,
): Promise<ClaimedStream | null> {
  await db
    .insertInto("streams")
    .values({ source, kind, lastError: null })
    .onConflict((conflict) => conflict.columns(["source", "kind"]).doNothing())
    .execute();
  const { rows } = await sql<ClaimedStream>`
    update streams set lease_until = now() + make_interval(secs => ${leaseSeconds}), fence = fence + 1
    where source = ${source} and kind = ${kind}
      and coalesce(next_pull_at, '-infinity') <= now() and coalesce(lease_until, '-infinity') <= now()
    returning id, cursor, fence`.execute(db);
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
      next_pull_at = case when ${nextPullInMs}::float8 is null then next_pull_at
        else now() + make_interval(secs => ${nextPullInMs}::float8 / 1000) end,
      lease_until = case when ${nextPullInMs}::float8 is null
        then now() + make_interval(secs => ${leaseSeconds}) end
    where id = ${stream.id} and fence = ${stream.fence}`.execute(tx);
  return Number(result.numAffectedRows ?? 0) === 1;
}

/** Notes why a pull failed, and when to try again. */
export async function failStream(db: Db, stream: ClaimedStream, error: string, retryInMs: number): Promise<void> {
  await sql`
    update streams set last_error = ${error.slice(0, 1000)}, lease_until = null,
      next_pull_at = now() + make_interval(secs => ${retryInMs}::float8 / 1000)
    where id = ${stream.id} and fence = ${stream.fence}`.execute(db);
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
