import type { Differences } from "../../queries/plan/changed-documents.ts";

/** A line for each place at which two versions of a document differ. */
export function differenceLines(differences: Differences): readonly string[] {
  return differences.map(({ path, from, to }) => `${path}: ${shown(from)} → ${shown(to)}`);
}

/** A value of a document, short enough for a line. */
function shown(value: unknown): string {
  if (value === null) return "(none)";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
