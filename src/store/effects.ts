import { sql } from "kysely";
import type { Db } from "./db.ts";

/** How the accounts of one group of a playbook have fared. */
export interface GroupCounts {
  readonly group: "treated" | "holdout";
  /** Families of accounts whose time for the goal is over, or that have reached it. */
  readonly accounts: number;
  readonly reached: number;
  /** Families that still have time. */
  readonly open: number;
  /** Over the accounts with a score on both days; null where there is none. */
  readonly scoreBefore: number | null;
  readonly scoreAfter: number | null;
}

/**
 * Counts by family (the account on top), as those are held out together: the first run of each since `from`, whether or not its steps went
 * through. The score is that of the day of the run, and of the day on which the time for the goal was over.
 */
export async function countEffect(
  db: Db,
  playbookId: string,
  { from, now }: { readonly from: Date | null; readonly now: Date },
): Promise<readonly GroupCounts[]> {
  const { rows } = await sql<GroupCounts>`
    with recursive roots as (
      select id, id as root from accounts where parent_id is null
      union all
      select a.id, r.root from accounts a join roots r on a.parent_id = r.id
    ), firsts as (
      select distinct on (roots.root) runs.* from runs join roots on roots.id = runs.account_id
      where runs.playbook_id = ${playbookId} and runs.cause = 'trigger' and runs.goal_until is not null
        ${from === null ? sql`` : sql`and runs.started_at >= ${from}`}
      order by roots.root, runs.started_at, runs.id
    ), fared as (
      select f.*, f.goal_reached_at is not null as has_reached,
        f.goal_reached_at is not null or f.goal_until <= ${now} as is_settled,
        (select s.score from scores s where s.account_id = f.account_id and s.day <= f.started_at::date
          order by s.day desc limit 1) as before,
        (select s.score from scores s where s.account_id = f.account_id and s.day <= f.goal_until::date
          and f.goal_until <= ${now} order by s.day desc limit 1) as after
      from firsts f
    )
    select case when state = 'holdout' then 'holdout' else 'treated' end as group,
      count(*) filter (where is_settled)::integer as accounts,
      count(*) filter (where is_settled and has_reached)::integer as reached,
      count(*) filter (where not is_settled)::integer as open,
      round(avg(before) filter (where before is not null and after is not null), 1)::float8 as score_before,
      round(avg(after) filter (where before is not null and after is not null), 1)::float8 as score_after
    from fared group by 1`.execute(db);
  return rows;
}
