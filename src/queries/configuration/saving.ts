import { faultAt } from "../../scoring/fault.ts";
import type { Db, Tx } from "../../store/db.ts";
import { readRevisions } from "../../store/document-history.ts";
import {
  type ApplyResult,
  applyDocuments,
  type DocumentName,
  hashDocument,
  type LiveDocument,
  lockDocuments,
  readLiveDocuments,
} from "../../store/documents.ts";
import { compileConfiguration, type SourceDocument, storedDocument } from "../configuration.ts";
import { type ConfigFault, inReadingOrder, type Located, locateFault } from "./config-fault.ts";
import { isDocumentName } from "./layout.ts";
import { missingSecrets } from "./secrets.ts";

/** Who changes documents, and why. */
export interface SavingHand {
  readonly author: string;
  readonly note: string | null;
  /** Of whoever runs by the documents: a variable that is named and not set is a fault. Not asked unless given. */
  readonly hasSecret?: (name: string) => boolean;
}

/** What came of a wish to change the documents in force. */
export type Saving =
  | { readonly kind: "saved"; readonly result: ApplyResult }
  /** The documents together would not be in order. */
  | { readonly kind: "faults"; readonly faults: readonly ConfigFault[] }
  /** What was to be changed is another by now. */
  | { readonly kind: "stale"; readonly reason: string }
  | { readonly kind: "missing"; readonly reason: string }
  /** Nobody said which revision is to be replaced. */
  | { readonly kind: "unconditional"; readonly reason: string };

/** A document that is to be in force, and where its text says what. */
export interface DocumentEdit extends DocumentName, Located {
  readonly body: unknown;
}

/** The revision an author has seen: a number, `any`, `none` where there must be no such document yet; null where they did not say. */
export type SeenRevision = number | "any" | "none" | null;

/** Puts one document into force beside the others, unless it is another by now than the one its author has seen. */
export async function saveDocument(
  tx: Tx,
  edit: DocumentEdit,
  seen: SeenRevision,
  hand: SavingHand,
  now: Date,
): Promise<Saving> {
  const refusal = nameRefusal(edit);
  if (refusal !== null) return refusal;
  await lockDocuments(tx);
  const live = await readLiveDocuments(tx);
  return seenRefusal(live, edit, seen) ?? applyChecked(tx, withEdits(live, [edit], []), hand, now);
}

/** Takes one document out of force, unless it is another by now than the one its author has seen. */
export async function removeDocument(
  tx: Tx,
  name: DocumentName,
  seen: SeenRevision,
  hand: SavingHand,
  now: Date,
): Promise<Saving> {
  await lockDocuments(tx);
  const live = await readLiveDocuments(tx);
  if (!live.some((one) => isSame(one, name)))
    return { kind: "missing", reason: `There is no ${wordsOf(name)} in force.` };
  return seenRefusal(live, name, seen) ?? applyChecked(tx, withEdits(live, [], [name]), hand, now);
}

/** All that would be wrong if these were in force beside the others; nothing is saved. */
export async function checkEdits(
  db: Db | Tx,
  edits: readonly DocumentEdit[],
  removed: readonly DocumentName[],
): Promise<readonly ConfigFault[]> {
  return faultsOf(withEdits(await readLiveDocuments(db), edits, removed));
}

/** Makes exactly these revisions the documents in force again, if together they are in order to this version of the program. */
export async function restoreRevisions(
  tx: Tx,
  revisions: Parameters<typeof readRevisions>[1],
  hand: SavingHand,
  now: Date,
): Promise<Saving> {
  return applyChecked(tx, (await readRevisions(tx, revisions)).map(storedDocument), hand, now);
}

async function applyChecked(
  tx: Tx,
  documents: readonly SourceDocument[],
  { hasSecret, author, note }: SavingHand,
  now: Date,
): Promise<Saving> {
  const unset = hasSecret === undefined ? [] : missingSecrets(await changedAmong(tx, documents), hasSecret);
  const faults = [...faultsOf(documents), ...unset];
  if (faults.length > 0) return { kind: "faults", faults };
  return { kind: "saved", result: await applyDocuments(tx, documents, { author, note, now }) };
}

/** What is as it was can be wanting, and something else all the same be mended. */
async function changedAmong(tx: Tx, documents: readonly SourceDocument[]): Promise<readonly SourceDocument[]> {
  const live = new Map((await readLiveDocuments(tx)).map((one) => [wordsOf(one), one.hash]));
  return documents.filter((one) => live.get(wordsOf(one)) !== hashDocument(one.body));
}

function faultsOf(documents: readonly SourceDocument[]): readonly ConfigFault[] {
  const strays = documents.flatMap(idFaults);
  const compiled = compileConfiguration(documents);
  return inReadingOrder([...strays, ...("faults" in compiled ? compiled.faults : [])]);
}

/** A file says its name itself; what is handed in under a name must not say another. */
function idFaults(document: SourceDocument): readonly ConfigFault[] {
  const { kind, id, body } = document;
  if (kind === id || typeof body !== "object" || body === null || !("id" in body) || body.id === id) return [];
  return [locateFault(faultAt("id", body.id, `expected ${JSON.stringify(id)}, the name it is saved under`), document)];
}

function withEdits(
  live: readonly LiveDocument[],
  edits: readonly DocumentEdit[],
  removed: readonly DocumentName[],
): readonly SourceDocument[] {
  const replaced = [...edits, ...removed];
  const kept = live.filter((document) => !replaced.some((one) => isSame(one, document)));
  return [...kept.map(storedDocument), ...edits.map((edit) => ({ ...edit, revision: 0 }))];
}

function nameRefusal(name: DocumentName): Saving | null {
  if (isDocumentName(name.kind, name.id)) return null;
  return { kind: "missing", reason: `No document is called ${wordsOf(name)}.` };
}

function seenRefusal(live: readonly LiveDocument[], name: DocumentName, seen: SeenRevision): Saving | null {
  const present = live.find((one) => isSame(one, name));
  if (present === undefined) {
    if (seen === null || seen === "none") return null;
    return { kind: "stale", reason: `There is no ${wordsOf(name)} in force.` };
  }
  if (seen === "any" || seen === present.revision) return null;
  const { revision, author, createdAt } = present;
  const stands = `revision ${revision} by ${author}, of ${createdAt.toISOString()}, is in force`;
  if (seen === null) {
    return { kind: "unconditional", reason: `Say which revision of ${wordsOf(name)} is to be replaced: ${stands}.` };
  }
  return { kind: "stale", reason: `The ${wordsOf(name)} is another by now: ${stands}.` };
}

function isSame(one: DocumentName, other: DocumentName): boolean {
  return one.kind === other.kind && one.id === other.id;
}

function wordsOf({ kind, id }: DocumentName): string {
  return kind === id ? kind : `${kind} ${id}`;
}
