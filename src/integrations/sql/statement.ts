import { parseDuration } from "../../scoring/duration.ts";
import { ownPrefix } from "./connection.ts";
import { type QueryText, readQuery } from "./query-text.ts";
import { type SqlCursor, type SqlStream, streamParameters } from "./settings.ts";

/** What of a query is to be read. */
export interface Extent {
  /** The cursor's newest value of the reading before; null at the very first. */
  readonly since: string | null;
  /** The end of the days or moments to be read. */
  readonly until: string;
  /** Where the reading stands: the cursor's value, if there is one, and the keys of the last row. */
  readonly after: readonly string[] | null;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly string[];
}

/** Names of columns that no query of people's has. */
export const positionColumn = (index: number): string => `${ownPrefix}${index}`;

const sqlTypes = { moment: "timestamptz", day: "date", integer: "bigint" } as const satisfies Record<
  SqlCursor["type"],
  string
>;

/** The query of a stream inside one that orders its rows and begins after the last one read. Throws for a query the settings refuse. */
export function statementOf(stream: SqlStream, key: readonly string[], extent: Extent): Statement {
  const values: string[] = [];
  const give = (value: string, type: string) => `$${values.push(value)}::${type}`;
  const query = withParameters(queryOf(stream.query), (name) => parameterOf(stream, name, extent, give));
  const position = positionOf(stream, key);
  const selected = position.map(({ text }, index) => `(${text})::text as ${quoted(positionColumn(index))}`);
  const order = position.map(({ text }) => text).join(", ");
  const wanted = stream.cursor === undefined ? [] : [`q.${quoted(stream.cursor.column)} is not null`];
  if (extent.after !== null) {
    const last = extent.after.map((value, index) => give(value, position[index]?.type ?? "text"));
    wanted.push(`(${order}) > (${last.join(", ")})`);
  }
  const where = wanted.length === 0 ? "" : ` where ${wanted.join(" and ")}`;
  // The line break ends a comment in the last line of the query.
  return { text: `select q.*, ${selected.join(", ")} from (${query}\n) q${where} order by ${order}`, values };
}

function queryOf(text: string): QueryText {
  const query = readQuery(text, streamParameters);
  if ("fault" in query) throw new Error(`The query cannot be read: ${query.fault}.`);
  return query;
}

function withParameters({ parts, parameters }: QueryText, give: (name: string) => string): string {
  return parts.map((part, index) => part + (index < parameters.length ? give(parameters[index] ?? "") : "")).join("");
}

type Give = (value: string, type: string) => string;

function parameterOf({ cursor, from }: SqlStream, name: string, { since, until }: Extent, give: Give): string {
  if (cursor === undefined) throw new Error(`The query has :${name} and no cursor.`);
  if (name === "until") return `(${give(until, sqlTypes[cursor.type])})`;
  switch (cursor.type) {
    case "moment": {
      const seconds = Math.round((parseDuration(cursor.overlap) ?? 0) / 1_000);
      return since === null
        ? `(${give(from, "timestamptz")})`
        : `(${give(since, "timestamptz")} - make_interval(secs => ${seconds}))`;
    }
    case "day":
      return since === null
        ? `(${give(from, "date")})`
        : `(${give(since, "date")} - ${Number.parseInt(cursor.overlap, 10)})`;
    default:
      return since === null ? "(0::bigint)" : `(${give(since, "bigint")} - ${cursor.overlap})`;
  }
}

/** What rows are ordered by: the cursor, then the keys as plain bytes, which no collation of the database calls equal. */
function positionOf({ cursor }: SqlStream, key: readonly string[]): { readonly text: string; readonly type: string }[] {
  const keys = key.map((column) => ({ text: `coalesce(q.${quoted(column)}::text, '') collate "C"`, type: "text" }));
  if (cursor === undefined) return keys;
  const type = sqlTypes[cursor.type];
  return [{ text: `q.${quoted(cursor.column)}::${type}`, type }, ...keys];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
