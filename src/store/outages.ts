import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { markAllDirty } from "./intake/accounts.ts";
import { passGate } from "./intake/gate.ts";

/** How a stream may be in trouble: its pulls fail; none comes; it brings nothing, or nothing but zeros, as it never did. */
export type TroubleKind = "failing" | "late" | "empty" | "zero";

/** A stream in trouble. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** The last moment at which what is known was still whole. */
  readonly beganAt: Date;
  readonly reason: string;
}

/**
 * Opens an outage, which holds the measures that the stream feeds; returns whether it did. A stream has one at a time, and none of a
 * kind that an operator has accepted.
 */
export async function openOutage(tx: Tx, streamId: number, { kind, beganAt, reason }: Trouble): Promise<boolean> {
  const opened = await sql`
    insert into stream_outages (stream_id, began_at, reason, kind)
    select id, ${beganAt}, ${reason.slice(0, 1000)}, ${kind} from streams
    where id = ${streamId} and accepted_trouble is distinct from ${kind}
    on conflict do nothing`.execute(tx);
  if (opened.numAffectedRows !== 1n) return false;
  await makeAllDue(tx);
  return true;
}

/** How the trouble of a stream stands. */
export interface Standing {
  readonly open: TroubleKind | null;
  /** Said by an operator to be so. */
  readonly accepted: TroubleKind | null;
}

export async function readStanding(tx: Tx, streamId: number): Promise<Standing> {
  const { rows } = await sql<Standing>`
    select o.kind as open, s.accepted_trouble as accepted
    from streams s left join stream_outages o on o.stream_id = s.id and o.ended_at is null
    where s.id = ${streamId}`.execute(tx);
  return rows[0] ?? { open: null, accepted: null };
}

/** Ends the outage of a stream that is whole again. */
export async function endOutage(tx: Tx, streamId: number, now: Date): Promise<void> {
  const ended = await sql`
    update stream_outages set ended_at = greatest(${now}::timestamptz, began_at)
    where stream_id = ${streamId} and ended_at is null`.execute(tx);
  if ((ended.numAffectedRows ?? 0n) > 0n) await makeAllDue(tx);
}

/** From now on the trouble that an operator accepted is trouble again. */
export async function forgetAcceptance(tx: Tx, streamId: number): Promise<void> {
  await sql`update streams set accepted_trouble = null where id = ${streamId}`.execute(tx);
}

/**
 * "It is so": ends the open outage of a stream and opens none of its kind until the stream was without it in between. What the stream
 * says counts from then on, zeros too. Null when it is in no trouble.
 */
export async function acceptOutage(
  tx: Tx,
  source: string,
  stream: string,
  author: string,
  now: Date,
): Promise<TroubleKind | null> {
  const { rows } = await sql<{ kind: TroubleKind; streamId: number }>`
    update stream_outages o set ended_at = greatest(${now}::timestamptz, o.began_at), accepted_by = ${author}
    from streams s
    where s.id = o.stream_id and s.source = ${source} and s.kind = ${stream} and o.ended_at is null
    returning o.kind, o.stream_id`.execute(tx);
  const [accepted] = rows;
  if (accepted === undefined) return null;
  // Whatever it has to say that was kept back is said with its next pull.
  await sql`update streams set accepted_trouble = ${accepted.kind}, next_pull_at = null where id = ${accepted.streamId}`.execute(
    tx,
  );
  await makeAllDue(tx);
  return accepted.kind;
}

/** An outage that the operator has not been told of. */
export interface UntoldOutage extends Trouble {
  readonly streamId: number;
  readonly source: string;
  readonly stream: string;
  readonly feeds: readonly string[];
  readonly endedAt: Date | null;
}

export async function readUntoldOutages(db: Db): Promise<UntoldOutage[]> {
  const { rows } = await sql<UntoldOutage>`
    select o.stream_id, s.source, s.kind as stream, coalesce(s.feeds, array[s.kind]) as feeds,
      o.kind, o.began_at, o.ended_at, o.reason
    from stream_outages o join streams s on s.id = o.stream_id
    where o.told_at is null order by o.began_at`.execute(db);
  return rows;
}

export async function markTold(db: Db, { streamId, beganAt }: UntoldOutage): Promise<void> {
  await sql`
    update stream_outages set told_at = now() where stream_id = ${streamId} and began_at = ${beganAt}`.execute(db);
}

async function makeAllDue(tx: Tx): Promise<void> {
  await passGate(tx, "alone");
  await markAllDirty(tx);
}
