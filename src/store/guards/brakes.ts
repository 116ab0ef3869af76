import type { Db, Tx } from "../db.ts";

/** A storm brake that was pulled and of which nobody has decided yet. */
export interface PulledBrake {
  readonly id: number;
  readonly playbookId: string;
  readonly pulledAt: Date;
  /** Runs that had begun within the sliding window, of so many accounts in the audience. */
  readonly begun: number;
  readonly audience: number;
}

/** The brakes that are pulled now. */
export async function readPulledBrakes(db: Db | Tx): Promise<PulledBrake[]> {
  return db
    .selectFrom("stormBrakes")
    .select(["id", "playbookId", "pulledAt", "begun", "audience"])
    .where("decidedAt", "is", null)
    .orderBy("playbookId")
    .execute();
}
