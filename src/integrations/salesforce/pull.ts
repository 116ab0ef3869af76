import { z } from "zod";
import { type Answer, SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { FetchedPage, Page, PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import { isSalesforceId, shortId } from "./ids.ts";
import { momentOf } from "./mapping/row.ts";
import type { PulledObject } from "./objects.ts";
import type { Rest } from "./rest.ts";
import { changesQuery, idsQuery, type Place, type Start } from "./soql.ts";
import { fieldsToAsk, type VisibleFields } from "./visible-fields.ts";

/** A round begins this much before what the last one had seen: a transaction's rows show with the time at which it changed them. */
const overlapMs = 10 * 60_000;
/** What Salesforce gives at once. */
const pageRows = 2_000;
const fewestRows = 200;
/** Ids in one query: far from the 16 kB a URL may have. */
const idsAtOnce = 200;

/**
 * Where a stream is. A round goes from `since` to what is newest. `after` is the last row of it that was stored; `next` is Salesforce's own
 * cursor, which only the session that opened it may use, and which ends after some time: `after` says the same, and for ever.
 */
const cursorSchema = z.strictObject({
  v: z.literal(1),
  since: z.iso.datetime().nullable(),
  after: z.strictObject({ at: z.iso.datetime(), id: z.string() }).nullable(),
  next: z.strictObject({ path: z.string(), session: z.string() }).nullable(),
  /** When the round was begun, by Salesforce's clock. */
  begunAt: z.iso.datetime().nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;

const beginning: Cursor = { v: 1, since: null, after: null, next: null, begunAt: null };

const rowsAnswer = z.looseObject({
  done: z.boolean(),
  nextRecordsUrl: z.string().optional(),
  records: z.array(z.unknown()),
});
const placed = z.looseObject({ Id: z.string(), SystemModstamp: z.string() });
const identified = z.looseObject({ Id: z.string().catch("") }).catch({ Id: "" });

export interface PullDeps {
  readonly rest: Rest;
  readonly visible: VisibleFields;
}

/** The next page of an object's changes. */
export async function pullChanges(
  deps: PullDeps,
  pulled: PulledObject,
  stored: unknown,
  context: PullContext,
): Promise<Page> {
  deps.rest.spareBudget(context.now);
  const cursor = readCursor(stored);
  const limit = context.shrink === 0 ? null : Math.max(fewestRows, Math.floor(pageRows / 2 ** context.shrink));
  const { answer, session } = await askRows(deps, pulled, cursor, limit, context);
  const { done, nextRecordsUrl, records } = readAnswer(answer, rowsAnswer);
  const last = lastPlace(records) ?? cursor.after;
  const isEnd = done && (limit === null || records.length < limit);
  const begunAt = cursor.begunAt ?? vendorTime(answer);
  if (isEnd) return endOfRound(records, { ...cursor, after: last, begunAt }, context);
  if (last === null || (last.at === cursor.after?.at && last.id === cursor.after.id)) {
    throw new SourceHalt({ kind: "fatal", reason: "Salesforce gave the same rows again" });
  }
  const next = locator(nextRecordsUrl);
  const following: Cursor = { ...cursor, after: last, next: next === null ? null : { path: next, session }, begunAt };
  return { raw: records, cursor: following, done: false };
}

/** Rows by id, as they are now; those that are gone for good come back as deleted, those in the recycle bin as rows that say so. */
export async function fetchRows(
  { rest, visible }: PullDeps,
  pulled: PulledObject,
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  const known = ids.filter(isSalesforceId);
  const fields = await fieldsToAsk(visible, context, pulled);
  const raw: unknown[] = [];
  for (let from = 0; from < known.length; from += idsAtOnce) {
    const soql = idsQuery(pulled, fields, known.slice(from, from + idsAtOnce));
    raw.push(
      ...readAnswer(await rest.ask(context, { method: "GET", path: queryPath(pulled, soql) }), rowsAnswer).records,
    );
  }
  const found = new Set(raw.map((row) => shortId(identified.parse(row).Id)));
  return { raw, deleted: known.filter((id) => !found.has(shortId(id))) };
}

async function askRows(
  { rest, visible }: PullDeps,
  pulled: PulledObject,
  cursor: Cursor,
  limit: number | null,
  context: PullContext,
): Promise<{ readonly answer: Answer; readonly session: string }> {
  const { mark: session } = await rest.login(context);
  if (cursor.next?.session === session && limit === null) {
    const answer = await askNext(rest, cursor.next.path, context);
    if (answer !== null) return { answer, session };
  }
  const fields = await fieldsToAsk(visible, context, pulled);
  const path = queryPath(pulled, changesQuery(pulled, fields, startOf(cursor), limit));
  try {
    return { answer: await rest.ask(context, { method: "GET", path }), session };
  } catch (error) {
    // A field that was hidden since it was described is left out, or named, at the next pull.
    if (error instanceof SourceHalt && error.verdict.kind === "forbidden") visible.forget(pulled.object);
    throw error;
  }
}

/** Null where Salesforce's cursor has ended. */
async function askNext(rest: Rest, path: string, context: PullContext): Promise<Answer | null> {
  try {
    return await rest.ask(context, { method: "GET", path });
  } catch (error) {
    if (error instanceof SourceHalt && error.verdict.kind === "reset-cursor") return null;
    throw error;
  }
}

function startOf({ since, after }: Cursor): Start {
  if (after !== null) return { kind: "after", place: after };
  return since === null ? { kind: "everything" } : { kind: "since", at: since };
}

/** The next round begins where this one did or where it ended, whichever is earlier, and a little before. */
function endOfRound(raw: readonly unknown[], { since, after, begunAt }: Cursor, { now, zone }: PullContext): Page {
  const seen = after === null ? null : Date.parse(after.at);
  const begun = begunAt === null ? Number.POSITIVE_INFINITY : Date.parse(begunAt);
  const from = seen === null ? since : new Date(Math.min(seen, begun) - overlapMs).toISOString();
  const delivered = Math.min(begun, now.getTime()) - overlapMs;
  return {
    raw,
    cursor: { ...beginning, since: from } satisfies Cursor,
    done: true,
    coveredThrough: lastWholeDay(zone, new Date(delivered)),
  };
}

function readCursor(stored: unknown): Cursor {
  const cursor = cursorSchema.safeParse(stored ?? beginning);
  if (cursor.success) return cursor.data;
  throw new SourceHalt({ kind: "reset-cursor", reason: "the stored cursor cannot be read" });
}

function lastPlace(records: readonly unknown[]): Place | null {
  const last = records.at(-1);
  if (last === undefined) return null;
  const row = placed.safeParse(last);
  const at = row.success ? momentOf(row.data.SystemModstamp) : null;
  if (!row.success || at === null) {
    throw new SourceHalt({ kind: "fatal", reason: "Salesforce gave a row without Id and SystemModstamp" });
  }
  return { at, id: row.data.Id };
}

/** Only a path below the query resources: it is sent the token. */
function locator(nextRecordsUrl: string | undefined): string | null {
  return nextRecordsUrl !== undefined && /^\/services\/data\/v\d+\.\d\/query(All)?\/[\w-]+$/.test(nextRecordsUrl)
    ? nextRecordsUrl
    : null;
}

function queryPath({ withDeleted }: PulledObject, soql: string): string {
  return `/${withDeleted ? "queryAll" : "query"}?q=${encodeURIComponent(soql)}`;
}

function vendorTime({ headers }: Answer): string | null {
  const at = typeof headers["date"] === "string" ? Date.parse(headers["date"]) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
