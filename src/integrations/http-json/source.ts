import { createHash } from "node:crypto";
import { z } from "zod";
import { parseDuration } from "../../scoring/duration.ts";
import { streamKinds } from "../../scoring/records.ts";
import { type CallRequest, SourceHalt } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";
import { openHttpClient } from "../http-client.ts";
import { cellText, openJsonPath } from "../json-path.ts";
import { readAnswer } from "../read-answer.ts";
import { compileRecordMapping } from "../record-mapping.ts";
import type { Page, PullContext, Source, SourceCheck, SourceStream } from "../source-port.ts";
import { everyOf, type ReadSecret } from "../source-settings.ts";
import { lastWholeDay } from "../whole-days.ts";
import { type Authorizer, openAuthorizer } from "./auth.ts";
import { openPaging, type PageFound, type Paging } from "./paging.ts";
import type { HttpJsonSettings, HttpJsonStream } from "./settings.ts";
import { openSince, type Since } from "./since.ts";

const usualEveryMs = 15 * 60_000;

/** Anything else is no list of things, but somebody else's page. */
const bodySchema = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]);

const cursorSchema = z.strictObject({
  /** Where the next page is; null at the beginning of a sweep. */
  place: z.union([z.string(), z.number()]).nullable(),
  /** What this sweep asks for: the same for all its pages. */
  asked: z.string().nullable(),
  /** The newest change of all things so far, ISO. */
  newest: z.string().nullable(),
  /** When the sweep began, ISO. */
  sweep: z.string(),
  /** What the last page held, hashed: a service that knows no pages answers the same one for ever. */
  last: z.string().nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;

interface OpenStream {
  readonly settings: HttpJsonStream;
  readonly paging: Paging;
  readonly since: Since | null;
  readonly find: (body: unknown) => readonly unknown[];
  readonly findErrors: (body: unknown) => readonly unknown[];
  readonly mapping: ReturnType<typeof compileRecordMapping>;
}

/** A service that answers JSON, as sources.json describes it. */
export function openHttpJsonSource(settings: HttpJsonSettings, read: ReadSecret): Source {
  const { id, baseUrl, accounts = "create", idsAreKeys, limit } = settings;
  const authorizer = openAuthorizer(settings.auth, read);
  const streams = new Map(settings.streams.map((each) => [each.name, openStream(each, settings)]));
  const streamOf = (name: string): OpenStream => {
    const stream = streams.get(name);
    if (stream === undefined) throw new Error(`the source "${id}" has no stream "${name}"`);
    return stream;
  };
  return {
    id,
    kind: "http-json",
    accounts,
    idsAreKeys,
    streams: settings.streams.map((each) => sourceStream(each, settings.every)),
    limits: limit === undefined ? [] : [{ bucket: "calls", calls: limit.calls, perMs: parseDuration(limit.per) ?? 0 }],
    pull: (name, cursor, context) => pullPage(baseUrl, authorizer, streamOf(name), cursor, context),
    map: (name, raw, context) => streamOf(name).mapping.map(raw, context),
    classify: (answer, now) => classifyAnswer(answer, null, now),
    send: openHttpClient({ allowPrivate: settings.allowPrivate }),
    forgetToken: () => authorizer.forget(),
    check: (context) => checkStreams(baseUrl, authorizer, [...streams.values()], context),
  };
}

function openStream(settings: HttpJsonStream, { baseUrl, auth }: HttpJsonSettings): OpenStream {
  const secret = auth !== undefined && "query" in auth ? auth.query : null;
  return {
    settings,
    paging: openPaging(settings.paging, baseUrl, secret),
    since: settings.since === undefined ? null : openSince(settings.since),
    find: openJsonPath(settings.records),
    findErrors: settings.errors === undefined ? () => [] : openJsonPath(settings.errors),
    mapping: compileRecordMapping(settings.mapping),
  };
}

function sourceStream(stream: HttpJsonStream, every: string | undefined): SourceStream {
  const kinds = new Set<string>(stream.mapping.records.map(({ kind }) => kind));
  return {
    name: stream.name,
    feeds: streamKinds.filter((kind) => kinds.has(kind)),
    everyMs: everyOf(stream.every ?? every, usualEveryMs),
    mode: stream.snapshot ? "snapshot" : "incremental",
  };
}

async function pullPage(
  baseUrl: string,
  authorizer: Authorizer,
  stream: OpenStream,
  stored: unknown,
  context: PullContext,
): Promise<Page> {
  const { paging, since, settings } = stream;
  const cursor = openCursor(stored, since, context);
  const { answer, body, things } = await askPage(baseUrl, authorizer, stream, cursor, context);
  const last = hashOf(things);
  const next = paging.next(cursor.place, { answer, body, things });
  if (next !== null && last === cursor.last) {
    throw new SourceHalt({
      kind: "fatal",
      reason: "the service answers one page like the last: is its paging another?",
    });
  }
  const newest = since?.newest(things, cursor.newest, context.now) ?? null;
  const isDone = next === null;
  return {
    raw: things,
    cursor: { ...cursor, newest, place: next, last: isDone ? null : last } satisfies Cursor,
    done: isDone,
    ...(isDone && settings.coverage === "yesterday" && { coveredThrough: lastWholeDay(context.zone, context.now) }),
    ...(settings.snapshot && { sweep: cursor.sweep }),
  };
}

async function askPage(
  baseUrl: string,
  authorizer: Authorizer,
  stream: OpenStream,
  cursor: Cursor,
  context: PullContext,
): Promise<PageFound> {
  const request = await authorizer.authorize(requestOf(baseUrl, stream, cursor), context);
  const answer = await context.call(request).catch((error: unknown) => {
    throw cursor.place === null ? error : staleOr(error);
  });
  const body = readAnswer(answer, bodySchema);
  const [fault] = stream.findErrors(body);
  if (fault !== undefined) {
    const words = cellText(fault).slice(0, 300);
    throw new SourceHalt({ kind: "fatal", reason: `the service answered 200 with an error: ${words}` });
  }
  return { answer, body, things: stream.find(body) };
}

/** A page that is refused although the first one was not: its name is no good any more. */
function staleOr(error: unknown): unknown {
  if (!(error instanceof SourceHalt) || error.verdict.kind !== "fatal") return error;
  return new SourceHalt({ kind: "reset-cursor", reason: error.verdict.reason });
}

function hashOf(things: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(things)).digest("base64url").slice(0, 22);
}

/** Goes on where the last page led to; else begins the next sweep, from what the last one has seen. */
function openCursor(stored: unknown, since: Since | null, { now }: PullContext): Cursor {
  const known = stored === null || stored === undefined ? null : readCursor(stored);
  if (known !== null && known.place !== null) return known;
  const newest = known?.newest ?? null;
  return { place: null, newest, asked: since?.ask(newest, now) ?? null, sweep: now.toISOString(), last: null };
}

/** A cursor of another shape is of an older way of paging: begin anew, since everything may come twice. */
function readCursor(stored: unknown): Cursor | null {
  const parsed = cursorSchema.safeParse(stored);
  return parsed.success ? parsed.data : null;
}

function requestOf(baseUrl: string, { settings, paging }: OpenStream, cursor: Cursor): CallRequest {
  const page = paging.parameter(cursor.place);
  const fill = (text: string): string => fillIn(text, cursor, page?.value);
  const own = paging.url(cursor.place);
  const url = new URL(own ?? `${baseUrl.replace(/\/$/, "")}${settings.path}`);
  if (own === null) {
    for (const [name, value] of Object.entries(settings.query)) url.searchParams.set(name, fill(String(value)));
    if (page !== null && settings.form === undefined && settings.body === undefined) {
      url.searchParams.set(page.name, page.value);
    }
  }
  const payload = payloadOf(settings, page, fill);
  return {
    method: settings.method,
    url: url.href,
    headers: { accept: "application/json", ...payload.headers, ...settings.headers },
    ...(payload.body === undefined ? {} : { body: payload.body }),
  };
}

function payloadOf(
  { form, body }: HttpJsonStream,
  page: { readonly name: string; readonly value: string } | null,
  fill: (text: string) => string,
): { readonly headers: Readonly<Record<string, string>>; readonly body?: string } {
  if (form !== undefined) {
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) fields.set(name, fill(String(value)));
    if (page !== null) fields.set(page.name, page.value);
    return { headers: { "content-type": "application/x-www-form-urlencoded" }, body: fields.toString() };
  }
  if (body === undefined) return { headers: {} };
  const filled = JSON.parse(JSON.stringify(body), (_key, value) => (typeof value === "string" ? fill(value) : value));
  const whole = page === null || Array.isArray(filled) ? filled : { ...filled, [page.name]: page.value };
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(whole) };
}

function fillIn(text: string, { asked }: Cursor, page: string | undefined): string {
  return text.replaceAll("{since}", asked ?? "").replaceAll("{page}", page ?? "");
}

/** Asks for the first page of each stream, and counts what it finds there. */
async function checkStreams(
  baseUrl: string,
  authorizer: Authorizer,
  streams: readonly OpenStream[],
  context: PullContext,
): Promise<SourceCheck> {
  const found: string[] = [];
  for (const stream of streams) {
    const { name } = stream.settings;
    try {
      const page = await pullPage(baseUrl, authorizer, stream, null, context);
      found.push(`${name}: ${page.raw.length} on the first page`);
    } catch (error) {
      if (!(error instanceof SourceHalt)) throw error;
      const missing =
        error.verdict.kind === "forbidden" && error.verdict.missing !== null ? [error.verdict.missing] : [];
      return { ok: false, detail: `${name}: ${error.message}`, missing };
    }
  }
  return { ok: true, detail: found.join("; "), missing: [] };
}
