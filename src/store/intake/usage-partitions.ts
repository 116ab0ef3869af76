import type { Input } from "../../scoring/records.ts";
import type { Db } from "../db.ts";
import { ensurePartitionsOf } from "../partitions.ts";

/** Makes the month partitions that the usage among these inputs falls into. Called before the transaction that writes it. */
export async function ensureUsagePartitions(db: Db, inputs: Iterable<Input>, now: Date): Promise<void> {
  const days = new Set<string>();
  const daysOfUsers = new Set<string>();
  for (const input of inputs) {
    if (input.kind !== "usage") continue;
    days.add(input.day);
    if (input.user !== undefined) daysOfUsers.add(input.day);
  }
  await ensurePartitionsOf(db, "usage_daily", days, now);
  await ensurePartitionsOf(db, "usage_users", daysOfUsers, now);
}
