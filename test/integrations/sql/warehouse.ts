import pg from "pg";
import { z } from "zod";
import { SourceHalt } from "../../../src/integrations/call-port.ts";
import type { Mapped } from "../../../src/integrations/mapped-port.ts";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import { sqlSettings } from "../../../src/integrations/sql/settings.ts";
import { openSqlSource } from "../../../src/integrations/sql/source.ts";
import { createDatabase, dropDatabase } from "../../support/database.ts";
import { mapContext, pullContext } from "../pull-context.ts";

export interface Warehouse {
  readonly url: string;
  /** What the company itself does with its database. */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  close(): Promise<void>;
}

/** A database of somebody's, empty. */
export async function openWarehouse(): Promise<Warehouse> {
  const url = await createDatabase();
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return {
    url,
    query: (text, values) => client.query(text, values),
    async close() {
      await client.end();
      await dropDatabase(url);
    },
  };
}

/** A source of one stream over a database; `stream` is as sources.json would have it. */
export function sourceOf(
  url: string,
  stream: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Source {
  const settings = sqlSettings.parse({
    id: "warehouse",
    kind: "sql",
    url: { env: "WAREHOUSE_URL" },
    ...more,
    streams: [{ name: "rows", ...stream }],
  });
  return openSqlSource(settings, () => url);
}

export interface Reading {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly pages: readonly Page[];
  readonly cursor: unknown;
}

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** Everything from a cursor to the end; `between` comes after each page that is not the last. */
export async function readToEnd(
  source: Source,
  now: Date,
  cursor: unknown = null,
  between: (page: Page, index: number) => Promise<void> = async () => undefined,
): Promise<Reading> {
  const pages: Page[] = [];
  let at = cursor;
  for (;;) {
    // A cursor comes back as the database has kept it.
    const page = await pullAgain(source, JSON.parse(JSON.stringify(at)), now);
    pages.push(page);
    at = page.cursor;
    if (page.done) break;
    if (pages.length > 100) throw new Error("the reading does not end");
    await between(page, pages.length);
  }
  return { rows: rowsSchema.parse(pages.flatMap(({ raw }) => raw)), pages, cursor: at };
}

/** As the engine does: what may pass is tried again from the same cursor. */
async function pullAgain(source: Source, cursor: unknown, now: Date, tries = 3): Promise<Page> {
  try {
    return await source.pull("rows", cursor, pullContext(source, now));
  } catch (error) {
    const mayPass = error instanceof SourceHalt && error.verdict.kind === "retry" && tries > 1;
    if (!mayPass) throw error;
    return pullAgain(source, cursor, now, tries - 1);
  }
}

export function mapAll(source: Source, { pages }: Reading, now: Date): readonly Mapped[] {
  return pages.flatMap(({ raw }) => raw.map((row) => source.map("rows", row, mapContext(now))));
}
