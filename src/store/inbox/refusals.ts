import { sql } from "kysely";
import type { Db } from "../db.ts";

/** Deliveries of a source that were refused for one reason. */
export interface RefusalCount {
  readonly source: string;
  readonly reason: string;
  readonly deliveries: number;
}

/** Adds to the refusals of this hour: a row for each source and reason, however many there are. */
export async function addRefusals(db: Db, counts: readonly RefusalCount[]): Promise<void> {
  if (counts.length === 0) return;
  await sql`
    insert into inbox_refusals as r (source, reason, hour, deliveries, last_at)
    select source, reason, date_trunc('hour', now(), 'UTC'), deliveries, now()
    from unnest(
      ${counts.map(({ source }) => source)}::text[],
      ${counts.map(({ reason }) => reason)}::text[],
      ${counts.map(({ deliveries }) => deliveries)}::bigint[]
    ) as n (source, reason, deliveries)
    -- Servers that add at once take the rows in one order.
    order by source, reason
    on conflict (source, reason, hour) do update
      set deliveries = r.deliveries + excluded.deliveries, last_at = greatest(r.last_at, excluded.last_at)`.execute(db);
}

export interface Refusals extends RefusalCount {
  readonly lastAt: Date;
}

/** What was refused since the hour in which `since` falls, the most frequent first. */
export async function readRefusals(db: Db, since: Date): Promise<Refusals[]> {
  const { rows } = await sql<Refusals>`
    select source, reason, sum(deliveries)::bigint as deliveries, max(last_at) as last_at
    from inbox_refusals where hour >= date_trunc('hour', ${since}::timestamptz, 'UTC')
    group by source, reason
    order by deliveries desc, source, reason`.execute(db);
  return rows;
}
