import { sql } from "kysely";
import type { Tx } from "../db.ts";

/**
 * Gives an account's usage to another one. Totals of a day that both have are added up, for every moment at which something was known of
 * either; a user of both counts once; raw events move, so that none is counted again.
 */
export async function moveUsage(tx: Tx, fromId: number, intoId: number): Promise<void> {
  await addUpCommonDays(tx, fromId, intoId);
  await sql`update usage_daily set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
  await sql`update usage_superseded set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
  await sql`
    insert into usage_events (account_id, key, name_id, day, value, recorded_at, backfilled)
    select ${intoId}, key, name_id, day, value, recorded_at, backfilled from usage_events where account_id = ${fromId}
    on conflict do nothing`.execute(tx);
  await sql`delete from usage_events where account_id = ${fromId}`.execute(tx);
  await sql`
    insert into usage_users as u (account_id, name_id, day, user_hash, recorded_at, backfilled)
    select ${intoId}, name_id, day, user_hash, recorded_at, backfilled from usage_users where account_id = ${fromId}
    on conflict (account_id, name_id, day, user_hash) do update set
      recorded_at = least(u.recorded_at, excluded.recorded_at), backfilled = u.backfilled or excluded.backfilled`.execute(
    tx,
  );
  await sql`delete from usage_users where account_id = ${fromId}`.execute(tx);
}

/** At each moment the sum is what was known of both: the newest sum is the day's, the others are what it was before. */
async function addUpCommonDays(tx: Tx, fromId: number, intoId: number): Promise<void> {
  await sql`
    with common as (
      select name_id, day, f.backfilled and i.backfilled as backfilled
      from usage_daily f join usage_daily i using (name_id, day)
      where f.account_id = ${fromId} and i.account_id = ${intoId}
    ), versions as (
      select account_id, name_id, day, value, recorded_at from usage_daily
      where account_id in (${fromId}, ${intoId}) and (name_id, day) in (select name_id, day from common)
      union all
      select account_id, name_id, day, value, recorded_at from usage_superseded
      where account_id in (${fromId}, ${intoId}) and (name_id, day) in (select name_id, day from common)
    ), moments as (
      select distinct name_id, day, recorded_at from versions
    ), sums as (
      select m.name_id, m.day, m.recorded_at, (
        select sum(value) from (
          select distinct on (v.account_id) v.value from versions v
          where v.name_id = m.name_id and v.day = m.day and v.recorded_at <= m.recorded_at
          order by v.account_id, v.recorded_at desc
        ) known
      ) as value, row_number() over (partition by m.name_id, m.day order by m.recorded_at desc) as back
      from moments m
    ), before as (
      insert into usage_superseded (account_id, name_id, day, value, recorded_at)
      select ${intoId}, name_id, day, value, recorded_at from sums where back > 1
      on conflict (account_id, name_id, day, recorded_at) do update set value = excluded.value
    ), forgotten as (
      delete from usage_superseded where account_id = ${fromId} and (name_id, day) in (select name_id, day from common)
    ), gone as (
      delete from usage_daily where account_id = ${fromId} and (name_id, day) in (select name_id, day from common)
    ), added as (
      update usage_daily u set value = s.value, recorded_at = s.recorded_at, backfilled = c.backfilled
      from sums s join common c using (name_id, day)
      where s.back = 1 and u.account_id = ${intoId} and u.name_id = s.name_id and u.day = s.day
    )
    select count(*) from common`.execute(tx);
}
