import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { idArray } from "../arrays.ts";
import type { Db, Tx } from "../db.ts";
import { keepFirstFact, readFact } from "../installation.ts";

/** The topmost account above each of these; itself where there is none. */
export async function readRoots(db: Db | Tx, accountIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ accountId: number; rootId: number }>`
    with recursive above as (
      select id as account_id, id, parent_id from accounts where id = any(${idArray(accountIds)}::bigint[])
      union
      select above.account_id, p.id, p.parent_id from above join accounts p on p.id = above.parent_id
    )
    select distinct on (account_id) account_id, id as root_id from above order by account_id, parent_id is not null, id`.execute(
    db,
  );
  return new Map(rows.map(({ accountId, rootId }) => [accountId, rootId]));
}

/** What decides, together with an account and a playbook, who is held out. Made once for an installation. */
export async function readHoldoutSalt(db: Db | Tx): Promise<string> {
  const known = await readFact(db, "holdout-salt");
  return String(known ?? (await keepFirstFact(db, "holdout-salt", randomBytes(16).toString("hex"))));
}
