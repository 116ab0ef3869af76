import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { notify } from "./notify.ts";

/** A document as somebody hands it in. */
export interface DocumentInput {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

/** A document in force. */
export interface LiveDocument extends DocumentInput {
  readonly revision: number;
  readonly hash: string;
  readonly author: string;
  readonly note: string | null;
  readonly createdAt: Date;
}

/** Names a document and, where it is in force, its revision. */
export interface DocumentName {
  readonly kind: string;
  readonly id: string;
}

/** What an application of documents did. */
export interface ApplyResult {
  readonly created: readonly DocumentName[];
  readonly changed: readonly DocumentName[];
  readonly unchanged: readonly DocumentName[];
  readonly removed: readonly DocumentName[];
}

interface ApplyOptions {
  readonly author: string;
  readonly note: string | null;
  readonly now: Date;
}

/**
 * Makes exactly these documents the ones in force: a new immutable revision for each whose content differs from the live one, none for
 * the rest; live documents that are not among them are no longer live. If anything changed, every account is due to be scored and judged.
 */
export async function applyDocuments(
  tx: Tx,
  documents: readonly DocumentInput[],
  options: ApplyOptions,
): Promise<ApplyResult> {
  await lockDocuments(tx);
  const live = new Map((await readLiveDocuments(tx)).map((document) => [nameKey(document), document]));
  const created: DocumentName[] = [];
  const changed: DocumentName[] = [];
  const unchanged: DocumentName[] = [];
  for (const document of documents) {
    const before = live.get(nameKey(document));
    live.delete(nameKey(document));
    const hash = hashDocument(document.body);
    const { kind, id } = document;
    if (before?.hash === hash) {
      unchanged.push({ kind, id });
      continue;
    }
    await addRevision(tx, document, hash, options);
    (before === undefined ? created : changed).push({ kind, id });
  }
  const removed = [...live.values()].map(({ kind, id }) => ({ kind, id }));
  for (const { kind, id } of removed) {
    await tx.deleteFrom("liveDocuments").where("kind", "=", kind).where("id", "=", id).execute();
  }
  const touched = [...created, ...changed, ...removed];
  if (touched.length > 0) {
    await keepApplication(tx, options);
    await markAllAccountsDue(
      tx,
      touched.some(({ kind }) => scoringKinds.has(kind)),
      options.now,
    );
    await notify(tx, "score");
  }
  return { created, changed, unchanged, removed };
}

/** The kinds of document by which an edit alone moves scores, stages and metrics. */
const scoringKinds: ReadonlySet<string> = new Set(["company", "metrics", "lifecycle", "health-model"]);

/** Until the transaction ends nobody else changes what is in force: readers go on, a second writer waits and then finds what the first one left. */
export async function lockDocuments(tx: Tx): Promise<void> {
  await sql`lock table live_documents in share row exclusive mode`.execute(tx);
}

/** All documents in force, by kind and id. */
export async function readLiveDocuments(db: Db | Tx): Promise<readonly LiveDocument[]> {
  return await db
    .selectFrom("liveDocuments as l")
    .innerJoin("documents as d", (join) =>
      join.onRef("d.kind", "=", "l.kind").onRef("d.id", "=", "l.id").onRef("d.revision", "=", "l.revision"),
    )
    .select(["d.kind", "d.id", "d.revision", "d.body", "d.hash", "d.author", "d.note", "d.createdAt"])
    .orderBy("d.kind")
    .orderBy("d.id")
    .execute();
}

/** The content of a document's revision, whether or not it is in force; undefined when there is none. */
export async function readDocument(db: Db | Tx, kind: string, id: string, revision: number): Promise<unknown> {
  const row = await db
    .selectFrom("documents")
    .select("body")
    .where("kind", "=", kind)
    .where("id", "=", id)
    .where("revision", "=", revision)
    .executeTakeFirst();
  return row?.body;
}

/** A text that changes whenever any live document does: cheap to ask, to learn whether a loaded configuration is still the one in force. */
export async function readRevisionKey(db: Db | Tx): Promise<string> {
  const live = await db.selectFrom("liveDocuments").select(["kind", "id", "revision"]).execute();
  return revisionKeyOf(live);
}

/** The key of a set of live documents, in whatever order they come. */
export function revisionKeyOf(live: readonly (DocumentName & { readonly revision: number })[]): string {
  const lines = live.map(({ kind, id, revision }) => JSON.stringify([kind, id, revision])).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 32);
}

/** True when no document was ever applied: only then may a folder be applied unasked. */
export async function isEmpty(db: Db | Tx): Promise<boolean> {
  const any = await db.selectFrom("documents").select("kind").limit(1).executeTakeFirst();
  return any === undefined;
}

/** The hash of a document's content, whatever the order of its keys and the white space of its file. */
export function hashDocument(body: unknown): string {
  return createHash("sha256").update(canonicalJson(body)).digest("hex");
}

/** JSON with the keys of every object in code unit order and nothing between the tokens. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

/** Revisions count on over the whole life of a name, so that a document taken out and brought back is a new one to whoever remembers the old. */
async function addRevision(tx: Tx, document: DocumentInput, hash: string, options: ApplyOptions): Promise<void> {
  const { kind, id, body } = document;
  const newest = await tx
    .selectFrom("documents")
    .select((eb) => eb.fn.max("revision").as("revision"))
    .where("kind", "=", kind)
    .where("id", "=", id)
    .executeTakeFirst();
  const revision = (newest?.revision ?? 0) + 1;
  await tx
    .insertInto("documents")
    .values({
      kind,
      id,
      revision,
      body: JSON.stringify(body),
      hash,
      author: options.author,
      note: options.note,
      createdAt: options.now,
    })
    .execute();
  await tx
    .insertInto("liveDocuments")
    .values({ kind, id, revision })
    .onConflict((conflict) => conflict.columns(["kind", "id"]).doUpdateSet({ revision }))
    .execute();
}

async function keepApplication(tx: Tx, { author, note, now }: ApplyOptions): Promise<void> {
  const live = await tx
    .selectFrom("liveDocuments")
    .select(["kind", "id", "revision"])
    .orderBy("kind")
    .orderBy("id")
    .execute();
  await tx
    .insertInto("documentApplications")
    .values({ at: now, author, note, live: JSON.stringify(live) })
    .execute();
}

/**
 * An account that is moved by nothing but the documents is judged quietly once it is scored: what nobody had judged yet, or what arrives until
 * then, makes it news.
 */
async function markAllAccountsDue(tx: Tx, movesScores: boolean, now: Date): Promise<void> {
  // In id order, as everyone locks these rows, so that a running stage and this statement never wait for each other.
  await sql`
    with locked as (select account_id from account_work order by account_id for update)
    update account_work w
    set dirty_seq = w.dirty_seq + 1, next_respond_at = ${now},
        quiet_seq = case
          when w.quiet_seq = w.dirty_seq then w.dirty_seq + 1
          when ${movesScores} and w.dirty_seq = w.scored_seq and w.facts_seq = w.responded_seq then w.dirty_seq + 1
        end
    from locked
    where w.account_id = locked.account_id`.execute(tx);
}

function nameKey({ kind, id }: DocumentName): string {
  return JSON.stringify([kind, id]);
}
