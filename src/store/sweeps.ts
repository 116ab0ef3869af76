import { sql } from "kysely";
import type { SourceKind } from "../scoring/records.ts";
import type { Tx } from "./db.ts";

/** Something that a sweep came upon. */
export interface Sighting {
  readonly kind: SourceKind;
  readonly id: string;
}

/** Keeps what a page of a sweep came upon. */
export async function keepSightings(
  tx: Tx,
  streamId: number,
  sweep: string,
  sightings: readonly Sighting[],
): Promise<void> {
  await sql`
    insert into sweep_sightings (stream_id, sweep, kind, external_id)
    select distinct ${streamId}::integer, ${sweep}, kind, external_id
    from unnest(${sightings.map(({ kind }) => kind)}::text[], ${sightings.map(({ id }) => id)}::text[]) as s (kind, external_id)
    on conflict do nothing`.execute(tx);
}

/** A sweep at its end, beside the one that came to its end before. */
export interface FinishedSweep {
  readonly seen: number;
  /** Null: it is the first. */
  readonly seenBefore: number | null;
}

export async function countSweep(tx: Tx, streamId: number, sweep: string): Promise<FinishedSweep> {
  const { rows } = await sql<FinishedSweep>`
    select count(*) filter (where g.sweep = ${sweep})::integer as seen,
      case when s.last_sweep is not null then count(*) filter (where g.sweep = s.last_sweep)::integer end as seen_before
    from streams s left join sweep_sightings g on g.stream_id = s.id
    where s.id = ${streamId} group by s.id`.execute(tx);
  return rows[0] ?? { seen: 0, seenBefore: null };
}

/**
 * Takes a sweep as what there is, and returns what the one before came upon and this one did not. What another way brought in meanwhile
 * is not among it: no sweep has seen it yet.
 */
export async function takeSweep(tx: Tx, streamId: number, sweep: string): Promise<Sighting[]> {
  const { rows } = await sql<Sighting>`
    select before.kind, before.external_id as id
    from streams s
    join sweep_sightings before on before.stream_id = s.id and before.sweep = s.last_sweep
    where s.id = ${streamId} and s.last_sweep <> ${sweep} and not exists (
      select from sweep_sightings g where g.stream_id = s.id and g.sweep = ${sweep}
        and g.kind = before.kind and g.external_id = before.external_id)
    order by 1, 2`.execute(tx);
  await sql`delete from sweep_sightings where stream_id = ${streamId} and sweep <> ${sweep}`.execute(tx);
  await sql`update streams set last_sweep = ${sweep} where id = ${streamId}`.execute(tx);
  return rows;
}

/** Forgets a sweep that cannot be what there is. */
export async function dropSweep(tx: Tx, streamId: number, sweep: string): Promise<void> {
  await sql`delete from sweep_sightings where stream_id = ${streamId} and sweep = ${sweep}`.execute(tx);
}
