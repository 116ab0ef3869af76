import { z } from "zod";
import { durationSchema } from "../../scoring/duration.ts";
import { daySchema, streamKinds, zoneSchema } from "../../scoring/records.ts";
import { recordMappingSchema } from "../record-mapping-document.ts";
import { fromEnvironment, sourceBase } from "../source-settings.ts";
import { readQuery } from "./query-text.ts";

const column = z.string().min(1).max(63);
const days = z.string().regex(/^\d{1,3}d$/, 'expected a number of days, such as "3d"');

/** By what a query is read on from where it ended. */
const cursorSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("moment"), column, overlap: durationSchema.default("10m") }),
  z.strictObject({ type: z.literal("day"), column, overlap: days.default("3d") }),
  z.strictObject({ type: z.literal("integer"), column, overlap: z.int().min(0).max(1_000_000).default(1_000) }),
]);
export type SqlCursor = z.infer<typeof cursorSchema>;

const streamShape = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, "a name has small letters, digits, _ and -, at most 50"),
  /** What a row is, where its columns are named after the fields. */
  record: z.enum(streamKinds).optional(),
  /** What a row is, otherwise: paths such as `$.customer_id` lead to its columns. */
  mapping: recordMappingSchema.optional(),
  /** One reading statement; `:since` and `:until` are what is to be read of it. */
  query: z.string().min(1).max(50_000),
  /** Without it everything is read each time. */
  cursor: cursorSchema.optional(),
  /** The columns that, with the cursor's, no two rows share; by default the record's own. */
  key: z.array(column).min(1).max(5).optional(),
  /** The first day to be read. */
  from: daySchema.default("1970-01-01"),
  every: durationSchema.optional(),
  /** Which days are whole once everything is read: up to yesterday, or up to the day that a query gives. */
  coverage: z
    .union([z.literal("yesterday"), z.strictObject({ query: z.string().min(1).max(10_000) })])
    .default("yesterday"),
  /** `missing`: what a later reading no longer finds was deleted. Only where everything is read each time. */
  deletes: z.enum(["never", "missing"]).default("never"),
});

export const streamParameters = ["since", "until"] as const;

const streamSchema = streamShape.superRefine((stream, context) => {
  const fault = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const { record, mapping, query, cursor, key, deletes, coverage } = stream;
  if ((record === undefined) === (mapping === undefined)) fault("record", 'a stream has either "record" or "mapping"');
  if (mapping !== undefined && key === undefined)
    fault("key", 'a stream with a "mapping" needs "key": the columns that name a row');
  const read = readQuery(query, streamParameters);
  if ("fault" in read) fault("query", read.fault);
  else if (cursor === undefined && read.parameters.length > 0) fault("query", '":since" and ":until" need a "cursor"');
  else if (cursor !== undefined && !read.parameters.includes("since"))
    fault("query", 'a query with a "cursor" needs ":since"');
  if (cursor?.type === "integer" && "parameters" in read && read.parameters.includes("until")) {
    fault("query", '":until" goes with a cursor of moments or days only');
  }
  if (cursor !== undefined && deletes === "missing")
    fault("deletes", "only what is read whole each time shows what is missing");
  const covering = coverage === "yesterday" ? null : readQuery(coverage.query, []);
  if (covering !== null && "fault" in covering) fault("coverage", covering.fault);
});
export type SqlStream = z.infer<typeof streamSchema>;

/** A database of PostgreSQL, or what speaks as one, as sources.json describes it. */
export const sqlSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("sql"),
  every: sourceBase.every,
  accounts: sourceBase.accounts,
  /** `postgres://user:password@host:port/database`, with `sslmode` where it is wanted; best of a role that may only read. */
  url: fromEnvironment,
  /** Of columns without a zone; the company's unless given. */
  zone: zoneSchema.optional(),
  /** The longest one statement may run. */
  timeout: durationSchema.default("1m"),
  streams: z
    .array(streamSchema)
    .min(1)
    .max(50)
    .refine((streams) => new Set(streams.map(({ name }) => name)).size === streams.length, {
      error: "two streams have the same name",
    }),
});

export type SqlSettings = z.infer<typeof sqlSettings>;
