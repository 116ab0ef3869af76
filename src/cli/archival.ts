import type { Archival } from "../queries/archival.ts";
import { type Output, oneLine } from "./output.ts";

/** Says of an archived account since when, why, and where it went; nothing of any other. */
export function printArchival(out: Output, command: string, archived: Archival): void {
  if (archived === null) return;
  const { since, reason, mergedInto } = archived;
  const where = mergedInto === null ? "" : `. It went up in ${mergedInto}: keepwell ${command} ${mergedInto}`;
  out.line(out.paint.yellow(`archived since ${since.slice(0, 10)}: ${oneLine(reason)}${where}`));
}
