import { cellText } from "../json-path.ts";
import type { Reading, RowParser } from "./row-reader.ts";

/** A parser of one JSON object per line. A column is a key, or keys joined by dots: `customer.id`. */
export function ndjsonParser(): RowParser {
  return { columns: null, line: readLine, end: () => [] };
}

function* readLine(text: string, number: number): Generator<Reading> {
  if (text.trim() === "") return;
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const reason = value === undefined ? "it is not JSON" : "it is not a JSON object";
    yield { kind: "broken", row: { line: number, raw: text, reason } };
    return;
  }
  yield { kind: "row", row: { line: number, raw: text, cell: (column) => cellOf(value, column) } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cellOf(value: object, column: string): string {
  if (Object.hasOwn(value, column)) return cellText(Reflect.get(value, column));
  let inner: unknown = value;
  for (const key of column.split(".")) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, key)) return "";
    inner = Reflect.get(inner, key);
  }
  return cellText(inner);
}
