import type { Db, Tx } from "./db.ts";
import type { DocumentInput, DocumentName } from "./documents.ts";

/** One immutable version of a document. */
export interface DocumentRevision extends DocumentName {
  readonly revision: number;
}

/** When a revision came to be, by whom and why. */
export interface RevisionNote extends DocumentRevision {
  readonly author: string;
  readonly note: string | null;
  readonly at: Date;
}

/** An application that changed anything, and what was in force from then on. */
export interface DocumentApplication {
  readonly id: number;
  readonly at: Date;
  readonly author: string;
  readonly note: string | null;
  readonly live: readonly DocumentRevision[];
}

/** Applications, the newest first; of several at one moment the last one. */
export async function listApplications(db: Db | Tx, limit: number): Promise<readonly DocumentApplication[]> {
  return await db
    .selectFrom("documentApplications")
    .select(["id", "at", "author", "note", "live"])
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

/** The last application at or before a moment; null when that is not known. */
export async function findApplicationAt(db: Db | Tx, at: Date): Promise<DocumentApplication | null> {
  const row = await db
    .selectFrom("documentApplications")
    .select(["id", "at", "author", "note", "live"])
    .where("at", "<=", at)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Every revision of a kind, or of one document of it, the newest of each first. */
export async function listRevisions(
  db: Db | Tx,
  { kind, id }: { readonly kind: string; readonly id?: string | undefined },
): Promise<readonly RevisionNote[]> {
  let query = db
    .selectFrom("documents")
    .select(["kind", "id", "revision", "author", "note", "createdAt as at"])
    .where("kind", "=", kind)
    .orderBy("id")
    .orderBy("revision", "desc");
  if (id !== undefined) query = query.where("id", "=", id);
  return await query.execute();
}

/** The contents of revisions; those there are none of are left out. */
export async function readRevisions(
  db: Db | Tx,
  named: readonly DocumentRevision[],
): Promise<readonly (DocumentInput & DocumentRevision)[]> {
  if (named.length === 0) return [];
  return await db
    .selectFrom("documents")
    .select(["kind", "id", "revision", "body"])
    .where((eb) => eb.or(named.map(({ kind, id, revision }) => eb.and({ kind, id, revision }))))
    .orderBy("kind")
    .orderBy("id")
    .execute();
}
