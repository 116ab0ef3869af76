import { type Input, sourceKinds } from "../scoring/records.ts";
import type { Template, Value, When } from "./files/mapping.ts";
import { conditionOf, rowTemplate } from "./files/template.ts";
import { type Cells, type Habits, idReader, type Read, valueReader } from "./files/value.ts";
import { cellText, openJsonPath, type PathReader } from "./json-path.ts";
import type { AccountClaim, Deletion, MapContext, Mapped, VendorOwner } from "./mapped-port.ts";
import type { PathId, PathValue, PathWhen, RecordMappingDocument, RecordTemplate } from "./record-mapping-document.ts";

/** A mapping, compiled: what a value of JSON means. */
export interface RecordMapping {
  /** Never throws for what a sender may send: what cannot be used is `skipped`, with why. */
  map(raw: unknown, context: MapContext): Mapped;
}

/** Compiles a mapping that `recordMappingSchema` has passed. Every source and hook that is configured, not coded, maps by this. */
export function compileRecordMapping(document: RecordMappingDocument): RecordMapping {
  // Days and local times depend on the company's zone, which comes with the first thing to map.
  const compiled = new Map<string, readonly Mapper[]>();
  const mappersOf = (zone: string): readonly Mapper[] => {
    const known = compiled.get(zone) ?? document.records.map((template) => mapperOf(template, document, zone));
    compiled.set(zone, known);
    return known;
  };
  return {
    map(raw, context) {
      const parts = mappersOf(document.zone ?? context.zone).flatMap((mapper) => mapper(raw, context));
      const skipped = [...new Set(parts.flatMap((part) => part.skipped ?? []))];
      return {
        inputs: parts.flatMap(({ inputs = [] }) => inputs),
        states: parts.flatMap(({ states = [] }) => states),
        claims: parts.flatMap(({ claims = [] }) => claims),
        deleted: parts.flatMap(({ deleted = [] }) => deleted),
        owners: parts.flatMap(({ owners = [] }) => owners),
        ...(skipped.length > 0 && { skipped: skipped.slice(0, mostReasons).join("; ") }),
      };
    },
  };
}

const mostReasons = 5;

/** What one template makes of a body, thing by thing. */
type Mapper = (raw: unknown, context: MapContext) => readonly Mapped[];

/** What one template makes of one thing. */
type ThingMapper = (cells: PathCells, context: MapContext) => Mapped;

function mapperOf(template: RecordTemplate, document: RecordMappingDocument, zone: string): Mapper {
  const paths = new Paths();
  const habits: Habits = { zone, dates: document.dates, decimal: document.decimal, place: "path" };
  const each = template.each === undefined ? null : openJsonPath(template.each);
  const map =
    template.kind === "owner" ? ownerMapper(template, paths, habits) : recordMapper(template, document, paths, habits);
  return (raw, context) =>
    (each === null ? [raw] : each(raw)).map((thing) => map(new PathCells(paths, raw, thing), context));
}

function recordMapper(
  template: Exclude<RecordTemplate, { kind: "owner" }>,
  document: RecordMappingDocument,
  paths: Paths,
  habits: Habits,
): ThingMapper {
  const compiled = rowTemplate(rowTemplateOf(template, paths), "now", habits);
  const account = template.kind === "account" ? undefined : (template.account ?? document.account);
  const accountOf = account === undefined ? () => nobody : idReader(paths.id(account), habits);
  const meaningOf = meaningReader(template, paths, habits);
  return (cells, context) => {
    const owner = accountOf(cells);
    const found = compiled.map(cells, owner.kind === "value" ? String(owner.value) : "");
    if (found.kind === "nothing") return {};
    if (owner.kind === "unreadable") return { skipped: `${template.kind}: account: ${owner.reason}` };
    if (found.kind === "fault") return { skipped: `${template.kind}: ${found.fault.reason}` };
    return meaningOf(found.input.input, cells, context);
  };
}

/** Of records that belong to no account. */
const nobody: Read = { kind: "none" };

function meaningReader(
  template: Exclude<RecordTemplate, { kind: "owner" }>,
  paths: Paths,
  habits: Habits,
): (input: Input, cells: PathCells, context: MapContext) => Mapped {
  if (template.kind === "usage") return (input) => ({ inputs: [input] });
  const said = template.at === undefined ? seenNow : (input: Input) => ({ inputs: [input] });
  if (template.deletes)
    return (input, _, context) => ({ deleted: deletionOf(input, template.at === undefined ? context.now : null) });
  if (template.kind !== "account") return (input, _, context) => said(input, context);
  const claimsOf = claimReader(template, paths, habits);
  return (input, cells, context) => ({ ...said(withOwner(input, context), context), claims: claimsOf(input, cells) });
}

/** Of what is only seen: the moment is put in when it is. */
const whenever = { constant: "1970-01-01T00:00:00Z" };

/** The template as the engine of the import knows it: each path is a column. */
function rowTemplateOf(template: Exclude<RecordTemplate, { kind: "owner" }>, paths: Paths): Template {
  const when = template.when === undefined ? {} : { when: paths.when(template.when) };
  if (template.kind === "usage") {
    const { kind, mode, id, name, day, value, user } = template;
    return {
      ...{ kind, mode, ...when },
      ...{ name: paths.value(name), day: paths.value(day), value: paths.value(value) },
      ...(id !== undefined && { id: paths.id(id) }),
      ...(user !== undefined && { user: paths.value(user) }),
    };
  }
  const { kind, id, at, set, deletes } = template;
  // What is gone has no fields to set; the engine refuses a record that sets none.
  const fields = deletes ? { deleted: { constant: true } } : fieldsOf(set, paths);
  return { ...{ kind, ...when }, id: paths.id(id), at: at === undefined ? whenever : paths.value(at), set: fields };
}

function fieldsOf(set: Readonly<Record<string, unknown>>, paths: Paths): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(set).map(([field, value]) => [
      field,
      isValue(value) ? paths.value(value) : fieldsOf({ ...Object(value) }, paths),
    ]),
  );
}

/** The document's schema has checked it: what is no value holds values under names of its own. */
function isValue(value: unknown): value is PathValue {
  return typeof value === "string" || (typeof value === "object" && value !== null && isNamed(value));
}

function isNamed(value: object): boolean {
  return typeof Reflect.get(value, "path") === "string" || "constant" in value;
}

/** Only a look at how the record stands, at no time of the sender's own. */
function seenNow(input: Input, { now }: MapContext): Mapped {
  return input.kind === "usage" ? { inputs: [input] } : { states: [{ ...input, at: now.toISOString() }] };
}

function deletionOf(input: Input, seenAt: Date | null): Deletion[] {
  if (input.kind === "usage") return [];
  const { kind, id, at } = input;
  return isSourceKind(kind) ? [{ kind, id, at: seenAt?.toISOString() ?? at }] : [];
}

function isSourceKind(kind: Input["kind"]): kind is Deletion["kind"] {
  return sourceKinds.some((each) => each === kind);
}

/** An owner the vendor told us of becomes ours; any other text stands as it is: our own id, or an address. */
function withOwner(input: Input, { ownerOf }: MapContext): Input {
  if (input.kind !== "account") return input;
  const { owner } = input.set;
  return owner === undefined || owner === null
    ? input
    : { ...input, set: { ...input.set, owner: ownerOf(owner) ?? owner } };
}

function claimReader(
  template: Extract<RecordTemplate, { kind: "account" }>,
  paths: Paths,
  habits: Habits,
): (input: Input, cells: PathCells) => AccountClaim[] {
  const ourKeyOf = textReader(template.ourKey, paths, habits);
  const domains = template.domains.map(openJsonPath);
  return (input, cells) => {
    if (input.kind !== "account") return [];
    const { name = null, domain } = input.set;
    const stated = domains.flatMap((read) => read(cells.thing).map(cellText));
    return [
      {
        ...{ externalId: input.id, name, ourKey: ourKeyOf(cells) },
        domains: [...new Set([domain ?? "", ...stated])].filter((text) => text !== ""),
      },
    ];
  };
}

function ownerMapper(template: Extract<RecordTemplate, { kind: "owner" }>, paths: Paths, habits: Habits): ThingMapper {
  const idOf = idReader(paths.id(template.id), habits);
  const emailOf = textReader(template.email, paths, habits);
  const nameOf = textReader(template.name, paths, habits);
  const applies = conditionOf(template.when === undefined ? undefined : paths.when(template.when));
  return (cells) => {
    if (!applies(cells)) return {};
    const id = idOf(cells);
    if (id.kind !== "value") return { skipped: id.kind === "none" ? "an owner without id" : `owner: ${id.reason}` };
    const owner: VendorOwner = { externalId: String(id.value), email: emailOf(cells), name: nameOf(cells) };
    return { owners: [owner] };
  };
}

function textReader(value: PathValue | undefined, paths: Paths, habits: Habits): (cells: Cells) => string | null {
  if (value === undefined) return () => null;
  const read = valueReader(paths.value(value), { type: "text", empty: "null" }, habits);
  return (cells) => {
    const found = read(cells);
    return found.kind === "value" && found.value !== null ? String(found.value) : null;
  };
}

type Origin = "each" | "body";

/** The paths of a template, each under the name by which the engine asks for its text. */
class Paths {
  readonly #readers = new Map<string, { readonly origin: Origin; readonly read: PathReader }>();

  value(value: PathValue): Value {
    if (typeof value === "string") return this.#name(value, "each");
    if ("constant" in value) return value;
    const { path, from, ...reading } = value;
    return { column: this.#name(path, from), ...reading };
  }

  id(id: PathId): Value | Value[] {
    return Array.isArray(id) ? id.map((part) => this.value(part)) : this.value(id);
  }

  when(when: PathWhen): When {
    if (typeof when === "string") return this.#name(when, "each");
    const { path, from, ...texts } = when;
    return { column: this.#name(path, from), ...texts };
  }

  reader(name: string): { readonly origin: Origin; readonly read: PathReader } | undefined {
    return this.#readers.get(name);
  }

  #name(path: string, origin: Origin): string {
    const name = origin === "body" ? `${path} (of the body)` : path;
    if (!this.#readers.has(name)) this.#readers.set(name, { origin, read: openJsonPath(path) });
    return name;
  }
}

/** A thing of a body as the engine reads it: the text of the first value that a path finds. */
class PathCells implements Cells {
  readonly #paths: Paths;
  readonly #body: unknown;
  readonly thing: unknown;

  constructor(paths: Paths, body: unknown, thing: unknown) {
    this.#paths = paths;
    this.#body = body;
    this.thing = thing;
  }

  cell(name: string): string {
    const reader = this.#paths.reader(name);
    return cellText(reader?.read(reader.origin === "body" ? this.#body : this.thing)[0]);
  }
}
