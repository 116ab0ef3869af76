import { createHash } from "node:crypto";
import { endOfRows } from "./format.ts";

const newline = 10;
/** No line of ours is longer: a file that has none is something else. */
const longestLine = 4_000_000;
const mark = Buffer.from(endOfRows);
const markInside = Buffer.from(`\n${endOfRows}`);

/** Reads the inflated text of a backup, piece by piece, and hashes what it has handed out. */
export class BackupReader {
  readonly #source: AsyncIterator<Buffer>;
  readonly #hash = createHash("sha256");
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line without its end; null at the end of the file. `isHashed` is false for the line that holds the hash. */
  async line(isHashed: boolean): Promise<string | null> {
    let end = this.#rest.indexOf(newline);
    while (end < 0) {
      if (this.#rest.length > longestLine || !(await this.#more())) return null;
      end = this.#rest.indexOf(newline);
    }
    const line = this.#take(end + 1, isHashed);
    return line.toString("utf8", 0, end);
  }

  /** The rows of a table up to the mark that ends them. Throws where the file ends before it. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      const end = this.#endOfRows();
      if (end !== null) {
        if (end > 0) yield this.#take(end, true);
        this.#take(mark.length, true);
        return;
      }
      // What lies behind the last line's end may be the beginning of the mark.
      const whole = this.#rest.lastIndexOf(newline) + 1;
      if (whole > 0) yield this.#take(whole, true);
      if (!(await this.#more())) throw new Truncated();
    }
  }

  /** The hash of all that was read so far, in hex. May be asked once. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  /** Where the mark begins, which is the end of the rows. `#rest` begins with a line here. */
  #endOfRows(): number | null {
    if (this.#rest.subarray(0, mark.length).equals(mark)) return 0;
    const before = this.#rest.indexOf(markInside);
    return before < 0 ? null : before + 1;
  }

  #take(length: number, isHashed: boolean): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    if (isHashed) this.#hash.update(taken);
    return taken;
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }
}

/** The file ends before it should. */
export class Truncated extends Error {
  constructor() {
    super("The file ends too early.");
  }
}
