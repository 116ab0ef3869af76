import { dayOfInstant, formatDay, parseDay, startOfDay } from "../../scoring/days.ts";
import { currencyDigits } from "../../scoring/money.ts";
import { type DateReader, dateReader, instantOf, type ParsedDate } from "./date-format.ts";
import type { ColumnValue, IdValue, Value } from "./mapping.ts";

type Scalar = string | number | boolean | null;

/** What a cell became: a value, nothing (the field is left out), or a reason why it cannot be read. */
export type Read = { readonly kind: "value"; readonly value: Scalar } | { readonly kind: "none" } | Unreadable;

export interface Unreadable {
  readonly kind: "unreadable";
  readonly reason: string;
  /** The reason without the text met, for counting. */
  readonly cause: string;
}

/** A row, or anything else that has texts under names; empty where it has none. */
export interface Cells {
  cell(column: string): string;
}

/** Takes a value from a row. `currency` is that of the row's money. */
export type ValueReader = (row: Cells, currency?: string) => Read;

export type ValueType = NonNullable<ColumnValue["type"]>;

/** How texts of a file are read where a value does not say. */
export interface Habits {
  readonly zone: string;
  readonly dates: string | readonly string[];
  readonly decimal: "." | ",";
  /** What a place of a text is called in reasons; a column unless given. */
  readonly place?: string | undefined;
}

/** What a value is read as, and what its emptiness does, where it does not say. */
export interface Wanted {
  readonly type: ValueType;
  readonly empty: "null" | "omit" | "reject";
}

/** Thrown while a mapping is compiled: a format that is none. The message says which. */
export class MappingError extends Error {}

const none: Read = { kind: "none" };
const nothing: Read = { kind: "value", value: null };

/** Compiles a value of the mapping. Throws `MappingError`. */
export function valueReader(value: Value, wanted: Wanted, habits: Habits): ValueReader {
  if (typeof value === "string") return valueReader({ column: value }, wanted, habits);
  if ("constant" in value) {
    const read: Read = { kind: "value", value: value.constant };
    return () => read;
  }
  const { column } = value;
  const empty = value.empty ?? wanted.empty;
  const parse = textReader(value, value.type ?? wanted.type, habits);
  const place = `${habits.place ?? "column"} ${column}`;
  const read: ValueReader = (row, currency) => {
    const text = row.cell(column).trim();
    if (text === "") return emptyRead(empty, place);
    const found = parse(text, currency);
    return found.kind === "unreadable" ? at(place, found) : found;
  };
  return value.plus === undefined ? read : withTimeAdded(read, value.plus, habits);
}

/** Compiles an id: one value, or several joined by ":". */
export function idReader(id: IdValue, habits: Habits): ValueReader {
  const wanted: Wanted = { type: "text", empty: "reject" };
  const parts = (Array.isArray(id) ? id : [id]).map((part) => valueReader(part, wanted, habits));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return asText(only);
  return (row) => {
    const texts: string[] = [];
    for (const part of parts) {
      const found = part(row);
      if (found.kind !== "value") return found;
      texts.push(String(found.value));
    }
    return { kind: "value", value: texts.join(":") };
  };
}

/** The names of all columns a value takes from. */
export function columnsOf(value: IdValue): string[] {
  if (Array.isArray(value)) return value.flatMap((part) => columnsOf(part));
  if (typeof value === "string") return [value];
  if ("constant" in value) return [];
  return value.plus === undefined ? [value.column] : [value.column, value.plus.column];
}

function asText(reader: ValueReader): ValueReader {
  return (row) => {
    const found = reader(row);
    return found.kind === "value" ? { kind: "value", value: String(found.value) } : found;
  };
}

function emptyRead(empty: Wanted["empty"], place: string): Read {
  if (empty === "omit") return none;
  if (empty === "null") return nothing;
  return { kind: "unreadable", reason: `${place} is empty`, cause: `${place} is empty` };
}

function at(place: string, found: Unreadable): Unreadable {
  return { ...found, reason: `${place}: ${found.reason}`, cause: `${place}: ${found.cause}` };
}

type TextReader = (text: string, currency?: string) => Read;

function textReader(value: ColumnValue, type: ValueType, habits: Habits): TextReader {
  if (value.map !== undefined) return mapReader(new Map(Object.entries(value.map)), value.otherwise);
  switch (type) {
    case "text":
      return (text) => ({ kind: "value", value: text });
    case "slug":
      return (text) => ({ kind: "value", value: text.toLowerCase().replace(/[^a-z0-9_-]+/g, "_") });
    case "boolean":
      return readBoolean;
    case "number":
      return (text) => numberRead(text, habits.decimal, false);
    case "integer":
      return (text) => numberRead(text, habits.decimal, true);
    case "money":
      return (text, currency) => moneyRead(text, habits.decimal, value.unit ?? "major", currency);
    case "day":
    case "moment":
      return remembered(dateTextReader(value, type, habits));
  }
}

function mapReader(map: ReadonlyMap<string, Scalar>, otherwise: Scalar | undefined): TextReader {
  return (text) => {
    const found = map.get(text) ?? (map.has(text) ? null : otherwise);
    if (found !== undefined) return { kind: "value", value: found };
    return refused(text, `is not in the map (${[...map.keys()].slice(0, 10).join(", ")})`);
  };
}

function refused(text: string, what: string): Unreadable {
  return { kind: "unreadable", reason: `"${text.slice(0, 100)}" ${what}`, cause: `a text ${what}` };
}

const truths = new Map([
  ...["true", "yes", "y", "t", "1"].map((text) => [text, true] as const),
  ...["false", "no", "n", "f", "0"].map((text) => [text, false] as const),
]);

function readBoolean(text: string): Read {
  const value = truths.get(text.toLowerCase());
  return value === undefined ? refused(text, "is neither true nor false") : { kind: "value", value };
}

const plainNumber = { ".": /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i, ",": /^[+-]?(\d+(,\d*)?|,\d+)(e[+-]?\d+)?$/i };
const groupedNumber = {
  ".": /^[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+(\.\d+)?$/,
  ",": /^[+-]?\d{1,3}([. '\u00a0\u202f]\d{3})+(,\d+)?$/,
};

function parseNumber(text: string, decimal: "." | ","): number | null {
  if (!plainNumber[decimal].test(text) && !groupedNumber[decimal].test(text)) return null;
  const groups = decimal === "." ? /[, '\u00a0\u202f]/g : /[. '\u00a0\u202f]/g;
  const value = Number(text.replace(groups, "").replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

function numberRead(text: string, decimal: "." | ",", isWhole: boolean): Read {
  const value = parseNumber(text, decimal);
  if (value === null) return refused(text, "is not a number");
  if (isWhole && !Number.isSafeInteger(value)) return refused(text, "is not a whole number");
  return { kind: "value", value };
}

function moneyRead(text: string, decimal: "." | ",", unit: "major" | "minor", currency: string | undefined): Read {
  const value = parseNumber(text.replace(/^([+-]?)\s*[$€£¥]\s*|\s*([$€£¥]|[A-Z]{3})$/g, "$1"), decimal);
  if (value === null) return refused(text, "is not an amount of money");
  if (unit === "minor")
    return Number.isSafeInteger(value)
      ? { kind: "value", value }
      : refused(text, "is not a whole number of minor units");
  if (currency === undefined)
    return { kind: "unreadable", reason: "the amount has no currency", cause: "the amount has no currency" };
  const minor = Math.round(Number(`${value}e${currencyDigits(currency)}`));
  return Number.isSafeInteger(minor) ? { kind: "value", value: minor } : refused(text, "is too large an amount");
}

/** Exports repeat their dates; reading one again costs a look-up. */
const keptDates = 5_000;

function remembered(read: TextReader): TextReader {
  const known = new Map<string, Read>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = read(text);
    if (known.size >= keptDates) known.clear();
    known.set(text, found);
    return found;
  };
}

function dateTextReader(value: ColumnValue, type: "day" | "moment", habits: Habits): TextReader {
  const formats = [value.format ?? habits.dates].flat();
  const readers = formats.map(readerOf);
  const zone = value.zone ?? habits.zone;
  return (text) => {
    for (const reader of readers) {
      const date = reader(text);
      if (date === null) continue;
      return { kind: "value", value: type === "day" ? dayIn(zone, date) : momentIn(zone, date) };
    }
    return refused(text, `is not a date written as ${formats.join(" or ")}`);
  };
}

function readerOf(format: string): DateReader {
  const reader = dateReader(format);
  if (reader !== null) return reader;
  throw new MappingError(
    `"${format}" is no date format: expected iso, epoch-seconds, epoch-milliseconds, or a pattern of YYYY MM DD HH mm ss, such as DD-MM-YYYY HH:mm`,
  );
}

function dayIn(zone: string, date: ParsedDate): string {
  return date.kind === "instant" ? formatDay(dayOfInstant(zone, date.instant)) : date.day;
}

/** A day alone is the moment it starts, in the zone. */
function momentIn(zone: string, date: ParsedDate): string {
  switch (date.kind) {
    case "instant":
      return new Date(date.instant).toISOString();
    case "local":
      return new Date(instantOf(zone, date.day, date.ms)).toISOString();
    case "day":
      return new Date(startOfDay(zone, parseDay(date.day))).toISOString();
  }
}

const unitMs = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;

function withTimeAdded(read: ValueReader, plus: NonNullable<ColumnValue["plus"]>, habits: Habits): ValueReader {
  const added = valueReader({ column: plus.column, type: "number" }, { type: "number", empty: "omit" }, habits);
  return (row) => {
    const base = read(row);
    const more = added(row);
    if (base.kind !== "value" || typeof base.value !== "string") return base;
    if (more.kind !== "value" || typeof more.value !== "number") return more;
    const moment = new Date(Date.parse(base.value) + more.value * unitMs[plus.unit]);
    if (Number.isNaN(moment.getTime())) return refused(String(more.value), "is too long a time to add");
    return { kind: "value", value: moment.toISOString() };
  };
}
