import { sql } from "kysely";
import type { CoverageStatement, StreamCoverage } from "../scoring/history.ts";
import { type StreamKind, streamKinds } from "../scoring/records.ts";
import type { Db, Tx } from "./db.ts";

/** Reads what every stream has stated to have delivered, for metrics to tell silence from absence. */
export async function readCoverage(db: Db | Tx): Promise<StreamCoverage> {
  const { rows } = await sql<{
    streamId: number;
    kind: string;
    throughDay: number;
    recordedAt: number;
    backfilled: boolean;
  }>`
    select c.stream_id, s.kind, c.through_day - date '1970-01-01' as through_day,
      extract(epoch from c.recorded_at)::float8 * 1000 as recorded_at, c.backfilled
    from stream_coverage c join streams s on s.id = c.stream_id
    order by c.recorded_at`.execute(db);
  const kinds = new Map<StreamKind, CoverageStatement[]>();
  const byStream = new Map<number, CoverageStatement[]>();
  for (const row of rows) {
    const statement = {
      throughDay: row.throughDay,
      recordedAt: Math.round(row.recordedAt),
      backfilled: row.backfilled,
    };
    const kind = streamKinds.find((known) => known === row.kind);
    if (kind !== undefined) append(kinds, kind, statement);
    append(byStream, row.streamId, statement);
  }
  const names = await db.selectFrom("usageNames").select(["name", "streamId"]).execute();
  const usageNames = new Map(
    names.map(({ name, streamId }) => [name, streamId === null ? [] : (byStream.get(streamId) ?? [])]),
  );
  return { kinds, usageNames };
}

function append<K>(lists: Map<K, CoverageStatement[]>, key: K, statement: CoverageStatement): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [statement]);
  else list.push(statement);
}
