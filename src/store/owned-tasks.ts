import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** An open task that belongs to whoever owns its account. */
export interface OwnedTask {
  readonly id: number;
  readonly accountId: number;
  readonly assignee: string;
}

/** The open tasks of a batch of accounts that were given to their owners. */
export async function readOwnedTasks(db: Db | Tx, accountIds: readonly number[]): Promise<OwnedTask[]> {
  const { rows } = await sql<OwnedTask>`
    select id, account_id, assignee from tasks
    where account_id = any(${accountIds}::bigint[]) and as_owner and state = 'open' and assignee is not null
    order by id`.execute(db);
  return rows;
}

/** A task and who is to have it; `asOwner` is false for somebody who only stands in, and keeps it. */
export interface TaskMove {
  readonly id: number;
  readonly assignee: string;
  readonly asOwner: boolean;
}

/** Gives open tasks to others; answers the ids of those that were still open. */
export async function moveTasks(tx: Tx, moves: readonly TaskMove[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    update tasks t set assignee = m.assignee, as_owner = m.as_owner
    from unnest(
      ${moves.map(({ id }) => id)}::bigint[],
      ${moves.map(({ assignee }) => assignee)}::text[],
      ${moves.map(({ asOwner }) => asOwner)}::boolean[]
    ) as m (id, assignee, as_owner)
    where t.id = m.id and t.state = 'open'
    returning t.id`.execute(tx);
  return rows.map(({ id }) => id);
}
