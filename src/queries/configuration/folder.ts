import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { faultAt, suggestion } from "../../scoring/fault.ts";
import type { DocumentInput } from "../../store/documents.ts";
import { type ConfigFault, type Located, locateFault } from "./config-fault.ts";
import { parseJson } from "./json-text.ts";
import { collections, singles } from "./layout.ts";

/** A document that was read from a file: it can say where in the file something stands. */
export interface FolderDocument extends DocumentInput, Located {}

export interface Folder {
  readonly documents: readonly FolderDocument[];
  readonly faults: readonly ConfigFault[];
  /** The kinds of which a file is there that could not be read. */
  readonly unread: ReadonlySet<string>;
}

/** Of the format, but not built yet: refused, never accepted and ignored. */
const planned: readonly string[] = ["segments.json", "segments"];

/** Where `config schema --out` may put the schemas for editors. */
const passedOver: readonly string[] = ["schemas"];

const looksLikeDocument = /\.(json|jsonc|json5|ya?ml)$/i;

/** Reads a folder laid out as `config/`: every document that can be read, and every fault of those that cannot. */
export async function readFolder(folder: string): Promise<Folder> {
  const listed = await listFolder(folder);
  // Everything is missing then: one fault says it.
  if (listed === null)
    return refused(null, `there is no folder ${folder}`, [...singles.values(), ...collections.values()]);
  return together(await Promise.all(listed.map((name) => readEntry(folder, name))));
}

async function readEntry(folder: string, name: string): Promise<Folder> {
  const single = singles.get(name);
  if (single !== undefined) return readDocument(folder, name, single);
  const collection = collections.get(name);
  if (collection !== undefined) return readCollection(folder, name, collection);
  if (planned.includes(name)) return refused(name, "this is not supported yet");
  if (passedOver.includes(name)) return nothing;
  const isFolder = (await stat(join(folder, name))).isDirectory();
  if (!isFolder && !looksLikeDocument.test(name)) return nothing;
  const known = isFolder ? [...collections.keys()] : [...singles.keys()];
  return refused(name, `unknown ${isFolder ? "folder" : "file"}${suggestion(name, known)}`);
}

async function readCollection(folder: string, name: string, kind: string): Promise<Folder> {
  const files = await listFolder(join(folder, name));
  if (files === null) return refused(name, "expected a folder of JSON files, not a file", [kind]);
  const documents = files.filter((file) => looksLikeDocument.test(file));
  return together(await Promise.all(documents.map((file) => readDocument(folder, `${name}/${file}`, kind))));
}

/** One document of a kind, from a file of the folder. */
export async function readDocument(folder: string, file: string, kind: string): Promise<Folder> {
  if (!file.endsWith(".json")) return refused(file, "expected JSON, in a file that ends in .json", [kind]);
  const text = decode(await readFile(join(folder, file)));
  if (text === null) return refused(file, "the file is not UTF-8 text", [kind]);
  const parsed = parseJson(text);
  const faults = parsed.faults.map(({ path, message, position }) =>
    locateFault(faultAt(path, undefined, message), { file, positionOf: () => position }),
  );
  if (parsed.kind === "faults") return { documents: [], faults, unread: new Set([kind]) };
  const { value, positionOf } = parsed;
  const document = { kind, id: idOf(kind, file, value), body: value, file, positionOf };
  return { documents: [document], faults, unread: new Set() };
}

/** The one document of a kind is named after it; others say their name themselves. */
function idOf(kind: string, file: string, body: unknown): string {
  if (singles.has(file)) return kind;
  if (typeof body === "object" && body !== null && "id" in body && typeof body.id === "string") return body.id;
  return file.slice(file.lastIndexOf("/") + 1, -".json".length);
}

/** Names in order, without hidden files; null when there is no such folder. */
async function listFolder(folder: string): Promise<readonly string[] | null> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return null;
  return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
}

/** Null where the bytes are not UTF-8: decoding them loosely would store other words than the author wrote. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const nothing: Folder = { documents: [], faults: [], unread: new Set() };

function refused(file: string | null, message: string, unread: readonly string[] = []): Folder {
  return { documents: [], faults: [locateFault(faultAt("", undefined, message), { file })], unread: new Set(unread) };
}

function together(parts: readonly Folder[]): Folder {
  return {
    documents: parts.flatMap((part) => part.documents),
    faults: parts.flatMap((part) => part.faults),
    unread: new Set(parts.flatMap((part) => [...part.unread])),
  };
}
