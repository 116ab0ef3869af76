import { compile, JSONPathError, type JSONValue } from "json-p3";
import { z } from "zod";

/** A JSONPath of RFC 9535, such as `$.data.id` or `$.items[*]`. */
export const jsonPathSchema = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    const fault = pathFault(text);
    if (fault !== null) context.addIssue({ code: "custom", message: fault });
  });

/** Everything a path finds in a value of JSON. */
export type PathReader = (value: unknown) => readonly unknown[];

/** Compiles a path that `jsonPathSchema` has passed. */
export function openJsonPath(path: string): PathReader {
  const query = compile(path);
  // Whatever JSON.parse gave is such a value.
  return (value) => query.query(value as JSONValue).values();
}

/** A value of JSON, or of a row of a database, as the text of a cell: nothing for null, and for what is not there. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function pathFault(text: string): string | null {
  try {
    compile(text);
    return null;
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    return `expected a JSON path, such as $.data.id: ${error.message.replace(/ \(.*$/s, "")}`;
  }
}
