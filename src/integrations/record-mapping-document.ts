import { z } from "zod";
import { type SourceKind, zoneSchema } from "../scoring/records.ts";
import { dateReader } from "./files/date-format.ts";
import { fieldsSchema, readingShape, scalar } from "./files/mapping.ts";
import { jsonPathSchema } from "./json-path.ts";

const dateFormat = z.string().refine((format) => dateReader(format) !== null, {
  error:
    "expected a date format: iso, epoch-seconds, epoch-milliseconds, or a pattern of YYYY MM DD HH mm ss, such as DD-MM-YYYY HH:mm",
});
const dateFormats = z.union([dateFormat, z.array(dateFormat).min(1)]);

/** A value found by a path, with more to say. */
const pathValueSchema = z.strictObject({
  path: jsonPathSchema,
  /** Of a template with `each`: whether the path begins at the single thing or at the whole body. */
  from: z.enum(["each", "body"]).default("each"),
  ...readingShape,
  format: dateFormats.optional(),
});

/** A value: a path, a path with more to say, or a constant. */
const valueSchema = z.union([jsonPathSchema, z.strictObject({ constant: scalar }), pathValueSchema]);

/** An id: one value, or several joined by ":". */
const idSchema = z.union([valueSchema, z.array(valueSchema).min(1)]);

const oneOrMore = z.union([z.string(), z.array(z.string()).min(1)]);

/** A path alone: there is something there. */
const whenSchema = z.union([
  jsonPathSchema,
  z.strictObject({ path: jsonPathSchema, from: pathValueSchema.shape.from, is: oneOrMore }),
  z.strictObject({ path: jsonPathSchema, from: pathValueSchema.shape.from, isNot: oneOrMore }),
]);

const common = {
  /** Several things of one body: what the path finds, each with paths of its own. */
  each: jsonPathSchema.optional(),
  when: whenSchema.optional(),
};

const recordTemplate = <Kind extends SourceKind>(kind: Kind) =>
  z.strictObject({
    kind: z.literal(kind),
    id: idSchema,
    /** When it became so, by the sender's own clock; without it the record is as it is seen now, and kept where it differs from before. */
    at: valueSchema.optional(),
    /** Whose it is; else the mapping's. */
    account: idSchema.optional(),
    set: fieldsSchema(kind, valueSchema).default({}),
    /** It is gone in its source. */
    deletes: z.boolean().default(false),
    ...common,
  });

const accountTemplate = recordTemplate("account")
  .omit({ account: true })
  .extend({
    /** The sender's own field for our key. */
    ourKey: valueSchema.optional(),
    /** Its domains, or addresses and pages that hold them: everything these paths find. */
    domains: z.array(jsonPathSchema).default([]),
  });

const usageTemplate = z.strictObject({
  kind: z.literal("usage"),
  mode: z.enum(["daily", "event"]).default("daily"),
  id: idSchema.optional(),
  account: idSchema.optional(),
  name: valueSchema,
  day: valueSchema,
  value: valueSchema,
  /** Who used it, of events. */
  user: valueSchema.optional(),
  ...common,
});

/** A user of the vendor who may own accounts there. */
const ownerTemplate = z.strictObject({
  kind: z.literal("owner"),
  id: idSchema,
  email: valueSchema.optional(),
  name: valueSchema.optional(),
  ...common,
});

const templateSchema = z.discriminatedUnion("kind", [
  accountTemplate,
  recordTemplate("contact"),
  recordTemplate("ticket"),
  recordTemplate("survey"),
  recordTemplate("subscription"),
  recordTemplate("invoice"),
  recordTemplate("opportunity"),
  recordTemplate("touchpoint"),
  recordTemplate("event"),
  usageTemplate,
  ownerTemplate,
]);

/** How somebody else's JSON becomes records. What passes this schema compiles. */
export const recordMappingSchema = z
  .strictObject({
    /** Of days and local times; the company's unless given. */
    zone: zoneSchema.optional(),
    /** How days and moments are written. */
    dates: dateFormats.default("iso"),
    decimal: z.enum([".", ","]).default("."),
    /** Whose the records are. */
    account: idSchema.optional(),
    records: z.array(templateSchema).min(1),
  })
  .superRefine(({ account, records }, context) => {
    for (const [index, template] of records.entries()) {
      if (template.kind === "account" || template.kind === "owner") continue;
      if (account !== undefined || template.account !== undefined) continue;
      const message = `a ${template.kind} needs "account": whose it is`;
      context.addIssue({ code: "custom", path: ["records", index], message });
    }
  });

export type RecordMappingDocument = z.infer<typeof recordMappingSchema>;
export type RecordTemplate = RecordMappingDocument["records"][number];
export type PathValue = z.infer<typeof valueSchema>;
export type PathId = z.infer<typeof idSchema>;
export type PathWhen = z.infer<typeof whenSchema>;
