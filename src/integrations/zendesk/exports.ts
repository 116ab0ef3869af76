import { z } from "zod";
import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import type { ZendeskApi } from "./api.ts";
import { exportedOrganizations, exportedTickets, exportedUsers } from "./pages.ts";

/** Nothing of the last minute is exported, and a start within it is refused. */
const exportDelayMs = 60_000;
/** A page of the export by time that has fewer is the last one, where it does not say so itself. */
const fullPage = 1_000;

const cursorSchema = z.looseObject({ cursor: z.string() }).nullable().catch(null);
const timeSchema = z.looseObject({ since: z.int().nonnegative() }).catch({ since: 0 });

/** One page of what has changed, by cursor. The cursor of the end is kept: what changes next comes after it. */
export async function pullExport(
  api: ZendeskApi,
  what: "tickets" | "users",
  cursor: unknown,
  context: PullContext,
): Promise<Page> {
  const known = cursorSchema.parse(cursor)?.cursor ?? null;
  const start = known === null ? { since: 0 } : { cursor: known };
  const answer = await context.call(api.exportPage(what, start, context.shrink));
  const page = what === "tickets" ? readAnswer(answer, exportedTickets) : readAnswer(answer, exportedUsers);
  const next = page.after_cursor ?? known;
  const isDone = next === null || (page.end_of_stream ?? page.after_cursor == null);
  return {
    raw: page.raw,
    cursor: next === null ? null : { cursor: next },
    done: isDone,
    ...(isDone && { coveredThrough: coveredAt(context) }),
  };
}

/** One page of organizations, by time. Those of the second at which a page ends come again with the next one. */
export async function pullOrganizations(api: ZendeskApi, cursor: unknown, context: PullContext): Promise<Page> {
  const latest = Math.floor((context.now.getTime() - exportDelayMs) / 1_000) - 1;
  const since = Math.min(timeSchema.parse(cursor).since, latest);
  const page = readAnswer(await context.call(api.organizationsSince(since)), exportedOrganizations);
  const end = page.end_time ?? since;
  const isDone = page.end_of_stream ?? page.organizations.length < fullPage;
  if (!isDone && end <= since) {
    const reason = "the export of organizations stands still: too many have the same time";
    throw new SourceHalt({ kind: "fatal", reason });
  }
  return {
    raw: page.organizations,
    cursor: { since: Math.max(end, since) },
    done: isDone,
    ...(isDone && { coveredThrough: coveredAt(context) }),
  };
}

function coveredAt({ zone, now }: PullContext): string {
  return lastWholeDay(zone, new Date(now.getTime() - exportDelayMs));
}
