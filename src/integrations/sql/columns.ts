import { recordFields, type StreamKind } from "../../scoring/records.ts";
import { type RecordMappingDocument, recordMappingSchema } from "../record-mapping-document.ts";
import type { SqlStream } from "./settings.ts";

/** The moment a row was read, beside its columns: for rows that do not say when they became true. */
export const seenColumn = "keepwell_seen_at";

/** Columns that are no fields of a record, by kind: what names it, whose it is and when it became true. */
export function ownColumns(kind: StreamKind): { readonly needed: readonly string[]; readonly more: readonly string[] } {
  if (kind === "usage") return { needed: ["account", "name", "day", "value"], more: ["id", "user"] };
  if (kind === "account") return { needed: ["id"], more: ["at", "our_key", "domains"] };
  return { needed: ["id", "account"], more: ["at"] };
}

/** A record's field for a column: its own name, or as people write it in SQL, `amount_minor` for `amountMinor`; null for none. */
export function fieldOf(kind: StreamKind, column: string): string | null {
  if (kind === "usage") return null;
  const camel = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [column, camel].find((name) => Object.hasOwn(recordFields[kind].shape, name)) ?? null;
}

/**
 * The mapping of rows whose columns are named after the fields. Money is in minor units, as in the fields. An event (with `id` or `user`)
 * is counted into its day; a day's total stands for itself. Columns without a field are left alone.
 * A record became so at its column `at`, else at the cursor's moment; else it was only seen so.
 */
export function mappingByColumns(
  { record, cursor }: Pick<SqlStream, "record" | "cursor">,
  columns: readonly string[],
  zone: string | undefined,
): RecordMappingDocument {
  if (record === undefined) throw new Error("A stream without a mapping of its own says what its rows are.");
  const has = (column: string) => columns.includes(column);
  const changed = cursor?.type === "moment" ? cursor.column : seenColumn;
  const at = has("at") ? "at" : changed;
  return recordMappingSchema.parse({
    ...(zone !== undefined && { zone }),
    records: [record === "usage" ? usageTemplate(has) : recordTemplate(record, columns, at)],
  });
}

type Has = (column: string) => boolean;

function usageTemplate(has: Has): object {
  const isEvent = has("id") || has("user");
  return {
    kind: "usage",
    mode: isEvent ? "event" : "daily",
    ...{ account: pathTo("account"), name: pathTo("name"), day: pathTo("day"), value: pathTo("value") },
    ...(has("id") && { id: pathTo("id") }),
    ...(has("user") && { user: pathTo("user") }),
  };
}

function recordTemplate(kind: Exclude<StreamKind, "usage">, columns: readonly string[], at: string): object {
  const set: Record<string, object> = {};
  for (const column of columns) {
    const field = fieldOf(kind, column);
    if (field === null || isNested(field)) continue;
    const money = field.endsWith("Minor") ? { type: "money", unit: "minor" } : {};
    set[field] = { path: pathTo(column), empty: isClearable(kind, field) ? "null" : "omit", ...money };
  }
  return {
    kind,
    id: pathTo("id"),
    at: pathTo(at),
    ...(kind !== "account" && { account: pathTo("account") }),
    ...(kind === "account" && columns.includes("our_key") && { ourKey: pathTo("our_key") }),
    ...(kind === "account" && columns.includes("domains") && { domains: [`${pathTo("domains")}[*]`] }),
    set,
  };
}

/** A field that holds fields of one's own: those need a mapping with names. */
function isNested(field: string): boolean {
  return field === "fields" || field === "payload";
}

/** NULL clears a field that may be none, and says nothing of one that may not. */
function isClearable(kind: Exclude<StreamKind, "usage">, field: string): boolean {
  return recordFields[kind].safeParse({ [field]: null }).success;
}

function pathTo(column: string): string {
  return `$['${column.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
}
