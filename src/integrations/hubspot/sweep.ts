import { z } from "zod";
import { type Answer, SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import { type Filter, type HubSpotApi, pageSchema } from "./api.ts";
import { idsOf, modifiedProperty, type ObjectName, propertiesOf } from "./objects.ts";
import type { HubSpotSettings } from "./settings.ts";

/** As many as a search gives at once. */
const pageSize = 200;
/** HubSpot's search lags behind its records: what changed shortly before a sweep began is looked for again by the next one. */
const overlapMs = 10 * 60_000;

const cursorSchema = z.strictObject({
  /** The sweep looks for what changed since then; null: for everything there is. */
  since: z.iso.datetime().nullable(),
  /** When the sweep under way began; null between two. */
  startedAt: z.iso.datetime().nullable(),
  /** The last id it has delivered. */
  lastId: z.string().nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;

/** A page of a sweep over the things of one sort that changed since the sweep before. */
export interface SweepPage {
  readonly things: readonly unknown[];
  readonly cursor: Cursor;
  readonly done: boolean;
  /** The last day before the sweep; only when it is done. */
  readonly coveredThrough: string | undefined;
}

/**
 * Goes through what has changed in the order of ids, always asking for what comes after the last one. So the 10,000 results that a search
 * shows at most are never reached, any number of equal times does no harm, and what changes under the sweep is found by the next one.
 */
export async function sweepOn(
  deps: { readonly api: HubSpotApi; readonly settings: HubSpotSettings },
  object: ObjectName,
  stored: unknown,
  context: PullContext,
): Promise<SweepPage> {
  const cursor = openCursor(stored);
  const answer = await context.call(
    deps.api.search(object, {
      filters: filtersOf(object, cursor, deps.settings),
      sortBy: "hs_object_id",
      properties: propertiesOf(object, deps.settings),
      limit: pageSize,
    }),
  );
  const { results, paging } = readAnswer(answer, pageSchema);
  const startedAt = cursor.startedAt ?? vendorTime(answer, context.now);
  if (results.length < pageSize && paging?.next == null) {
    const coveredThrough = lastWholeDay(context.zone, new Date(Date.parse(startedAt) - overlapMs));
    const next = { since: startedAt, startedAt: null, lastId: null };
    return { things: results, cursor: next, done: true, coveredThrough };
  }
  const lastId = highestOf(idsOf(results), cursor.lastId);
  return { things: results, cursor: { ...cursor, startedAt, lastId }, done: false, coveredThrough: undefined };
}

function openCursor(stored: unknown): Cursor {
  const known = cursorSchema.safeParse(stored);
  return known.success ? known.data : { since: null, startedAt: null, lastId: null };
}

function filtersOf(object: ObjectName, { since, lastId }: Cursor, { tasks }: HubSpotSettings): Filter[] {
  const filters: Filter[] = [];
  if (since !== null) {
    const from = String(Date.parse(since) - overlapMs);
    filters.push({ propertyName: modifiedProperty(object), operator: "GTE", value: from });
  }
  if (lastId !== null) filters.push({ propertyName: "hs_object_id", operator: "GT", value: lastId });
  if (object === "tasks" && tasks !== undefined) {
    filters.push({ propertyName: tasks.keyProperty, operator: "HAS_PROPERTY" });
  }
  return filters;
}

/** The earlier of HubSpot's clock and ours: a clock that is ahead would make the next sweep begin too late. */
function vendorTime({ headers }: Answer, now: Date): string {
  const date = typeof headers["date"] === "string" ? Date.parse(headers["date"]) : Number.NaN;
  return new Date(Number.isNaN(date) ? now.getTime() : Math.min(date, now.getTime())).toISOString();
}

/** Pages may be shuffled in themselves: the highest id counts, wherever it stands. */
function highestOf(ids: readonly string[], before: string | null): string {
  const floor = BigInt(before ?? 0);
  const [last = floor] = ids
    .filter((id) => /^\d+$/.test(id))
    .map(BigInt)
    .sort((one, other) => (one > other ? -1 : 1));
  // Nothing new on a page that is not the last: the sweep would go round for ever.
  if (last <= floor)
    throw new SourceHalt({ kind: "fatal", reason: "HubSpot's page brought nothing after the last one" });
  return String(last);
}
