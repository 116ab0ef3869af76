import { createReadStream } from "node:fs";
import { getDecoder } from "iconv-lite";

/** A row of a file, by the names of its columns. */
export interface FileRow {
  /** The physical line on which it begins, from 1. */
  readonly line: number;
  /** As it stands in the file. */
  readonly raw: string;
  /** The text of a cell; empty when there is no such column. */
  cell(column: string): string;
}

/** A row that could not be read at all. */
export interface BrokenRow {
  readonly line: number;
  readonly raw: string;
  readonly reason: string;
}

/** What a line of the file gave. */
export type Reading =
  | { readonly kind: "row"; readonly row: FileRow }
  | { readonly kind: "broken"; readonly row: BrokenRow };

/** Turns lines into rows. A row may need several lines; `end` gives what is left over. */
export interface RowParser {
  /** The column names of the file once they are known; null for a format that has none. */
  readonly columns: readonly string[] | null;
  line(text: string, number: number): Iterable<Reading>;
  end(): Iterable<Reading>;
}

/** A line, or a row of several lines, may be this long: a file without line ends, or with a quote that is never closed, must not fill the memory. */
export const longestRow = 1_000_000;

const chunkBytes = 256 * 1024;

/** The lines of a file one by one, whatever their ends; what is longer than `longestRow` comes cut, marked as such. */
export async function* readLines(
  path: string,
  encoding: string,
  onBytes: (count: number) => void,
): AsyncGenerator<{ readonly text: string; readonly isCut: boolean }> {
  const decoder = getDecoder(encoding, { stripBOM: true });
  const lines = new LineSplitter();
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
    if (!Buffer.isBuffer(chunk)) continue;
    onBytes(chunk.length);
    yield* lines.push(decoder.write(chunk));
  }
  yield* lines.push(decoder.end() ?? "");
  yield* lines.end();
}

class LineSplitter {
  #rest = "";
  #isCut = false;
  /** CR alone ends the lines of a file that has no LF in its beginning. */
  #feed: "\n" | "\r" | null = null;

  *push(text: string): Generator<{ text: string; isCut: boolean }> {
    const all = this.#rest + text;
    this.#feed ??= all.includes("\r") && !all.includes("\n") ? "\r" : "\n";
    let from = 0;
    for (let feed = all.indexOf(this.#feed); feed !== -1; feed = all.indexOf(this.#feed, from)) {
      yield this.#take(all.slice(from, feed));
      from = feed + 1;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length <= longestRow) return;
    this.#isCut = true;
    this.#rest = this.#rest.slice(0, longestRow);
  }

  *end(): Generator<{ text: string; isCut: boolean }> {
    if (this.#rest !== "") yield this.#take(this.#rest);
  }

  #take(text: string): { text: string; isCut: boolean } {
    const line = { text: text.endsWith("\r") ? text.slice(0, -1) : text, isCut: this.#isCut };
    this.#isCut = false;
    return line;
  }
}
