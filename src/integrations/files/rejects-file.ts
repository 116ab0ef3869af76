import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { finished } from "node:stream/promises";

/** A row that was left out. */
export interface RejectedRow {
  readonly line: number;
  readonly reasons: readonly string[];
  readonly raw: string;
}

/** Writes rejected rows to `<file>.rejects.csv` in one folder: line, reason, row. A file without rejects leaves none, not even an older one. */
export class RejectsFiles {
  readonly #folder: string;
  readonly #streams = new Map<string, { readonly path: string; readonly stream: WriteStream }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what an earlier import of these files left. */
  async clear(files: readonly string[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const file of files) await rm(this.#pathFor(file), { force: true });
  }

  async add(file: string, row: RejectedRow): Promise<void> {
    const stream = await this.#streamFor(file);
    const cells = [String(row.line), row.reasons.join("; "), row.raw].map(quoted);
    if (!stream.write(`${cells.join(",")}\n`)) await once(stream, "drain");
  }

  /** Ends all files; returns their paths. */
  async close(): Promise<string[]> {
    const open = [...this.#streams.values()];
    for (const { stream } of open) {
      stream.end();
      await finished(stream);
    }
    return open.map(({ path }) => path);
  }

  async #streamFor(file: string): Promise<WriteStream> {
    const known = this.#streams.get(file);
    if (known !== undefined) return known.stream;
    const path = this.#pathFor(file);
    const stream = createWriteStream(path, {
      flags: [...this.#streams.values()].some((each) => each.path === path) ? "a" : "w",
    });
    await once(stream, "open");
    stream.write("line,reason,row\n");
    this.#streams.set(file, { path, stream });
    return stream;
  }

  #pathFor(file: string): string {
    return join(this.#folder, `${basename(file)}.rejects.csv`);
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
