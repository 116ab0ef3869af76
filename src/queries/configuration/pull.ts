import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DocumentInput, hashDocument } from "../../store/documents.ts";
import { readFolder } from "./folder.ts";
import { fileOf } from "./layout.ts";

/** What writing documents into a folder does, or would do. File names are relative to it. */
export interface Pull {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Files that say something else. */
  readonly differing: readonly string[];
  /** Files of documents that are not in force: they stay. */
  readonly extra: readonly string[];
}

/**
 * Writes documents into a folder that is laid out as `config/`. A file that says the same already stays as it is, whatever its white space;
 * where one says something else nothing at all is written, unless it may be replaced.
 */
export async function pullDocuments(
  folder: string,
  documents: readonly DocumentInput[],
  mayReplace: boolean,
): Promise<Pull> {
  const present = existsSync(folder) ? await readFolder(folder) : { documents: [], faults: [] };
  const places = documents.map((document) => {
    const there = present.documents.find(({ kind, id }) => kind === document.kind && id === document.id);
    const file = there?.file ?? fileOf(document);
    return { document, file, state: stateOf(document, there, existsSync(join(folder, file))) };
  });
  const filesIn = (state: ReturnType<typeof stateOf>) =>
    places.filter((one) => one.state === state).map(({ file }) => file);
  const differing = filesIn("differs");
  const extra = present.documents
    .filter((one) => !documents.some(({ kind, id }) => kind === one.kind && id === one.id))
    .flatMap(({ file }) => file ?? [])
    .filter((file) => !places.some((place) => place.file === file));
  if (differing.length > 0 && !mayReplace) return { written: [], unchanged: filesIn("same"), differing, extra };
  const toWrite = places.filter(({ state }) => state !== "same");
  for (const { document, file } of toWrite) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${JSON.stringify(document.body, null, 2)}\n`);
  }
  return { written: toWrite.map(({ file }) => file), unchanged: filesIn("same"), differing, extra };
}

/** A file that is there but cannot be read as the document says something else. */
function stateOf(
  document: DocumentInput,
  there: { readonly body: unknown } | undefined,
  isThere: boolean,
): "new" | "same" | "differs" {
  if (there !== undefined) return hashDocument(there.body) === hashDocument(document.body) ? "same" : "differs";
  return isThere ? "differs" : "new";
}
