import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from "pino";
import { redactValue } from "./redaction.ts";

/** The program's own log. Pass data as an object first, the sentence second. */
export type Log = Logger;

export const logLevels = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "json" | "text";

/** Makes a log that writes one line per entry to standard error (or `to`) and lets no secret through. */
export function createLog(options: { level: LogLevel; format: LogFormat; to?: DestinationStream }): Log {
  // Synchronous: the last lines before a crash are the ones that matter.
  const lines = options.to ?? destination({ fd: 2, sync: true });
  const isVerbose = options.level === "debug" || options.level === "trace";
  return pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactRecord },
      // The formatter has made plain data of errors already.
      serializers: { err: (error: unknown) => error },
    },
    {
      write(line) {
        // A second time, over the finished line: a child's bindings and the arguments of %s pass no formatter.
        const entry = redactRecord(JSON.parse(line));
        lines.write(options.format === "json" ? `${JSON.stringify(entry)}\n` : toText(entry, isVerbose));
      },
    },
  );
}

/**
 * A log that says nothing, for tests.
 *
 * @internal
 */
export function createSilentLog(): Log {
  return pino({ level: "silent" });
}

function redactRecord(record: object): Record<string, unknown> {
  return { ...Object(redactValue(record)) };
}

/** One entry as one line for people: `2026-01-31T12:00:00.000Z WARN  sentence  key=value`. */
function toText(entry: Readonly<Record<string, unknown>>, isVerbose: boolean): string {
  const { time, level, msg, pid: _pid, ...rest } = entry;
  const data = Object.entries(rest).map(([key, value]) => `${oneLine(key)}=${inline(value, isVerbose)}`);
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${oneLine(String(msg ?? ""))}`;
  return `${[head, ...data].join("  ")}\n`;
}

function inline(value: unknown, isVerbose: boolean): string {
  if (typeof value === "string") return /^[\w.:@/+-]+$/.test(value) ? value : JSON.stringify(value);
  if (isVerbose || typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  return JSON.stringify(value, (key, inner) => (key === "stack" ? undefined : inner));
}

/** Whoever can put a line break into a message could forge log lines. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
