import { sql } from "kysely";
import type { Db } from "./db.ts";

/** The usage names an account has ever had a row of, in order of name, `limit` at most. */
export async function readUsageNamesOf(db: Db, accountId: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select n.name from usage_names n
    where exists (select from usage_daily u where u.account_id = ${accountId} and u.name_id = n.id)
    order by n.name limit ${limit}`.execute(db);
  return rows.map((row) => row.name);
}
