import type { z } from "zod";

/** Something wrong with a document: where, what stands there, and what was expected. */
export interface Fault {
  /** Such as `groups[0].measures[1].weight`; empty for the document itself. */
  readonly path: string;
  /** The value met; a list or an object only by its size, so that a fault can always be printed. */
  readonly met: unknown;
  readonly message: string;
}

/** Words a document may use, for suggestions and for what is planned but not built. */
export interface Vocabulary {
  readonly keys: readonly string[];
  /** Keys of the format that are refused as not supported yet. */
  readonly planned: readonly string[];
}

/** One fault, with its value made printable. */
export function faultAt(path: string, met: unknown, message: string): Fault {
  return { path, met: printable(met), message };
}

/** `base` followed by keys and positions: `groups[0].weight`. */
export function joinPath(base: string, ...keys: readonly PropertyKey[]): string {
  let path = base;
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    // A key without a letter would be lost in a path.
    else if (key === "") path += '[""]';
    else path += path === "" ? String(key) : `.${String(key)}`;
  }
  return path;
}

/** One line for people: path, message and what was met. */
export function faultText(fault: Fault): string {
  const where = fault.path === "" ? "" : `${fault.path}: `;
  return `${where}${fault.message}${fault.met === undefined ? "" : ` (met ${JSON.stringify(fault.met)})`}`;
}

/** Every issue of a zod parse as faults; `at` is the path of `document` within the whole. */
export function faultsOf(error: z.ZodError, document: unknown, vocabulary: Vocabulary, at = ""): readonly Fault[] {
  return error.issues.flatMap((issue) => issueFaults(issue, document, vocabulary, at));
}

/** `; did you mean "x"?` for the nearest known word, or nothing when none is near. */
export function suggestion(word: string, known: Iterable<string>): string {
  let nearest = "";
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.slice(0, 100), candidate, least);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest === "" ? "" : `; did you mean "${nearest}"?`;
}

function issueFaults(issue: z.core.$ZodIssue, document: unknown, vocabulary: Vocabulary, at: string): readonly Fault[] {
  const path = joinPath(at, ...issue.path);
  const met = valueAt(document, issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      faultAt(joinPath(path, key), valueAt(met, [key]), unknownKeyMessage(key, vocabulary)),
    );
  }
  if (issue.code !== "invalid_union") return [faultAt(path, met, issueMessage(issue, met))];
  // The branch whose outside fits is the one that was meant: what is wrong inside it is the fault.
  const meant = issue.errors.find((branch) => branch.every((inner) => !isAboutWhole(inner)));
  if (meant !== undefined) return meant.flatMap((inner) => issueFaults(inner, met, vocabulary, path));
  const expectations = issue.errors
    .flatMap((branch) => branch.filter(isAboutWhole))
    .map((inner) => issueMessage(inner, met));
  return [faultAt(path, met, joinExpectations(expectations))];
}

function isAboutWhole(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** "expected a and expected b" as "expected a or b". */
function joinExpectations(messages: readonly string[]): string {
  const wanted = messages.map((message) => message.replace(/^(is missing: )?expected /, ""));
  return `expected ${[...new Set(wanted)].join(" or ")}`;
}

function unknownKeyMessage(key: string, vocabulary: Vocabulary): string {
  if (vocabulary.planned.includes(key)) return `"${key}" is not supported yet`;
  return `unknown key "${key}"${suggestion(key, vocabulary.keys)}`;
}

function issueMessage(issue: z.core.$ZodIssue, met: unknown): string {
  if (met === undefined && issue.code === "invalid_type") return `is missing: expected ${withArticle(issue.expected)}`;
  if (issue.code === "invalid_type" && issue.expected === "never") return issue.message;
  if (issue.code === "invalid_type") return `expected ${withArticle(issue.expected)}`;
  if (issue.code === "invalid_value")
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  return issue.message;
}

function withArticle(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    array: "a list",
    string: "a text",
    object: "an object",
    int: "a whole number",
  };
  return words[expected] ?? `a ${expected}`;
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function printable(value: unknown): unknown {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" && value.length > 200 ? `${value.slice(0, 200)}…` : value;
}

/** Levenshtein distance; stops early once it cannot be below `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}
