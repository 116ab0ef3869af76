import { z } from "zod";
import type { Db } from "../store/db.ts";
import { readArchived } from "../store/identity/archived.ts";

/** Since when an account is neither scored nor judged any more, and why; null while it is. */
export const archivalSchema = z
  .strictObject({
    since: z.iso.datetime(),
    reason: z.string(),
    /** The key of the account in which it went up; null: in none. */
    mergedInto: z.string().nullable(),
  })
  .nullable();
export type Archival = z.infer<typeof archivalSchema>;

/** Whether an account is archived, as both doors tell it. */
export async function readArchival(db: Db, accountId: number): Promise<Archival> {
  const archived = await readArchived(db, accountId);
  return archived === null ? null : { ...archived, since: archived.since.toISOString() };
}
