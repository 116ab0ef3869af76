import { sql } from "kysely";
import type { Db } from "../db.ts";

/** How many accounts of a playbook are in a state, kept waiting by a guard (null: by none). */
export interface StateCount {
  readonly playbookId: string;
  readonly state: "inactive" | "pending" | "firing" | "recovering";
  readonly guard: string | null;
  readonly accounts: number;
}

/** Where playbooks stand with all accounts that are not archived. */
export async function countStates(db: Db): Promise<readonly StateCount[]> {
  const { rows } = await sql<StateCount>`
    select t.playbook_id, t.state, t.guard, count(*)::integer as accounts
    from trigger_states t join accounts a on a.id = t.account_id and a.archived_at is null
    group by t.playbook_id, t.state, t.guard
    order by t.playbook_id, t.state, t.guard`.execute(db);
  return rows;
}
