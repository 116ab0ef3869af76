import { z } from "zod";
import type { Db } from "../../store/db.ts";
import {
  type DocumentApplication,
  type DocumentRevision,
  listApplications,
  listRevisions,
} from "../../store/document-history.ts";
import { type DocumentName, readLiveDocuments } from "../../store/documents.ts";

const name = z.strictObject({ kind: z.string(), id: z.string(), revision: z.int() });

/** Applications that changed anything, the newest first, and what each one did. */
export const applicationsSchema = z.strictObject({
  applications: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      author: z.string(),
      note: z.string().nullable(),
      created: z.array(name),
      changed: z.array(name),
      removed: z.array(name),
    }),
  ),
});
export type Applications = z.infer<typeof applicationsSchema>;

/** The revisions of documents, the newest of each first. */
export const revisionsSchema = z.strictObject({
  revisions: z.array(
    name.extend({
      at: z.iso.datetime(),
      author: z.string(),
      note: z.string().nullable(),
      isLive: z.boolean(),
    }),
  ),
});
export type Revisions = z.infer<typeof revisionsSchema>;

/** The last applications. */
export async function readApplications(db: Db, limit: number): Promise<Applications> {
  const found = await listApplications(db, limit + 1);
  return {
    applications: found.slice(0, limit).map((one, index) => applicationJson(one, found[index + 1]?.live ?? [])),
  };
}

/** The revisions of all documents of a kind, or of one of them. */
export async function readHistory(
  db: Db,
  which: { readonly kind: string; readonly id?: string | undefined },
): Promise<Revisions> {
  const live = new Map((await readLiveDocuments(db)).map((one) => [keyOf(one), one.revision]));
  const revisions = await listRevisions(db, which);
  return {
    revisions: revisions.map((one) => ({
      ...one,
      at: one.at.toISOString(),
      isLive: live.get(keyOf(one)) === one.revision,
    })),
  };
}

function applicationJson(
  { at, author, note, live }: DocumentApplication,
  before: readonly DocumentRevision[],
): Applications["applications"][number] {
  const earlier = new Map(before.map((one) => [keyOf(one), one]));
  const names = new Set(live.map(keyOf));
  return {
    at: at.toISOString(),
    author,
    note,
    created: live.filter((one) => !earlier.has(keyOf(one))),
    changed: live.filter((one) => {
      const old = earlier.get(keyOf(one));
      return old !== undefined && old.revision !== one.revision;
    }),
    removed: before.filter((one) => !names.has(keyOf(one))),
  };
}

function keyOf({ kind, id }: DocumentName): string {
  return `${kind} ${id}`;
}
