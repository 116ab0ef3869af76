import { CsvError, parse } from "csv-parse/sync";
import { type FileRow, longestRow, type Reading, type RowParser } from "./row-reader.ts";

/** What may stand between cells when the mapping says `auto`: whichever the header has most of. */
const delimiters = [",", ";", "\t", "|"] as const;

/** More lines than this in one row are a quote that is never closed. */
const mostLines = 1_000;

interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * Finds the rows of a file for csv-parse to read, one at a time, so that it recovers: a quote that is never closed costs the row it
 * stands in and no other, since the lines it swallowed are read again. (Given the whole file, csv-parse loses the rest of it to such a
 * quote, and does not tell on which line a row begins.) Line numbers are those of the file.
 */
export function csvParser(delimiter: string): RowParser {
  return new CsvParser(delimiter);
}

class CsvParser implements RowParser {
  #delimiter: string;
  #columns: string[] | null = null;
  #positions: ReadonlyMap<string, number> = new Map();
  /** The lines of a row whose quote is still open. */
  #open: Line[] = [];
  #openLength = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  get columns(): readonly string[] | null {
    return this.#columns;
  }

  *line(text: string, number: number): Generator<Reading> {
    // Lines to be read again after a broken row come before those that follow in the file.
    const waiting: Line[] = [{ text, number }];
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      const found = this.#take(line);
      if (found === null) continue;
      yield found.reading;
      waiting.unshift(...found.again);
    }
  }

  *end(): Generator<Reading> {
    while (this.#open.length > 0) {
      const [first, ...again] = this.#close();
      if (first === undefined) return;
      yield broken(first, unclosed);
      for (const line of again) yield* this.line(line.text, line.number);
    }
  }

  #take(line: Line): { reading: Reading; again: readonly Line[] } | null {
    const hasQuote = line.text.includes('"');
    if (this.#open.length === 0) {
      if (line.text.trim() === "") return null;
      if (this.#columns === null) {
        this.#readHeader(line.text);
        return null;
      }
      if (!hasQuote) return this.#finish(line, [line], line.text.split(this.#delimiter));
    }
    this.#open.push(line);
    this.#openLength += line.text.length + 1;
    const isFull = this.#open.length >= mostLines || this.#openLength >= longestRow;
    // Without a quote of its own a line cannot close the one that is open.
    const cells = hasQuote ? readCells(this.#open.map(({ text }) => text).join("\n"), this.#delimiter) : "open";
    if (cells === "open" && !isFull) return null;
    const lines = this.#close();
    const [first = line, ...again] = lines;
    if (typeof cells !== "string") return this.#finish(first, lines, cells);
    return { reading: broken(first, cells === "open" ? unclosed : trailing), again };
  }

  #close(): Line[] {
    const lines = this.#open;
    this.#open = [];
    this.#openLength = 0;
    return lines;
  }

  #readHeader(text: string): void {
    const separator = /^sep=(.)$/i.exec(text.trim())?.[1];
    if (separator !== undefined) {
      this.#delimiter = separator;
      return;
    }
    if (this.#delimiter === "auto") this.#delimiter = mostFrequent(text);
    const cells = readCells(text, this.#delimiter);
    this.#columns = (typeof cells === "string" ? text.split(this.#delimiter) : cells).map((cell) => cell.trim());
    // Of two columns of one name the first counts.
    this.#positions = new Map(this.#columns.map((name, index) => [name, index] as const).reverse());
  }

  #finish(first: Line, lines: readonly Line[], cells: readonly string[]): { reading: Reading; again: readonly Line[] } {
    const wanted = this.#columns?.length ?? 0;
    const surplus = cells.slice(wanted);
    if (cells.length >= wanted && surplus.every((cell) => cell === "")) {
      return { reading: { kind: "row", row: this.#rowOf(first, lines, cells) }, again: [] };
    }
    const reason = `it has ${cells.length} ${cells.length === 1 ? "column" : "columns"}, the header has ${wanted}`;
    // A row of several lines that does not fit was opened by a stray quote.
    return { reading: broken(first, lines.length === 1 ? reason : unclosed), again: lines.slice(1) };
  }

  #rowOf(first: Line, lines: readonly Line[], cells: readonly string[]): FileRow {
    const positions = this.#positions;
    return {
      line: first.number,
      raw: lines.length === 1 ? first.text : lines.map((line) => line.text).join("\n"),
      cell: (column) => cells[positions.get(column) ?? -1] ?? "",
    };
  }
}

const unclosed = "a quote is opened and not closed";
const trailing = "text follows a closing quote";

function broken(line: Line, reason: string): Reading {
  return { kind: "broken", row: { line: line.number, raw: line.text, reason } };
}

function mostFrequent(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const count = (delimiter: string): number => bare.split(delimiter).length;
  return delimiters.reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** What csv-parse makes of a text that should be one row: its cells, or why not. */
function readCells(text: string, delimiter: string): readonly string[] | "open" | "broken" {
  try {
    return parseRow(text, delimiter, false);
  } catch (error) {
    // A quote inside a cell that does not begin with one is text: `5" screen`.
    return codeOf(error) === "INVALID_OPENING_QUOTE" ? readRelaxed(text, delimiter) : faultOf(error);
  }
}

function readRelaxed(text: string, delimiter: string): readonly string[] | "open" | "broken" {
  try {
    return parseRow(text, delimiter, true);
  } catch (error) {
    return faultOf(error);
  }
}

function parseRow(text: string, delimiter: string, isRelaxed: boolean): readonly string[] | "broken" {
  const rows: string[][] = parse(text, { delimiter, relax_column_count: true, relax_quotes: isRelaxed });
  const [cells] = rows;
  return cells === undefined || rows.length > 1 ? "broken" : cells;
}

function faultOf(error: unknown): "open" | "broken" {
  return codeOf(error) === "CSV_QUOTE_NOT_CLOSED" ? "open" : "broken";
}

function codeOf(error: unknown): string {
  return error instanceof CsvError ? error.code : "";
}
