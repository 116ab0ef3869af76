import { z } from "zod";
import { type AuditEntry, auditDoors } from "../../store/audit.ts";

const entrySchema = z.strictObject({
  id: z.int(),
  at: z.iso.datetime(),
  author: z.string(),
  via: z.enum(auditDoors),
  deed: z.string(),
  /** The account's key. */
  account: z.string().nullable(),
  subject: z.string().nullable(),
  data: z.unknown(),
});

/** Who did what, the newest first, as both doors tell it. */
export const auditSchema = z.strictObject({ entries: z.array(entrySchema) });

/** A deed as both doors tell it. */
export function toAuditJson(entry: AuditEntry): z.infer<typeof entrySchema> {
  return { ...entry, at: entry.at.toISOString() };
}
