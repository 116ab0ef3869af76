import { schedule } from "node-cron";
import type { Log } from "../log.ts";
import { type Db, readNow } from "../store/db.ts";
import { finishSlot, readNewestSlot, skipSlots, takeSlot } from "../store/slots.ts";

/** Work that time alone makes due: one slot a UTC day. */
export interface DailyJob {
  readonly name: string;
  run(now: Date): Promise<Readonly<Record<string, unknown>>>;
}

const dayMs = 86_400_000;
const leaseSeconds = 600;
/** Older missed slots than these are not listed one by one. */
const longestBacklog = 30;

/** The slots that passed since the newest known one: the newest is to be done, the older ones are skipped. Days are UTC. @internal */
export function dueSlots(
  newest: Date | null,
  now: Date,
): { readonly due: Date | null; readonly skipped: readonly Date[] } {
  const today = Math.floor(now.getTime() / dayMs) * dayMs;
  if (newest === null) return { due: new Date(today), skipped: [] };
  const missed: Date[] = [];
  const first = Math.max(newest.getTime() + dayMs, today - longestBacklog * dayMs);
  for (let slot = first; slot < today; slot += dayMs) missed.push(new Date(slot));
  return { due: newest.getTime() < today ? new Date(today) : null, skipped: missed };
}

/** Does today's slot of a job, if no process has done it yet. @internal */
export async function runDailyJob(db: Db, job: DailyJob, now: Date): Promise<boolean> {
  const newest = await readNewestSlot(db, job.name);
  const { due, skipped } = dueSlots(newest, now);
  await skipSlots(db, job.name, skipped);
  // The newest slot may be one whose process died: taking it again succeeds only when its lease has run out.
  const slot = due ?? newest;
  if (slot === null || !(await takeSlot(db, job.name, slot, leaseSeconds))) return false;
  await finishSlot(db, job.name, slot, await job.run(now));
  return true;
}

/** Rings every minute, in UTC: node-cron only wakes, the slots in the database say what is due. */
export function startHeartbeat(db: Db, jobs: readonly DailyJob[], log: Log): { stop(): Promise<void> } {
  let isRunning = false;
  const ring = async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      const now = await readNow(db);
      for (const job of jobs) await runDailyJob(db, job, now);
    } catch (error) {
      log.error({ err: error }, "scheduled work failed; it is tried again in a minute");
    } finally {
      isRunning = false;
    }
  };
  const task = schedule("* * * * *", ring, { timezone: "Etc/UTC" });
  void ring();
  return {
    async stop() {
      await task.destroy();
    },
  };
}
