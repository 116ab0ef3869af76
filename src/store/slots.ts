import { sql } from "kysely";
import type { Db } from "./db.ts";

/**
 * Takes a slot of scheduled work: true when this process is to do it. A slot is one row for ever, so it is done once; one whose
 * process died is free again when its lease has run out.
 */
export async function takeSlot(db: Db, job: string, slot: Date, leaseSeconds: number): Promise<boolean> {
  const result = await sql`
    insert into slots (job, slot, state, lease_until)
    values (${job}, ${slot}, 'running', now() + make_interval(secs => ${leaseSeconds}))
    on conflict (job, slot) do update set lease_until = excluded.lease_until
    where slots.state = 'running' and slots.lease_until < now()`.execute(db);
  return Number(result.numAffectedRows ?? 0) === 1;
}

/** Notes that a slot's work is done. */
export async function finishSlot(db: Db, job: string, slot: Date, detail: unknown): Promise<void> {
  await db
    .updateTable("slots")
    .set({ state: "done", finishedAt: sql<Date>`now()`, leaseUntil: null, detail: JSON.stringify(detail) })
    .where("job", "=", job)
    .where("slot", "=", slot)
    .execute();
}

/** The newest slot of a job that was taken or skipped; null when there was none. */
export async function readNewestSlot(db: Db, job: string): Promise<Date | null> {
  const row = await db
    .selectFrom("slots")
    .select("slot")
    .where("job", "=", job)
    .orderBy("slot", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.slot ?? null;
}

/** Records slots that passed while nothing ran, so that they are skipped visibly. */
export async function skipSlots(db: Db, job: string, slots: readonly Date[]): Promise<void> {
  if (slots.length === 0) return;
  await db
    .insertInto("slots")
    .values(slots.map((slot) => ({ job, slot, state: "skipped" as const })))
    .onConflict((conflict) => conflict.columns(["job", "slot"]).doNothing())
    .execute();
}
