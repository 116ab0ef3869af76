import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FileMapping, Mapping } from "./mapping.ts";

/** Files paired with the part of the mapping that fits them, in the mapping's order. */
export interface FileSet {
  readonly pairs: readonly { readonly path: string; readonly file: FileMapping; readonly index: number }[];
  /** Named files that are not there, or that no part of the mapping fits. */
  readonly faults: readonly string[];
}

/** Pairs files with the mapping: the first `match` that fits a file's name counts. Of a folder, files that fit nothing are passed over. */
export async function pairFiles(paths: readonly string[], mapping: Mapping): Promise<FileSet> {
  const faults: string[] = [];
  const pairs: FileSet["pairs"][number][] = [];
  for (const path of paths) {
    const found = await expand(path);
    if (found === null) {
      faults.push(`there is no file ${path}`);
      continue;
    }
    const fitting = found.paths.flatMap((each) => pairOf(each, mapping));
    pairs.push(...fitting);
    if (fitting.length === 0) faults.push(`${path}: ${nothingFits(found.isFolder, mapping)}`);
  }
  return { pairs: pairs.sort((a, b) => a.index - b.index), faults };
}

async function expand(path: string): Promise<{ paths: string[]; isFolder: boolean } | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isDirectory()) return { paths: [path], isFolder: false };
  const names = (await readdir(path)).filter((name) => !name.endsWith(".rejects.csv")).sort();
  return { paths: names.map((name) => join(path, name)), isFolder: true };
}

function pairOf(path: string, mapping: Mapping): FileSet["pairs"][number][] {
  const index = mapping.files.findIndex((file) => fits(file.match, basename(path)));
  const file = mapping.files[index];
  return file === undefined ? [] : [{ path, file, index }];
}

function nothingFits(isFolder: boolean, mapping: Mapping): string {
  const patterns = mapping.files.map((file) => file.match).join(", ");
  return `${isFolder ? "no file in it" : "its name"} matches none of ${patterns}`;
}

/** Whether a file name fits a pattern with * and ?; capitals do not matter. */
export function fits(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i").test(name);
}
