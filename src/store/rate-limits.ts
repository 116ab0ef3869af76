import { sql } from "kysely";
import type { Db } from "./db.ts";

/** How calls under a limit are spread: one each `spacingMs`, and those that were left out may be made up for `toleranceMs` back. */
export interface Spacing {
  readonly spacingMs: number;
  readonly toleranceMs: number;
}

/** When a call may go. */
export interface CallSlot {
  readonly waitMs: number;
  /** Why the vendor told us to wait; null where it did not. */
  readonly reason: string | null;
}

/**
 * Takes the next free place under a limit, shared by all processes, and returns when it is; none is taken when it lies further away than
 * `longestWaitMs`. One statement (a generic cell rate: `next_free_at` is the moment from which nothing is left to be made up).
 */
export async function reserveCall(
  db: Db,
  bucket: string,
  { spacingMs, toleranceMs }: Spacing,
  longestWaitMs: number,
): Promise<CallSlot> {
  const { rows } = await sql<CallSlot>`
    insert into rate_limits as r (bucket, next_free_at)
    values (${bucket}, clock_timestamp() + ${seconds(spacingMs)})
    on conflict (bucket) do update
      set next_free_at = greatest(r.next_free_at, r.blocked_until, clock_timestamp()) + ${seconds(spacingMs)}
      where greatest(r.next_free_at - ${seconds(toleranceMs)}, r.blocked_until, clock_timestamp())
        <= clock_timestamp() + ${seconds(longestWaitMs)}
    returning ${waitMs(sql`next_free_at - ${seconds(spacingMs + toleranceMs)}`)} as wait_ms,
      case when blocked_until > clock_timestamp() then reason end as reason`.execute(db);
  if (rows[0] !== undefined) return rows[0];
  const busy = await sql<CallSlot>`
    select ${waitMs(sql`next_free_at - ${seconds(toleranceMs)}`)} as wait_ms,
      case when blocked_until > clock_timestamp() then reason end as reason
    from rate_limits where bucket = ${bucket}`.execute(db);
  const [slot] = busy.rows;
  return { waitMs: Math.max(longestWaitMs + 1, slot?.waitMs ?? 0), reason: slot?.reason ?? null };
}

/** Nobody calls under this limit for a while, because the vendor says so; a longer wait that was told before stands. */
export async function blockCalls(db: Db, bucket: string, forMs: number, reason: string): Promise<void> {
  await sql`
    insert into rate_limits as r (bucket, blocked_until, reason)
    values (${bucket}, clock_timestamp() + ${seconds(forMs)}, ${reason.slice(0, 1000)})
    on conflict (bucket) do update
      set blocked_until = excluded.blocked_until, reason = excluded.reason
      where r.blocked_until is null or r.blocked_until < excluded.blocked_until`.execute(db);
}

function seconds(milliseconds: number) {
  return sql`make_interval(secs => ${milliseconds}::float8 / 1000)`;
}

function waitMs(freeAt: ReturnType<typeof sql>) {
  return sql<number>`extract(epoch from greatest(interval '0', ${freeAt} - clock_timestamp(), blocked_until - clock_timestamp()))::float8 * 1000`;
}
