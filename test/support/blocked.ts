import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { Db } from "../../src/store/db.ts";

/** Waits until some work of the database waits for an advisory lock, or is done without. */
export async function untilBlocked(db: Db, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const settled = () => {
    isDone = true;
  };
  work.then(settled, settled);
  for (;;) {
    const { rows } = await sql`
      select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
      where l.locktype = 'advisory' and not l.granted`.execute(db);
    if (isDone || rows.length > 0) return;
    await sleep(20);
  }
}
