import { z } from "zod";
import { dayOfInstant, formatDay } from "../../../scoring/days.ts";
import { daySchema } from "../../../scoring/records.ts";
import type { Deletion, Mapped } from "../../mapped-port.ts";

/**
 * The parts of rows, as the API gives them and as outbound messages do: there everything is text, and what is empty may be left out. A
 * field that is left out is not known; one that is null is empty.
 */
export const words = z.string().nullish();
export const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]).nullish();
export const amount = z.union([z.number(), z.string()]).nullish();
export const moment = z
  .string()
  .transform((text, context) => {
    const at = momentOf(text);
    if (at !== null) return at;
    context.addIssue({ code: "custom", message: "not a moment" });
    return z.NEVER;
  })
  .nullish();

/** What every row has. */
export const rowBase = {
  Id: z.string().min(15),
  SystemModstamp: moment.unwrap().unwrap(),
  CreatedDate: moment,
  IsDeleted: flag,
} as const;

/** `2011-07-07T00:37:00.000+0000` as ISO 8601 in UTC; null when it is no moment. */
export function momentOf(text: string): string | null {
  const [, local, offset] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:?\d\d)$/.exec(text) ?? [];
  if (local === undefined || offset === undefined) return null;
  const at = Date.parse(`${local}${offset.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** Reads what is said of a field; undefined where nothing is. */
export function ifSaid<T>(text: string | null | undefined, read: (text: string | null) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

/** A day, `YYYY-MM-DD`; of a moment the day in the zone; null where there is none. */
export function dayOf(text: string | null, zone: string): string | null {
  if (text === null) return null;
  const at = momentOf(text);
  if (at !== null) return formatDay(dayOfInstant(zone, Date.parse(at)));
  return daySchema.safeParse(text).success ? text : null;
}

/** Reads a row; one that cannot be read is skipped, and why. */
export function readRow<Row>(
  schema: z.ZodType<Row>,
  raw: unknown,
): { readonly row: Row } | { readonly skipped: string } {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { row: parsed.data };
  const [issue] = parsed.error.issues;
  return { skipped: `${idOf(raw)}: ${issue?.path.join(".") ?? "row"}: ${issue?.message ?? "cannot be read"}` };
}

/** A row of the recycle bin. */
export function deletionOf(
  kind: Deletion["kind"],
  row: { readonly Id: string; readonly SystemModstamp: string },
): Mapped {
  return { deleted: [{ kind, id: row.Id, at: row.SystemModstamp }] };
}

function idOf(raw: unknown): string {
  const named = z.looseObject({ Id: z.string().max(18) }).safeParse(raw);
  return named.success ? named.data.Id : "a row without an id";
}
