import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import type { Page, PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import { seenColumn } from "./columns.ts";
import { openReader, ownPrefix, type Reader, type Row, type Rows } from "./connection.ts";
import type { SqlStream } from "./settings.ts";
import { type Extent, positionColumn, statementOf } from "./statement.ts";

const pageSize = 2_000;
/** The oldest row version a reading may keep from being cleaned up in somebody's database. */
const longestHeldMs = 600_000;

const cursorSchema = z.strictObject({
  since: z.string().nullable(),
  /** When the reading under way began; null between two. */
  began: z.string().nullable(),
  after: z.array(z.string()).nullable(),
});
type SqlPosition = z.infer<typeof cursorSchema>;

/** A stream of a database, ready to be read. */
export interface Walk {
  readonly url: string;
  readonly stream: SqlStream;
  readonly key: readonly string[];
  /** Null: the company's. */
  readonly zone: string | null;
  readonly timeoutMs: number;
}

/** A query under way, kept for the next page so that it need not run again. */
interface Held {
  readonly reader: Reader;
  readonly rows: Rows;
  readonly stream: string;
  readonly expects: SqlPosition;
  readonly since: number;
}

export interface Walker {
  /** The next page. Where the query is not under way any more it runs again, from behind the last row of the page before. */
  next(walk: Walk, stored: unknown, context: PullContext): Promise<Page>;
  close(): Promise<void>;
}

/** Reads streams page by page over one connection at a time. */
export function openWalker(): Walker {
  let held: Held | null = null;
  const letGo = async () => {
    const last = held;
    held = null;
    await last?.reader.close();
  };

  /** The query that is under way behind this position; else it begins. */
  const resume = async (walk: Walk, position: SqlPosition, context: PullContext): Promise<Held> => {
    const last = held;
    const isFresh = last !== null && context.now.getTime() - last.since < longestHeldMs;
    if (isFresh && last.stream === walk.stream.name && isDeepStrictEqual(last.expects, position)) return last;
    await letGo();
    const zone = walk.zone ?? context.zone;
    const { url, timeoutMs, stream, key } = walk;
    const { text, values } = statementOf(stream, key, extentOf(stream, position, zone));
    const reader = await openReader({ url, zone, timeoutMs, signal: context.signal });
    const since = context.now.getTime();
    return { reader, rows: reader.open(text, values), stream: stream.name, expects: position, since };
  };

  return {
    async next(walk, stored, context) {
      const position = openPosition(stored, context.now);
      try {
        const reading = await resume(walk, position, context);
        held = reading;
        const rows = await reading.rows.read(pageSize);
        const page = pageOf(walk, position, rows, context.now);
        held = { ...reading, expects: page.cursor };
        if (!page.done) return page;
        const coveredThrough = await coverageOf(walk, reading, context);
        await letGo();
        return { ...page, ...(coveredThrough !== null && { coveredThrough }) };
      } catch (error) {
        await letGo();
        throw error;
      }
    },
    close: letGo,
  };
}

function openPosition(stored: unknown, now: Date): SqlPosition & { readonly began: string } {
  const cursor =
    stored === null || stored === undefined ? { since: null, began: null, after: null } : cursorSchema.parse(stored);
  return { ...cursor, began: cursor.began ?? now.toISOString() };
}

function extentOf({ cursor }: SqlStream, { since, began, after }: SqlPosition, zone: string): Extent {
  const moment = began ?? "";
  const until = cursor?.type === "day" ? formatDay(dayOfInstant(zone, Date.parse(moment))) : moment;
  return { since, until, after };
}

function pageOf(
  { stream, key }: Walk,
  position: SqlPosition & { readonly began: string },
  rows: readonly Row[],
  now: Date,
): Page & { readonly cursor: SqlPosition } {
  const last = rows.at(-1);
  const hasCursor = stream.cursor !== undefined;
  const after = last === undefined ? position.after : positionOf(last, key.length + (hasCursor ? 1 : 0));
  const isDone = rows.length < pageSize;
  const since = hasCursor ? (after?.[0] ?? position.since) : null;
  return {
    raw: rows.map((row) => ({ ...withoutPosition(row), [seenColumn]: now.toISOString() })),
    cursor: isDone ? { since, began: null, after: null } : { ...position, after },
    done: isDone,
    ...(stream.deletes === "missing" && { sweep: position.began }),
  };
}

function positionOf(row: Row, length: number): string[] {
  return Array.from({ length }, (_, index) => String(row[positionColumn(index)] ?? ""));
}

function withoutPosition(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith(ownPrefix)));
}

/** The last day that is whole: never one that is still going on. */
async function coverageOf(
  { stream, zone }: Walk,
  { reader, rows }: Pick<Held, "reader" | "rows">,
  context: PullContext,
): Promise<string | null> {
  const yesterday = lastWholeDay(zone ?? context.zone, context.now);
  if (stream.coverage === "yesterday") return yesterday;
  await rows.close();
  const [row] = await reader.all(stream.coverage.query, []);
  const day = String(Object.values(row ?? {})[0] ?? "").slice(0, 10);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  if (day > yesterday) return yesterday;
  return day;
}
