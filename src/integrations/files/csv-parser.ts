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
 * A parser of RFC 4180 rows that forgives and recovers: a quote that is never closed costs the row it stands in and no other, since the
 * lines it swallowed are read again; a quote inside a cell without quotes is text. Line numbers are those of the file. (csv-parse loses
 * the rest of the file to such a quote, and does not tell on which line a row begins.)
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
  #cells = new CellReader();

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
    if (this.#open.length === 0) {
      if (line.text.trim() === "") return null;
      if (this.#columns === null) {
        this.#readHeader(line.text);
        return null;
      }
      if (!line.text.includes('"')) return this.#finish(line, [line], line.text.split(this.#delimiter));
      this.#cells = new CellReader();
    }
    this.#open.push(line);
    this.#openLength += line.text.length + 1;
    const state = this.#cells.read(line.text, this.#delimiter);
    if (state === "open" && this.#open.length < mostLines && this.#openLength < longestRow) return null;
    const lines = this.#close();
    const [first = line, ...again] = lines;
    if (state === "done") return this.#finish(first, lines, this.#cells.cells);
    return { reading: broken(first, state === "open" ? unclosed : trailing), again };
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
    const cells = new CellReader();
    cells.read(text, this.#delimiter);
    this.#columns = cells.cells.map((cell) => cell.trim());
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

/** Reads the cells of one row, line by line. */
class CellReader {
  readonly cells: string[] = [];
  /** What an open quoted cell has so far; null outside quotes. */
  #quoted: string | null = null;

  /** `open`: a quoted cell goes on in the next line. `broken`: text follows a closing quote. */
  read(line: string, delimiter: string): "done" | "open" | "broken" {
    let from: number | null = 0;
    if (this.#quoted !== null) {
      this.#quoted += "\n";
      from = this.#readQuoted(line, 0);
      if (from === null) return "open";
      if (from === line.length) return "done";
      if (!line.startsWith(delimiter, from)) return "broken";
      from += delimiter.length;
    }
    return this.#readCells(line, delimiter, from);
  }

  #readCells(line: string, delimiter: string, start: number): "done" | "open" | "broken" {
    let from = start;
    for (;;) {
      const isQuoted = line[from] === '"';
      const end = isQuoted ? this.#readQuoted(line, from + 1) : this.#readBare(line, delimiter, from);
      if (end === null) return "open";
      if (end === line.length) return "done";
      if (!line.startsWith(delimiter, end)) return "broken";
      from = end + delimiter.length;
    }
  }

  #readBare(line: string, delimiter: string, from: number): number {
    const next = line.indexOf(delimiter, from);
    const end = next === -1 ? line.length : next;
    this.cells.push(line.slice(from, end));
    return end;
  }

  /** Where the cell's closing quote ends, or null when it is not in this line. */
  #readQuoted(line: string, start: number): number | null {
    let from = start;
    let text = this.#quoted ?? "";
    for (;;) {
      const quote = line.indexOf('"', from);
      if (quote === -1) {
        this.#quoted = text + line.slice(from);
        return null;
      }
      text += line.slice(from, quote);
      if (line[quote + 1] !== '"') {
        this.cells.push(text);
        this.#quoted = null;
        return quote + 1;
      }
      text += '"';
      from = quote + 2;
    }
  }
}
