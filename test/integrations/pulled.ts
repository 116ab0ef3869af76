import type { Mapped } from "../../src/integrations/mapped-port.ts";
import type { Page, PullContext, Source } from "../../src/integrations/source-port.ts";
import { mapContext } from "./pull-context.ts";

/** All pages of a stream from a cursor on, up to the one that is done; at most `most` of them. */
export async function pullAll(
  source: Source,
  stream: string,
  context: PullContext,
  cursor: unknown = null,
  most = 2_000,
): Promise<Page[]> {
  const pages: Page[] = [];
  let at = cursor;
  while (pages.length < most) {
    // As the engine keeps it: as JSON.
    const page = await source.pull(stream, JSON.parse(JSON.stringify(at)), context);
    pages.push(page);
    if (page.done) return pages;
    at = page.cursor;
  }
  throw new Error(`"${stream}" is not done after ${most} pages`);
}

/** What the raw things of pages come to, one by one. */
export function mapPages(source: Source, stream: string, pages: readonly Page[], now: Date): Mapped[] {
  return pages.flatMap(({ raw }) => raw.map((each) => source.map(stream, each, mapContext(now))));
}

/** The ids of raw things, in their order. */
export function idsOf(raw: readonly unknown[]): string[] {
  return raw.map((each) => (typeof each === "object" && each !== null && "id" in each ? String(each.id) : "?"));
}
