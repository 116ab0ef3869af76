import { z } from "zod";
import { type Fault, faultAt, faultsOf, suggestion } from "../../scoring/fault.ts";
import { daySchema, recordFields, type SourceKind, sourceKinds, zoneSchema } from "../../scoring/records.ts";

const columnName = z.string().min(1).max(300);
const dateFormats = z.union([z.string(), z.array(z.string()).min(1)]);
/** What a constant may be, and what the texts of a map become. */
export const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** How a text is read that stands somewhere, in a column or elsewhere. */
export const readingShape = {
  /** What the text is read as; by default what the field wants. */
  type: z.enum(["text", "number", "integer", "boolean", "day", "moment", "money", "slug"]).optional(),
  /** How a day or moment is written; by default the file's `dates`. */
  format: dateFormats.optional(),
  zone: zoneSchema.optional(),
  /** Texts and what they become; a text that is not among them is refused unless `otherwise` is given. */
  map: z.record(z.string(), scalar).optional(),
  otherwise: scalar.optional(),
  /** What an empty cell does. */
  empty: z.enum(["null", "omit", "reject"]).optional(),
  /** Of money: whether it is in euros or cents. */
  unit: z.enum(["major", "minor"]).optional(),
} as const;

/** A value taken from a column of the row. */
const columnValueSchema = z.strictObject({
  column: columnName,
  ...readingShape,
  /** Of a moment: a time to add, from another column. */
  plus: z.strictObject({ column: columnName, unit: z.enum(["seconds", "minutes", "hours", "days"]) }).optional(),
});

/** A value: a column's name, a column with more to say, or a constant. */
const valueSchema = z.union([columnName, z.strictObject({ constant: scalar }), columnValueSchema], {
  error: 'expected a column\'s name, { "column": … } or { "constant": … }',
});

/** An id: one value, or several joined by ":". */
const idSchema = z.union([valueSchema, z.array(valueSchema).min(1)]);

const whenSchema = z.union([
  columnName,
  z.strictObject({ column: columnName, is: z.union([z.string(), z.array(z.string())]) }),
  z.strictObject({ column: columnName, isNot: z.union([z.string(), z.array(z.string())]) }),
]);

const knownAtSchema = z.union([z.enum(["occurred", "now"]), columnValueSchema]);

const common = {
  when: whenSchema.optional(),
  knownAt: knownAtSchema.optional(),
};

/** The fields that a template of a kind may set, each by a value of this schema. */
export function fieldsSchema(kind: SourceKind, value: z.ZodType): z.ZodType<Readonly<Record<string, unknown>>> {
  const ownFields = z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/i, "a field of one's own has letters, digits and _"),
    value,
  );
  const shape = Object.keys(recordFields[kind].shape).map((field) => {
    const isNested = field === "fields" || field === "payload";
    return [field, (isNested ? ownFields : value).optional()];
  });
  return z.strictObject(Object.fromEntries(shape));
}

const recordTemplate = (kind: SourceKind) =>
  z.strictObject({
    kind: z.literal(kind),
    id: idSchema,
    at: valueSchema,
    set: fieldsSchema(kind, valueSchema).default({}),
    ...common,
  });

const usageTemplate = z.strictObject({
  kind: z.literal("usage"),
  mode: z.enum(["daily", "event"]).default("daily"),
  id: idSchema.optional(),
  name: valueSchema,
  day: valueSchema,
  value: valueSchema,
  /** Who used it, of events. */
  user: valueSchema.optional(),
  ...common,
});

const templateSchema = z.discriminatedUnion("kind", [
  usageTemplate,
  recordTemplate("account"),
  recordTemplate("contact"),
  recordTemplate("ticket"),
  recordTemplate("survey"),
  recordTemplate("subscription"),
  recordTemplate("invoice"),
  recordTemplate("opportunity"),
  recordTemplate("touchpoint"),
  recordTemplate("event"),
]);

/** `subscription.startsOn`: a field of the record the file is joined by; `account.beganOn`: one of the account. */
const fieldReference = z
  .string()
  .regex(/^[a-z]+\.[a-zA-Z]+$/, "expected a field of the joined record or of the account, such as account.beganOn");

const boundSchema = z.union([fieldReference, columnValueSchema]);

const checkSchema = z
  .strictObject({
    warn: z.string().min(1).optional(),
    reject: z.string().min(1).optional(),
    value: valueSchema,
    before: boundSchema.optional(),
    after: boundSchema.optional(),
  })
  .refine((check) => (check.warn === undefined) !== (check.reject === undefined), {
    error: 'a check has either "warn" or "reject"',
  })
  .refine((check) => (check.before === undefined) !== (check.after === undefined), {
    error: 'a check has either "before" or "after"',
  });

const throughSchema = z.union([daySchema, z.strictObject({ max: valueSchema })], {
  error: 'expected a day, YYYY-MM-DD, or { "max": a column }',
});
const completeSchema = z.union([throughSchema, z.partialRecord(z.enum([...sourceKinds, "usage"]), throughSchema)], {
  error: 'expected a day, YYYY-MM-DD, { "max": a column }, or one of these per kind of record',
});

const fileSchema = z.strictObject({
  /** The file's name, with * and ?. */
  match: z.string().min(1),
  format: z.enum(["csv", "ndjson"]).default("csv"),
  delimiter: z.union([z.literal("auto"), z.string().length(1)]).default("auto"),
  encoding: z.enum(["utf-8", "latin1", "windows-1252", "utf-16"]).default("utf-8"),
  decimal: z.enum([".", ","]).default("."),
  dates: dateFormats.optional(),
  zone: zoneSchema.optional(),
  /** Whose row it is: by a column, or by a record imported before. */
  account: z
    .union([valueSchema, z.strictObject({ via: z.enum(sourceKinds), id: idSchema })], {
      error: 'expected a column\'s name, or { "via": a kind of record, "id": a column }',
    })
    .optional(),
  knownAt: knownAtSchema.optional(),
  completeThrough: completeSchema.optional(),
  unknownAccounts: z.enum(["reject", "hold"]).optional(),
  records: z.array(templateSchema).min(1),
  checks: z.array(checkSchema).default([]),
});

const mappingSchema = z.strictObject({
  $schema: z.string().optional(),
  /** Whose ids these are. */
  source: z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, "small letters, digits, - and _, at most 50"),
  zone: zoneSchema.default("UTC"),
  dates: dateFormats.default("iso"),
  knownAt: z.enum(["occurred", "now"]).default("occurred"),
  completeThrough: daySchema.optional(),
  unknownAccounts: z.enum(["reject", "hold"]).default("reject"),
  files: z.array(fileSchema).min(1),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type FileMapping = Mapping["files"][number];
export type Template = FileMapping["records"][number];
export type ColumnValue = z.infer<typeof columnValueSchema>;
export type Value = z.infer<typeof valueSchema>;
export type IdValue = z.infer<typeof idSchema>;
export type When = z.infer<typeof whenSchema>;
export type Check = z.infer<typeof checkSchema>;
export type Bound = z.infer<typeof boundSchema>;
export type KnownAt = z.infer<typeof knownAtSchema>;
export type Through = z.infer<typeof throughSchema>;

export type ParsedMapping =
  | { readonly kind: "mapping"; readonly mapping: Mapping }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** The mapping of a JSON document, or all that is wrong with it. */
export function parseMapping(document: unknown): ParsedMapping {
  const parsed = mappingSchema.safeParse(document);
  if (!parsed.success) {
    return { kind: "faults", faults: parsed.error.issues.flatMap((issue) => explain(issue, document)) };
  }
  const faults = parsed.data.files.flatMap((file, index) => contradictions(file, `files[${index}]`));
  return faults.length === 0 ? { kind: "mapping", mapping: parsed.data } : { kind: "faults", faults };
}

const words = [
  ...Object.keys(mappingSchema.shape),
  ...Object.keys(fileSchema.shape),
  ...Object.keys(columnValueSchema.shape),
  ...Object.keys(usageTemplate.shape),
  ...Object.values(recordFields).flatMap((fields) => Object.keys(fields.shape)),
  ...["at", "set", "warn", "reject", "before", "after", "via", "constant", "is", "isNot", "max"],
];

function explain(issue: z.core.$ZodIssue, document: unknown): readonly Fault[] {
  if (issue.code === "invalid_union" && issue.path.at(-1) === "kind") {
    const kinds = [...sourceKinds, "usage"];
    const met = at(document, issue.path);
    const near = typeof met === "string" ? suggestion(met, kinds) : "";
    return [faultAt(pathText(issue.path), met, `expected one of ${kinds.join(", ")}${near}`)];
  }
  if (issue.code === "invalid_union") {
    const inner = deepest(issue);
    if (inner !== null) return explain({ ...inner, path: [...issue.path, ...inner.path] }, document);
  }
  return faultsOf(new z.ZodError([issue]), document, { keys: words, planned: ["joins", "transform"] });
}

/** Of a union the alternative that was meant is the one that failed inside, not at its door: an unknown key, a bad value in a field. */
function deepest(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | null {
  const inner = issue.errors.flat().filter((each) => each.path.length > 0 || each.code === "unrecognized_keys");
  const keys = inner.find((each) => each.code === "unrecognized_keys" && !each.keys.includes("column"));
  return inner.find((each) => each.path.length > 0 && each.code !== "invalid_type") ?? keys ?? null;
}

function at(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

/** What no single field can know: templates that need an account, checks that need a join. */
function contradictions(file: FileMapping, path: string): Fault[] {
  const faults: Fault[] = [];
  for (const [index, template] of file.records.entries()) {
    const at = `${path}.records[${index}]`;
    const { kind } = template;
    if (kind === "usage" && template.mode === "daily" && template.user !== undefined) {
      faults.push(
        faultAt(`${at}.user`, template.user, 'a day\'s total has no user: expected "mode": "event" beside it'),
      );
    }
    if (kind === "account" || file.account !== undefined) continue;
    faults.push(faultAt(at, kind, `a file of ${kind} records needs "account": whose row it is`));
  }
  for (const [index, check] of file.checks.entries()) {
    for (const side of ["before", "after"] as const) {
      const message = boundFault(check[side], file);
      if (message !== null) faults.push(faultAt(`${path}.checks[${index}].${side}`, check[side], message));
    }
  }
  return faults;
}

function boundFault(bound: Bound | undefined, file: FileMapping): string | null {
  if (typeof bound !== "string") return null;
  const [kind = "", field = ""] = bound.split(".");
  const known = sourceKinds.find((each) => each === kind);
  if (known === undefined) return `there is no kind of record "${kind}"${suggestion(kind, sourceKinds)}`;
  const fields = Object.keys(recordFields[known].shape);
  if (!fields.includes(field)) return `a ${kind} has no field "${field}"${suggestion(field, fields)}`;
  const account = file.account;
  const via = typeof account === "object" && "via" in account ? account.via : null;
  if (kind !== "account" && kind !== via)
    return `the file is not joined by ${kind}: its "account" must say "via": "${kind}"`;
  if (account === undefined) return 'the file does not say whose row it is: it has no "account"';
  return null;
}
