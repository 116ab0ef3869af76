import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { glob } from "tinyglobby";
import { fits } from "./file-set.ts";
import type { Mapping } from "./mapping.ts";

/** A file of a watched folder. */
export interface WatchedFile {
  readonly path: string;
  readonly bytes: number;
  /** When it came to be as it is: also a file whose own date is old has come now. Milliseconds since 1970. */
  readonly at: number;
}

/** The files of a folder or pattern that one part of the mapping fits, in the order in which they came. Of the parts the first that fits a file counts. */
export async function listFiles(path: string, mapping: Mapping, index: number): Promise<WatchedFile[]> {
  const found: WatchedFile[] = [];
  for (const each of await expand(path)) {
    const name = basename(each);
    if (name.endsWith(".rejects.csv")) continue;
    if (mapping.files.findIndex(({ match }) => fits(match, name)) !== index) continue;
    const file = await stat(each).catch(() => null);
    if (file?.isFile() === true) found.push({ path: each, bytes: file.size, at: Math.max(file.ctimeMs, file.mtimeMs) });
  }
  return found.sort((one, other) => (comesAfter(one, other) ? 1 : -1));
}

/** Whether a file has its turn after a place in the order. */
export function comesAfter(file: Pick<WatchedFile, "at" | "path">, place: Pick<WatchedFile, "at" | "path">): boolean {
  return file.at > place.at || (file.at === place.at && file.path > place.path);
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() === true) return [path];
  const pattern = found?.isDirectory() === true ? "*" : path;
  const cwd = found?.isDirectory() === true ? path : process.cwd();
  const names = await glob(pattern, { cwd, onlyFiles: true, absolute: false, expandDirectories: false });
  return names.map((name) => (cwd === path ? join(path, name) : name));
}
