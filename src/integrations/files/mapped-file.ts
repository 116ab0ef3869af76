import { stat } from "node:fs/promises";
import { suggestion } from "../../scoring/fault.ts";
import type { SourceKind, StreamKind } from "../../scoring/records.ts";
import { csvParser } from "./csv-parser.ts";
import type { FileMapping, IdValue, Mapping, Through, Value } from "./mapping.ts";
import { ndjsonParser } from "./ndjson-parser.ts";
import { checkColumns, checkNeeds, rowCheck, type Surroundings } from "./row-check.ts";
import { type BrokenRow, type FileRow, longestRow, type RowParser, readLines } from "./row-reader.ts";
import { type MappedInput, type MappingFault, rowTemplate, templateColumns } from "./template.ts";
import { columnsOf, type Habits, idReader, type Unreadable, type ValueReader, valueReader } from "./value.ts";

/** Rows read together. */
export interface RowBatch {
  readonly rows: readonly FileRow[];
  readonly broken: readonly BrokenRow[];
  /** Bytes of the file read for it. */
  readonly bytes: number;
}

/** What a row became. */
export interface MappedRow {
  readonly inputs: readonly MappedInput[];
  readonly warnings: readonly string[];
  readonly faults: readonly (MappingFault & { readonly kind: StreamKind })[];
}

/** What a row says of whose it is. */
export type RowOwner = { readonly kind: "named"; readonly name: string } | { readonly kind: "none" } | Unreadable;

/** A file with the part of the mapping that fits it. */
export interface MappedFile {
  readonly path: string;
  readonly bytes: number;
  readonly kinds: readonly StreamKind[];
  readonly unknownAccounts: "reject" | "hold";
  /** Set when rows name a record imported before instead of their account. */
  readonly via: SourceKind | null;
  /** Fields that checks look at. */
  readonly needs: { readonly record: boolean; readonly account: boolean };
  read(): AsyncGenerator<RowBatch>;
  /** The account a row names, or with `via` the record. */
  ownerOf(row: FileRow): RowOwner;
  map(row: FileRow, account: string, around: Surroundings): MappedRow;
  /** Up to which day each kind is complete, by what has been read so far. */
  completeThrough(): readonly {
    readonly kind: StreamKind;
    readonly throughDay: string;
    readonly backfilled: boolean;
  }[];
}

/** A file does not fit its mapping. */
export class FileFault extends Error {}

/** About this many inputs make a batch: 5,000 are a tenth quicker, and take 40 MB more. */
const batchInputs = 1_000;

/** Joins a file and its mapping. Throws `MappingError` for what only compiling finds, `FileFault` when the file lacks a column. */
export async function mapFile(path: string, file: FileMapping, mapping: Mapping): Promise<MappedFile> {
  const { size } = await stat(path);
  if (file.format === "csv") await assertColumns(path, file);
  const habits: Habits = {
    zone: file.zone ?? mapping.zone,
    dates: file.dates ?? mapping.dates,
    decimal: file.decimal,
  };
  const knownAt = file.knownAt ?? mapping.knownAt;
  const templates = file.records.map((template) => rowTemplate(template, knownAt, habits));
  const checks = file.checks.map((check) => rowCheck(check, habits));
  const completeness = new Completeness(file, mapping, habits);
  return {
    path,
    bytes: size,
    kinds: [...new Set(file.records.map((record) => record.kind))],
    unknownAccounts: file.unknownAccounts ?? mapping.unknownAccounts,
    via: typeof file.account === "object" && "via" in file.account ? file.account.via : null,
    needs: checkNeeds(file.checks),
    read: () => readBatches(path, file, Math.ceil(batchInputs / templates.length)),
    ownerOf: ownerReader(file, habits),
    completeThrough: () => completeness.stated(),
    map(row, account, around) {
      const said = checks.map((check) => ({ severity: check.severity, words: check.of(row, around) }));
      const warnings = said.flatMap((each) => (each.severity === "warn" && each.words !== null ? [each.words] : []));
      const refusal = said.find((each) => each.severity === "reject" && each.words !== null)?.words ?? null;
      if (refusal !== null) {
        const fault = { reason: refusal, cause: refusal };
        return { inputs: [], warnings, faults: templates.map(({ kind }) => ({ ...fault, kind })) };
      }
      const inputs: MappedInput[] = [];
      const faults: MappedRow["faults"][number][] = [];
      for (const template of templates) {
        const mapped = template.map(row, account);
        if (mapped.kind === "input") inputs.push(mapped.input);
        if (mapped.kind === "fault") faults.push({ ...mapped.fault, kind: template.kind });
      }
      if (inputs.length > 0) completeness.note(row);
      return { inputs, warnings, faults };
    },
  };
}

/** The names of all columns the mapping of a file takes from. */
function columnsOfFile(file: FileMapping): Set<string> {
  const account = file.account;
  const owner: IdValue[] = account === undefined ? [] : [ownerValue(account)];
  return new Set([
    ...file.records.flatMap(templateColumns),
    ...file.checks.flatMap(checkColumns),
    ...owner.flatMap(columnsOf),
  ]);
}

function ownerValue(account: NonNullable<FileMapping["account"]>): IdValue {
  return typeof account === "object" && "via" in account ? account.id : account;
}

function ownerReader(file: FileMapping, habits: Habits): (row: FileRow) => RowOwner {
  if (file.account === undefined) return () => ({ kind: "none" });
  const read = idReader(ownerValue(file.account), habits);
  return (row) => {
    const found = read(row);
    return found.kind === "value" ? { kind: "named", name: String(found.value) } : found;
  };
}

async function* readBatches(path: string, file: FileMapping, rowsPerBatch: number): AsyncGenerator<RowBatch> {
  const parser = file.format === "csv" ? csvParser(file.delimiter) : ndjsonParser();
  let rows: FileRow[] = [];
  let broken: BrokenRow[] = [];
  let bytes = 0;
  const onBytes = (count: number): void => {
    bytes += count;
  };
  for await (const reading of readRows(path, file, parser, onBytes)) {
    if (reading.kind === "row") rows.push(reading.row);
    else broken.push(reading.row);
    if (rows.length + broken.length < rowsPerBatch) continue;
    yield { rows, broken, bytes };
    [rows, broken, bytes] = [[], [], 0];
  }
  yield { rows, broken, bytes };
}

async function* readRows(path: string, file: FileMapping, parser: RowParser, onBytes: (count: number) => void) {
  let number = 0;
  for await (const { text, isCut } of readLines(path, file.encoding, onBytes)) {
    number += 1;
    if (isCut) {
      const reason = `the line is longer than ${longestRow} characters`;
      yield { kind: "broken", row: { line: number, raw: text.slice(0, 200), reason } } as const;
    } else yield* parser.line(text, number);
  }
  yield* parser.end();
}

async function assertColumns(path: string, file: FileMapping): Promise<void> {
  const columns = await readColumns(path, file);
  const missing = [...columnsOfFile(file)].filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  const each = missing.map((column) => `no column "${column}"${suggestion(column, columns)}`);
  const present = columns.length === 0 ? "it has no header" : `its columns are ${columns.slice(0, 40).join(", ")}`;
  throw new FileFault(`${path}: ${each.join(", ")}; ${present}`);
}

async function readColumns(path: string, file: FileMapping): Promise<readonly string[]> {
  const parser = csvParser(file.delimiter);
  let number = 0;
  for await (const { text } of readLines(path, file.encoding, () => undefined)) {
    number += 1;
    // Nothing comes before the header is known.
    for (const _ of parser.line(text, number)) break;
    if (parser.columns !== null) return parser.columns;
  }
  return [];
}

interface Stated {
  readonly kind: StreamKind;
  readonly read: ValueReader | null;
  throughDay: string | null;
}

/** Keeps the newest day of the columns by which a file says how far it goes. */
class Completeness {
  readonly #stated: Stated[];
  readonly #backfilled: boolean;

  constructor(file: FileMapping, mapping: Mapping, habits: Habits) {
    this.#backfilled = (file.knownAt ?? mapping.knownAt) !== "now";
    const kinds = [...new Set(file.records.map((record) => record.kind))];
    this.#stated = kinds.flatMap((kind): Stated[] => {
      const through = throughOf(file, kind) ?? mapping.completeThrough;
      if (through === undefined) return [];
      if (typeof through === "string") return [{ kind, read: null, throughDay: through }];
      return [{ kind, read: dayReader(through.max, habits), throughDay: null }];
    });
  }

  note(row: FileRow): void {
    for (const each of this.#stated) {
      const found = each.read?.(row);
      if (found?.kind !== "value" || typeof found.value !== "string") continue;
      if (each.throughDay === null || found.value > each.throughDay) each.throughDay = found.value;
    }
  }

  stated(): { kind: StreamKind; throughDay: string; backfilled: boolean }[] {
    return this.#stated.flatMap(({ kind, throughDay }) =>
      throughDay === null ? [] : [{ kind, throughDay, backfilled: this.#backfilled }],
    );
  }
}

function throughOf(file: FileMapping, kind: StreamKind): Through | undefined {
  const complete = file.completeThrough;
  if (complete === undefined || typeof complete === "string" || "max" in complete) return complete;
  return complete[kind];
}

function dayReader(value: Value, habits: Habits): ValueReader {
  return valueReader(value, { type: "day", empty: "omit" }, habits);
}
