import { clip, singleLine } from "../escape.ts";
import type { DigestLine } from "./line.ts";

/** More would not be read. */
const mostLines = 50;
const longestName = 100;
const longestReason = 240;

/** How a channel shows text: data goes through `text` first. */
export interface Emphasis {
  readonly text: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly struck: (text: string) => string;
}

/** A part of a digest: what stands over it, and its lines in order. */
export interface DigestPart {
  readonly heading: string | null;
  readonly lines: readonly DigestLine[];
}

/** The parts as paragraphs, as many as fit into `limit` characters, and how many more there are. */
export function digestParagraphs(
  parts: readonly DigestPart[],
  options: {
    readonly emphasis: Emphasis;
    readonly money: (amount: number) => string;
    readonly limit: number;
  },
): readonly string[] {
  const { emphasis, limit } = options;
  const all = parts.flatMap(({ lines }) => lines);
  const showsPlaybook = new Set(all.map(({ playbookId }) => playbookId)).size > 1;
  const paragraphs: string[] = [];
  // Room for the last line, "and 12345 more".
  let left = limit - 20;
  let shown = 0;
  for (const { heading, lines } of parts) {
    for (const [index, line] of lines.entries()) {
      const above = index === 0 && heading !== null ? [emphasis.strong(emphasis.text(heading))] : [];
      const added = [...above, lineText(line, showsPlaybook, options)];
      left -= added.reduce((sum, paragraph) => sum + paragraph.length + 2, 0);
      if (shown === mostLines || left < 0) return [...paragraphs, `and ${all.length - shown} more`];
      paragraphs.push(...added);
      shown += 1;
    }
  }
  return paragraphs;
}

function lineText(
  line: DigestLine,
  showsPlaybook: boolean,
  { emphasis, money }: { readonly emphasis: Emphasis; readonly money: (amount: number) => string },
): string {
  const { text, strong, struck } = emphasis;
  const { accountKey, score, band, expectedLoss, recovered } = line;
  const name = text(clip(singleLine(line.accountName), longestName));
  const key = text(clip(singleLine(accountKey), longestName));
  const facts = [
    ...(showsPlaybook ? [line.playbookName] : []),
    score === null ? "score not known" : `score ${score.toFixed(1)}`,
    ...(band === null ? [] : [band]),
    ...(expectedLoss === null ? [] : [`${money(expectedLoss)} a year at stake`]),
  ].map(text);
  const why = recovered === null ? line.reason : `recovered since: ${recovered}`;
  const shownName = recovered === null ? strong(name) : struck(name);
  return `${shownName} (${key}) · ${facts.join(" · ")}\n${text(clip(singleLine(why), longestReason))}`;
}
