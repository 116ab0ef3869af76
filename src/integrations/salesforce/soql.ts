import type { PulledObject } from "./objects.ts";

/** A row's place in the order in which rows are pulled. */
export interface Place {
  /** `SystemModstamp`, ISO 8601 in UTC. */
  readonly at: string;
  readonly id: string;
}

/** Where a query begins. */
export type Start =
  | { readonly kind: "everything" }
  /** At a moment, that one included. */
  | { readonly kind: "since"; readonly at: string }
  /** After a row. */
  | { readonly kind: "after"; readonly place: Place };

/** Rows by the time of their newest state, then by id: that order has no ties, so a row's place is enough to go on from it. */
export function changesQuery(
  { object, where }: PulledObject,
  fields: readonly string[],
  start: Start,
  limit: number | null,
): string {
  const conditions = [startCondition(start), where].filter((condition) => condition !== null);
  const filter = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const end = limit === null ? "" : ` LIMIT ${limit}`;
  return `SELECT ${fields.join(", ")} FROM ${object}${filter} ORDER BY SystemModstamp, Id${end}`;
}

/** Rows by id. The ids have been judged by `isSalesforceId`. */
export function idsQuery({ object, where }: PulledObject, fields: readonly string[], ids: readonly string[]): string {
  const named = `Id IN (${ids.map(literal).join(", ")})`;
  return `SELECT ${fields.join(", ")} FROM ${object} WHERE ${where === null ? named : `${named} AND ${where}`}`;
}

/** Ids of rows whose field holds exactly this text. */
export function textQuery(object: string, field: string, text: string): string {
  return `SELECT Id FROM ${object} WHERE ${field} = ${literal(text)} ORDER BY CreatedDate, Id LIMIT 1`;
}

function startCondition(start: Start): string | null {
  switch (start.kind) {
    case "everything":
      return null;
    case "since":
      return `SystemModstamp >= ${start.at}`;
    case "after": {
      const { at, id } = start.place;
      return `(SystemModstamp > ${at} OR (SystemModstamp = ${at} AND Id > ${literal(id)}))`;
    }
    default:
      return start satisfies never;
  }
}

function literal(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
