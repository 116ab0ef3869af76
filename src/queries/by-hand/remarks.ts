import { z } from "zod";
import { recordsAsOf } from "../../scoring/record-state.ts";
import type { Db } from "../../store/db.ts";
import { loadHistory, recordsOnly } from "../../store/histories.ts";

/** One thing that people have said of an account. */
const remarkSchema = z.strictObject({
  kind: z.enum(["note", "pulse", "touchpoint"]),
  /** When it was so. */
  at: z.iso.datetime(),
  by: z.string().nullable(),
  /** 1 to 5, of a pulse. */
  score: z.int().nullable(),
  /** Call, meeting and so on, of a touchpoint. */
  type: z.string().nullable(),
  text: z.string().nullable(),
});
type Remark = z.infer<typeof remarkSchema>;

/** What `notes --json` and `GET /api/v1/accounts/:id/notes` answer: the newest first. */
export const remarksSchema = z.strictObject({
  /** The account's key. */
  account: z.string(),
  notes: z.array(remarkSchema),
});

/** The notes, pulses and touchpoints of an account, from Keepwell's own doors and from sources, the newest first. */
export async function readRemarks(
  db: Db,
  account: { readonly accountId: number; readonly key: string },
  limit: number,
  now: Date,
): Promise<z.infer<typeof remarksSchema>> {
  const history = await loadHistory(db, account, recordsOnly(["note", "pulse", "touchpoint"]));
  const known = now.getTime();
  const none = { score: null, type: null, text: null };
  const remarks: Remark[] = [
    ...recordsAsOf(history, "note", known).map(({ fields, lastAt }) => ({
      ...none,
      ...said("note", lastAt, fields.by),
      text: fields.text ?? null,
    })),
    ...recordsAsOf(history, "pulse", known).map(({ fields, lastAt }) => ({
      ...none,
      ...said("pulse", lastAt, fields.by),
      score: fields.score ?? null,
      text: fields.note ?? null,
    })),
    ...recordsAsOf(history, "touchpoint", known).map(({ fields, lastAt }) => ({
      ...none,
      ...said("touchpoint", lastAt, fields.by),
      type: fields.type ?? null,
      text: fields.note ?? null,
    })),
  ];
  const newest = remarks.sort((one, other) => (one.at < other.at ? 1 : -1)).slice(0, limit);
  return { account: account.key, notes: newest };
}

function said<Kind extends Remark["kind"]>(kind: Kind, at: number, by: string | null | undefined) {
  return { kind, at: new Date(at).toISOString(), by: by ?? null };
}
