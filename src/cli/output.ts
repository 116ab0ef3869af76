import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import picocolors from "picocolors";
import type { z } from "zod";

/** A stream of text that may be a terminal. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Cell = string | number | null;

/** Rows under heads; a null cell shows as a dash. */
export interface TableContent {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Indexes of the columns that are set to the right. */
  readonly right?: readonly number[];
}

/** A bar that moves on a terminal; nothing in a pipe. */
export interface Progress {
  advance(by: number): void;
  stop(): void;
}

/** The one writer of all commands: what was asked for on standard output, everything said beside it on standard error. */
export interface Output {
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal; null in a pipe. */
  readonly width: number | null;
  /** Colours on a terminal, else the text as it is. */
  readonly paint: Omit<ReturnType<typeof picocolors.createColors>, "isColorSupported">;
  line(text?: string): void;
  /** Beside the result, on standard error. */
  note(text: string): void;
  table(content: TableContent): void;
  json<Value>(shape: z.ZodType<unknown, Value>, value: Value): void;
  progress(label: string, total: number): Progress;
}

/** Makes the writer. `isColorless` stands above what the terminal can do. */
export function createOutput(stdout: TextStream, stderr: TextStream, isColorless: boolean): Output {
  const isTerminal = stdout.isTTY === true;
  const hasColors = isTerminal && !isColorless;
  const write = (stream: TextStream, text: string) => stream.write(`${printable(text, hasColors)}\n`);
  return {
    isTerminal,
    width: isTerminal ? (stdout.columns ?? null) : null,
    paint: picocolors.createColors(hasColors),
    line: (text = "") => write(stdout, text),
    note: (text) => write(stderr, text),
    table: (content) => write(stdout, layOut(content)),
    json: (_shape, value) => stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    progress: (label, total) => (stderr.isTTY === true && stderr === process.stderr ? startBar(label, total) : still),
  };
}

/** One line of a text that may hold anything: for names and reasons inside a sentence. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

const bare = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

function layOut({ head, rows, right = [] }: TableContent): string {
  const table = new Table({
    chars: bare,
    head: [...head],
    colAligns: head.map((_, index) => (right.includes(index) ? "right" : "left")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => row.map(cellText)));
  // The last column is padded to its widest cell: spaces nobody wants in a pipe.
  return table.toString().replace(/[ \t]+$/gm, "");
}

function cellText(cell: Cell): string {
  return cell === null || cell === "" ? "–" : oneLine(String(cell));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with ESC.
const colorCode = /(\u001b\[[0-9;]*m)/;

/** A customer's name may hold escape sequences that move the cursor or rename the window: only our colours get to the terminal. */
function printable(text: string, hasColors: boolean): string {
  return text
    .split(colorCode)
    .map((part, index) => {
      if (index % 2 === 1) return hasColors ? part : "";
      return part.replace(/(?![\n\t])\p{Cc}/gu, "");
    })
    .join("");
}

const still: Progress = { advance: () => undefined, stop: () => undefined };

function startBar(label: string, total: number): Progress {
  const bar = new SingleBar({ format: `${label} {bar} {percentage}% · {eta_formatted} left`, hideCursor: true });
  bar.start(total, 0);
  return { advance: (by) => bar.increment(by), stop: () => bar.stop() };
}
