import { type Input, inputSchema, type SourceKind } from "../../scoring/records.ts";
import type { KnownAt, Template, Value, When } from "./mapping.ts";
import {
  type Cells,
  columnsOf,
  type Habits,
  idReader,
  type Read,
  type Unreadable,
  type ValueReader,
  type ValueType,
  valueReader,
  type Wanted,
} from "./value.ts";

/** An input a row gave, and when it counts as known. */
export interface MappedInput {
  readonly input: Input;
  readonly knownAt: "now" | "occurred" | Date;
}

/** Why a template gave no input, for people and for counting. */
export interface MappingFault {
  readonly reason: string;
  readonly cause: string;
}

/** What one template makes of a row: an input, nothing (its `when` does not hold), or a fault. */
export type Mapped =
  | { readonly kind: "input"; readonly input: MappedInput }
  | { readonly kind: "nothing" }
  | { readonly kind: "fault"; readonly fault: MappingFault };

/** A template of the mapping, compiled. */
export interface RowTemplate {
  readonly kind: Template["kind"];
  /** `account` is the account's name, as inputs use it; for account records it is not used. */
  map(row: Cells, account: string): Mapped;
}

type Draft = Record<string, unknown>;
type Part = (row: Cells, draft: Draft) => Unreadable | null;

/** Compiles a template. Throws `MappingError`. */
export function rowTemplate(template: Template, knownAt: KnownAt, habits: Habits): RowTemplate {
  const applies = conditionOf(template.when);
  const parts = template.kind === "usage" ? usageParts(template, habits) : recordParts(template, habits);
  const known = knownAtReader(template.knownAt ?? knownAt, habits);
  return {
    kind: template.kind,
    map(row, account) {
      if (!applies(row)) return { kind: "nothing" };
      const draft: Draft = template.kind === "account" ? { kind: "account" } : { kind: template.kind, account };
      for (const part of parts) {
        const fault = part(row, draft);
        if (fault !== null) return { kind: "fault", fault };
      }
      const moment = known(row);
      return moment instanceof Date || typeof moment === "string"
        ? checked(draft, moment)
        : { kind: "fault", fault: moment };
    },
  };
}

/** The names of all columns a template takes from. */
export function templateColumns(template: Template): string[] {
  const when =
    template.when === undefined ? [] : [typeof template.when === "string" ? template.when : template.when.column];
  const knownAt = typeof template.knownAt === "object" ? columnsOf(template.knownAt) : [];
  if (template.kind === "usage") {
    const { id, name, day, value, user } = template;
    return [...when, ...knownAt, ...[id ?? [], name, day, value, user ?? []].flatMap((each) => columnsOf(each))];
  }
  const values = [template.id, template.at, ...valuesOf(template.set)];
  return [...when, ...knownAt, ...values.flatMap((each) => columnsOf(each))];
}

/** Whether a template is for a row. */
export function conditionOf(when: When | undefined): (row: Cells) => boolean {
  if (when === undefined) return () => true;
  if (typeof when === "string") return (row) => row.cell(when).trim() !== "";
  const isPositive = "is" in when;
  const texts = new Set([isPositive ? when.is : when.isNot].flat());
  return (row) => texts.has(row.cell(when.column).trim()) === isPositive;
}

function usageParts(template: Extract<Template, { kind: "usage" }>, habits: Habits): Part[] {
  const read = (value: Value, type: ValueType): ValueReader => valueReader(value, { type, empty: "reject" }, habits);
  const parts = [
    put("name", read(template.name, "text")),
    put("day", read(template.day, "day")),
    put("value", read(template.value, "number")),
    constantPart("mode", template.mode),
  ];
  if (template.id !== undefined) parts.push(put("id", idReader(template.id, habits)));
  // An event by nobody counts as use all the same.
  if (template.user !== undefined) {
    parts.push(put("user", valueReader(template.user, { type: "text", empty: "omit" }, habits)));
  }
  return parts;
}

function recordParts(template: Exclude<Template, { kind: "usage" }>, habits: Habits): Part[] {
  return [
    put("id", idReader(template.id, habits)),
    put("at", valueReader(template.at, { type: "moment", empty: "reject" }, habits)),
    setPart(template.kind, template.set, habits),
  ];
}

function put(field: string, read: ValueReader): Part {
  return (row, draft) => place(draft, field, read(row));
}

function constantPart(field: string, value: unknown): Part {
  return (_row, draft) => {
    draft[field] = value;
    return null;
  };
}

function place(draft: Draft, field: string, found: Read): Unreadable | null {
  if (found.kind === "unreadable") return found;
  if (found.kind === "value") draft[field] = found.value;
  return null;
}

function setPart(kind: SourceKind, set: Readonly<Record<string, unknown>>, habits: Habits): Part {
  const fields = Object.entries(set).flatMap(([field, value]) => fieldPart(field, value, habits));
  // Money is read once the row's currency is known.
  const parts = fields.sort((a, b) => Number(a.isMoney) - Number(b.isMoney)).map((each) => each.part);
  return (row, draft) => {
    const values: Draft = {};
    for (const part of parts) {
      const fault = part(row, values);
      if (fault !== null) return fault;
    }
    draft["set"] = values;
    return Object.keys(values).length > 0 || kind === "account" ? null : nothingSet;
  };
}

const nothingSet: Unreadable = {
  kind: "unreadable",
  reason: "every field of it is empty",
  cause: "every field of it is empty",
};

function fieldPart(field: string, value: unknown, habits: Habits): { isMoney: boolean; part: Part }[] {
  if (!isValue(value)) return [];
  if (nestedFields.has(field)) return [{ isMoney: false, part: nestedPart(field, value, habits) }];
  const wanted: Wanted = { type: typeOf(field), empty: "omit" };
  const read = valueReader(value, wanted, habits);
  const isMoney = wanted.type === "money";
  return [
    {
      isMoney,
      part: (row, draft) => place(draft, field, read(row, isMoney ? textOrNone(draft["currency"]) : undefined)),
    },
  ];
}

/** Own fields and an event's payload: names of the mapping's choice, read as text unless it says otherwise. */
function nestedPart(field: string, value: unknown, habits: Habits): Part {
  const entries = Object.entries(value ?? {}).filter((entry): entry is [string, Value] => isValue(entry[1]));
  const readers = entries.map(
    ([name, each]) => [name, valueReader(each, { type: "text", empty: "omit" }, habits)] as const,
  );
  return (row, draft) => {
    const values: Draft = {};
    for (const [name, read] of readers) {
      const fault = place(values, name, read(row));
      if (fault !== null) return fault;
    }
    if (Object.keys(values).length > 0) draft[field] = values;
    return null;
  };
}

/** Fields that hold names of the mapping's choice, each with a value. */
const nestedFields: ReadonlySet<string> = new Set(["fields", "payload"]);

/** The mapping's schema has checked it; this only tells the compiler. */
function isValue(value: unknown): value is Value {
  return typeof value === "string" || (typeof value === "object" && value !== null);
}

function valuesOf(set: Readonly<Record<string, unknown>>): Value[] {
  return Object.entries(set)
    .flatMap(([field, value]) => (nestedFields.has(field) ? Object.values(value ?? {}) : [value]))
    .filter(isValue);
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const booleans: ReadonlySet<string> = new Set(["escalated", "trial", "autoRenew", "deleted"]);

/** What a field of a record wants to be read as; the names of `recordFields` say it. */
function typeOf(field: string): ValueType {
  if (field.endsWith("On")) return "day";
  if (field.endsWith("At")) return "moment";
  if (field.endsWith("Minor")) return "money";
  if (field === "seats" || field === "reopens") return "integer";
  if (field === "score" || field === "scale") return "number";
  return booleans.has(field) ? "boolean" : "text";
}

function knownAtReader(knownAt: KnownAt, habits: Habits): (row: Cells) => "now" | "occurred" | Date | Unreadable {
  if (typeof knownAt === "string") return () => knownAt;
  const read = valueReader(knownAt, { type: "moment", empty: "reject" }, habits);
  return (row) => {
    const found = read(row);
    if (found.kind === "unreadable") return found;
    return found.kind === "value" ? new Date(String(found.value)) : "occurred";
  };
}

/** The door all inputs pass, wherever they come from. */
function checked(draft: Draft, knownAt: MappedInput["knownAt"]): Mapped {
  const parsed = inputSchema.safeParse(draft);
  if (parsed.success) return { kind: "input", input: { input: parsed.data, knownAt } };
  const [issue] = parsed.error.issues;
  const reason = issue === undefined ? "it is no record" : `${issue.path.join(".")}: ${issue.message}`;
  return { kind: "fault", fault: { reason, cause: reason } };
}
