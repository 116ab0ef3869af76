import { joinPath } from "../../scoring/fault.ts";

/** Where something stands in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with the text itself, in words. */
export interface TextFault {
  readonly position: Position;
  /** Such as `groups[0].measures`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

export type ParsedJson =
  | {
      readonly kind: "value";
      readonly value: unknown;
      /** What would get lost silently; the rest could be read. */
      readonly faults: readonly TextFault[];
      /** Where a key or a list item stands; for a path that is not there, the nearest thing above it. */
      readonly positionOf: (path: string) => Position;
    }
  | { readonly kind: "faults"; readonly faults: readonly TextFault[] };

/** The state of one reading; only `at` and the two collections change. */
interface Reading {
  readonly text: string;
  at: number;
  readonly starts: Map<string, number>;
  readonly faults: { readonly at: number; readonly path: string; readonly message: string }[];
  depth: number;
}

/** Thrown where reading cannot go on, and caught in `readDocument` alone. */
class Unreadable extends Error {}

/** No document of ours is nested nearly as deep; far beyond it the stack ends. */
const deepest = 200;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/**
 * Reads JSON as `JSON.parse` does, but knows where everything stands, and refuses what would get lost silently: a key that comes twice,
 * `__proto__`, and characters the database cannot hold.
 */
export function parseJson(source: string): ParsedJson {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  const reading: Reading = { text, at: 0, starts: new Map([["", 0]]), faults: [], depth: 0 };
  const value = readDocument(reading);
  const faults = reading.faults.map(({ at, ...fault }) => ({ ...fault, position: positionAt(text, at) }));
  if (value === unreadable) return { kind: "faults", faults };
  const positionOf = (path: string) => positionAt(text, nearestStart(reading.starts, path));
  return { kind: "value", value, faults, positionOf };
}

const unreadable = Symbol("unreadable");

function readDocument(reading: Reading): unknown {
  try {
    const value = readValue(reading, "");
    skipSpace(reading);
    if (reading.at === reading.text.length) return value;
    return refuse(reading, "", `the document ends before ${shown(reading)}; nothing may follow it`);
  } catch (error) {
    if (error instanceof Unreadable) return unreadable;
    throw error;
  }
}

function readValue(reading: Reading, path: string): unknown {
  skipSpace(reading);
  const next = reading.text[reading.at];
  if (next === "{" || next === "[") return readNested(reading, path, next);
  if (next === '"') return readString(reading, path);
  return readNumber(reading) ?? readWord(reading, path);
}

function readNested(reading: Reading, path: string, opening: "{" | "["): unknown {
  reading.depth += 1;
  if (reading.depth > deepest) refuse(reading, "", `nested more than ${deepest} levels deep`);
  const value = opening === "{" ? readObject(reading, path) : readArray(reading, path);
  reading.depth -= 1;
  return value;
}

function readObject(reading: Reading, path: string): unknown {
  const members = new Map<string, unknown>();
  reading.at += 1;
  skipSpace(reading);
  if (taken(reading, "}")) return {};
  do {
    skipSpace(reading);
    const start = reading.at;
    if (reading.text[start] === "}") refuse(reading, path, "remove the comma before }");
    if (reading.text[start] !== '"') refuse(reading, path, `expected a key in double quotes, met ${shown(reading)}`);
    const key = readString(reading, path);
    const memberPath = joinPath(path, key);
    if (members.has(key)) reading.faults.push({ at: start, path: memberPath, message: "this key stands here twice" });
    if (key === "__proto__") reading.faults.push({ at: start, path: memberPath, message: "this key is not allowed" });
    reading.starts.set(memberPath, start);
    skipSpace(reading);
    if (!taken(reading, ":")) refuse(reading, memberPath, `expected a colon after the key, met ${shown(reading)}`);
    members.set(key, readValue(reading, memberPath));
    skipSpace(reading);
  } while (taken(reading, ","));
  if (!taken(reading, "}")) refuse(reading, path, `expected a comma or }, met ${shown(reading)}`);
  return Object.fromEntries(members);
}

function readArray(reading: Reading, path: string): unknown {
  const items: unknown[] = [];
  reading.at += 1;
  skipSpace(reading);
  if (taken(reading, "]")) return items;
  do {
    skipSpace(reading);
    if (reading.text[reading.at] === "]") refuse(reading, path, "remove the comma before ]");
    const itemPath = joinPath(path, items.length);
    reading.starts.set(itemPath, reading.at);
    items.push(readValue(reading, itemPath));
    skipSpace(reading);
  } while (taken(reading, ","));
  if (!taken(reading, "]")) refuse(reading, path, `expected a comma or ], met ${shown(reading)}`);
  return items;
}

function readString(reading: Reading, path: string): string {
  const start = reading.at;
  reading.at += 1;
  while (reading.text[reading.at] !== '"') {
    const character = reading.text[reading.at];
    if (character === undefined || character === "\n" || character === "\r") {
      reading.at = start;
      refuse(reading, path, "this text has no closing quote on its line");
    }
    if (character < " ")
      refuse(reading, path, "a tab or another control character inside a text is written as an escape, such as \\t");
    reading.at += character === "\\" ? 2 : 1;
  }
  reading.at += 1;
  return decodeString(reading, start, path);
}

function decodeString(reading: Reading, start: number, path: string): string {
  let value: unknown;
  try {
    value = JSON.parse(reading.text.slice(start, reading.at));
  } catch {
    reading.at = start;
    refuse(
      reading,
      path,
      "this text holds a backslash escape that JSON does not know; a backslash itself is written \\\\",
    );
  }
  const text = String(value);
  if (text.includes("\u0000") || /\p{Surrogate}/u.test(text)) {
    reading.faults.push({ at: start, path, message: "this text holds a character that cannot be stored" });
  }
  return text;
}

function readNumber(reading: Reading): number | undefined {
  numberToken.lastIndex = reading.at;
  const token = numberToken.exec(reading.text)?.[0];
  if (token === undefined) return undefined;
  reading.at += token.length;
  return Number(token);
}

function readWord(reading: Reading, path: string): unknown {
  for (const [word, value] of words) {
    if (taken(reading, word)) return value;
  }
  const rest = reading.text.slice(reading.at);
  if (rest.startsWith("//") || rest.startsWith("/*")) refuse(reading, path, "JSON has no comments");
  if (rest.startsWith("'")) refuse(reading, path, "texts stand in double quotes");
  return refuse(reading, path, `expected a value, met ${shown(reading)}`);
}

/** The path itself where it stands in the text, else whatever encloses it: a missing key has no place of its own. */
function nearestStart(starts: ReadonlyMap<string, number>, path: string): number {
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    const start = starts.get(path.slice(0, end));
    if (start !== undefined) return start;
  }
  return 0;
}

function skipSpace(reading: Reading): void {
  while (" \t\n\r".includes(reading.text[reading.at] ?? "x")) reading.at += 1;
}

function taken(reading: Reading, token: string): boolean {
  if (!reading.text.startsWith(token, reading.at)) return false;
  reading.at += token.length;
  return true;
}

function refuse(reading: Reading, path: string, message: string): never {
  reading.faults.push({ at: reading.at, path, message });
  throw new Unreadable(message);
}

function shown(reading: Reading): string {
  const rest = reading.text.slice(reading.at);
  return rest === "" ? "the end of the file" : `"${rest.match(/^(?:[\w.+-]+|.)/su)?.[0].slice(0, 40) ?? ""}"`;
}

function positionAt(text: string, at: number): Position {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: at - lineStart + 1 };
}
