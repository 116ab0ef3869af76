import { sql } from "kysely";
import type { CoverageStatement, Outage, Outages, StreamCoverage } from "../scoring/history.ts";
import { type StreamKind, streamKinds } from "../scoring/records.ts";
import type { Db, Tx } from "./db.ts";
import type { TroubleKind } from "./outages.ts";

/** Reads what every stream has stated to have delivered, for metrics to tell silence from absence. */
export async function readCoverage(db: Db | Tx): Promise<StreamCoverage> {
  const { rows } = await sql<{
    streamId: number;
    feeds: string[];
    throughDay: number;
    recordedAt: number;
    backfilled: boolean;
  }>`
    select c.stream_id, coalesce(s.feeds, array[s.kind]) as feeds, c.through_day - date '1970-01-01' as through_day,
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
    for (const kind of kindsAmong(row.feeds)) append(kinds, kind, statement);
    append(byStream, row.streamId, statement);
  }
  const names = await db.selectFrom("usageNames").select(["name", "streamId"]).execute();
  const perName = <Item>(ofStream: ReadonlyMap<number, Item[]>) =>
    new Map(names.map(({ name, streamId }) => [name, streamId === null ? [] : (ofStream.get(streamId) ?? [])]));
  const outages = await outagesAfter(db, null);
  return {
    kinds,
    usageNames: perName(byStream),
    kindOutages: outages.byKind,
    usageOutages: perName(outages.byStream),
  };
}

/** The outages that go on, or ended after a moment. */
export async function readOutages(db: Db | Tx, endedAfter: Date): Promise<Outages> {
  const outages = await outagesAfter(db, endedAfter);
  if (outages.byStream.size === 0) return { kindOutages: new Map(), usageOutages: new Map() };
  const names = await db.selectFrom("usageNames").select(["name", "streamId"]).execute();
  return {
    kindOutages: outages.byKind,
    usageOutages: new Map(
      names.map(({ name, streamId }) => [name, streamId === null ? [] : (outages.byStream.get(streamId) ?? [])]),
    ),
  };
}

const verbs: Readonly<Record<TroubleKind, string>> = {
  failing: "fails",
  late: "is late",
  empty: "brings nothing",
  zero: "brings nothing but zeros",
};

async function outagesAfter(db: Db | Tx, endedAfter: Date | null) {
  const { rows } = await sql<{
    streamId: number;
    stream: string;
    kind: TroubleKind;
    feeds: string[];
    beganAt: number;
    endedAt: number | null;
  }>`
    select o.stream_id, s.source || ' ' || s.kind as stream, o.kind, coalesce(s.feeds, array[s.kind]) as feeds,
      extract(epoch from o.began_at)::float8 * 1000 as began_at, extract(epoch from o.ended_at)::float8 * 1000 as ended_at
    from stream_outages o join streams s on s.id = o.stream_id
    where ${endedAfter}::timestamptz is null or o.ended_at is null or o.ended_at > ${endedAfter}
    order by o.began_at`.execute(db);
  const byKind = new Map<StreamKind, Outage[]>();
  const byStream = new Map<number, Outage[]>();
  for (const { streamId, stream, kind, feeds, beganAt, endedAt } of rows) {
    const outage = {
      beganAt: Math.round(beganAt),
      endedAt: endedAt === null ? null : Math.round(endedAt),
      words: `${stream} ${verbs[kind]}`,
    };
    for (const fed of kindsAmong(feeds)) append(byKind, fed, outage);
    append(byStream, streamId, outage);
  }
  return { byKind, byStream };
}

function kindsAmong(feeds: readonly string[]): readonly StreamKind[] {
  return streamKinds.filter((kind) => feeds.includes(kind));
}

function append<K, Item>(lists: Map<K, Item[]>, key: K, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
