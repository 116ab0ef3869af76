import { type StubRequest, startHttpStub } from "../http-stub.ts";
import { readOpenApi } from "../openapi.ts";
import type { SourceFake } from "../source-suite.ts";
import { smallDesk, truthOf, type ZendeskData } from "./desk.ts";

/** What Zendesk publishes of its answers, kept beside the project. */
export const specFile = "../shared/specs/zendesk/support.trimmed.json";

export interface ZendeskFake extends SourceFake {
  readonly data: ZendeskData;
  /** Answers that are not as Zendesk publishes them. */
  readonly faults: string[];
  /** `path?query` of every request. */
  readonly asked: string[];
  /** Decides for a request before the fake does; null: it answers itself. */
  intercept: (path: string, query: URLSearchParams) => Reply | null;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeOptions {
  readonly now: Date;
  readonly data?: ZendeskData;
  /** At most so many on a page of an export, whatever is asked for. */
  readonly perPage?: number;
  /** Each page begins with the last thing of the one before. */
  readonly repeats?: boolean;
  /** Which ways of asking customers there are. */
  readonly surveys?: readonly ("ratings" | "responses")[];
}

/** A Zendesk account on loopback: exports by cursor and by time, lookups, both ways of asking customers. */
export async function startZendeskFake(options: FakeOptions): Promise<ZendeskFake> {
  const { now, data = smallDesk(), perPage = 3, repeats = false, surveys = ["ratings", "responses"] } = options;
  const spec = readOpenApi(specFile);
  const faults: string[] = [];
  const asked: string[] = [];
  const state = { intercept: (_path: string, _query: URLSearchParams): Reply | null => null };
  const paging: Paging = { perPage, repeats, upTo: Math.floor(now.getTime() / 1_000) - 60 };

  const stub = await startHttpStub((response, request) => {
    const { pathname, searchParams } = new URL(request.url, "http://fake");
    const path = pathname.replace(/\.json$/, "");
    asked.push(`${path}?${decodeURIComponent(searchParams.toString())}`);
    const reply = state.intercept(path, searchParams) ?? answer({ data, paging, surveys }, request, path, searchParams);
    if (reply.status === 200) faults.push(...(spec?.faultsOf("get", path, 200, reply.body) ?? []));
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(JSON.stringify(reply.body));
  });

  return {
    url: `http://127.0.0.1:${stub.port}`,
    data,
    faults,
    asked,
    get intercept() {
      return state.intercept;
    },
    set intercept(intercept) {
      state.intercept = intercept;
    },
    truth: () => truthOf(data),
    close: stub.close,
  };
}

interface Paging {
  readonly perPage: number;
  readonly repeats: boolean;
  /** Nothing newer is exported, in seconds since 1970. */
  readonly upTo: number;
}

interface Desk {
  readonly data: ZendeskData;
  readonly paging: Paging;
  readonly surveys: readonly string[];
}

function answer(desk: Desk, { headers }: StubRequest, path: string, query: URLSearchParams): Reply {
  const { data, paging, surveys } = desk;
  if (headers.authorization === undefined) return { status: 401, body: { error: "Couldn't authenticate you" } };
  switch (path) {
    case "/api/v2/users/me":
      return ok({ user: { id: 1, name: "Robot", role: "admin", email: "robot@example.com" } });
    case "/api/v2/incremental/tickets/cursor":
      return exportPage("tickets", data.tickets, paging, query);
    case "/api/v2/incremental/users/cursor":
      return exportPage("users", data.users, paging, query);
    case "/api/v2/incremental/organizations":
      return organizationsPage(data.organizations, paging, query);
    case "/api/v2/organizations/show_many":
      return ok({ organizations: byIds(data.organizations, query).filter((each) => each["deleted_at"] == null) });
    case "/api/v2/users/show_many":
      return ok({ users: byIds(data.users, query) });
    case "/api/v2/tickets/show_many":
      return ok({ tickets: byIds(data.tickets, query).filter((each) => each["status"] !== "deleted") });
    case "/api/v2/satisfaction_ratings":
      return surveys.includes("ratings") ? listPage("satisfaction_ratings", data.ratings, query) : notThere;
    case "/api/v2/guide/survey_responses":
      return surveys.includes("responses") ? listPage("survey_responses", data.responses, query) : notThere;
    default:
      return notThere;
  }
}

const notThere: Reply = { status: 404, body: { error: "RecordNotFound", description: "Not found" } };

function ok(body: unknown): Reply {
  return { status: 200, body };
}

type Thing = ZendeskData["tickets"][number];

/** By the time at which a thing was last touched, whatever its `updated_at` says; ties by id. */
function exportPage(what: "tickets" | "users", all: readonly Thing[], paging: Paging, query: URLSearchParams): Reply {
  const cursor = query.get("cursor");
  if (cursor === null && Number(query.get("start_time")) > paging.upTo) return tooRecent;
  const position = cursor === null ? "" : Buffer.from(cursor, "base64").toString("utf8");
  if (cursor !== null && !/^\d{12} \d{12}$/.test(position)) {
    return { status: 400, body: { error: "InvalidCursor", description: "The cursor is not valid" } };
  }
  const sorted = all
    .filter((each) => touchedAt(each) <= paging.upTo)
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const rest = sorted.filter((each) => placeOf(each) > position);
  const size = Math.min(paging.perPage, Number(query.get("per_page") ?? 1_000));
  const page = rest.slice(0, size);
  const before = paging.repeats ? sorted.filter((each) => placeOf(each) <= position).slice(-1) : [];
  const last = page.at(-1);
  const after = last === undefined ? cursor : Buffer.from(placeOf(last), "utf8").toString("base64");
  const items = [...before, ...page];
  return ok({
    [what]: items.map(({ generated_timestamp: _, metric_set: __, ...each }) => each),
    ...(query.get("include") === "metric_sets" && {
      metric_sets: items.flatMap(({ id, metric_set: set }) => (isObject(set) ? { ...set, ticket_id: id } : [])),
    }),
    after_cursor: after,
    after_url:
      after === null ? null : `https://example.zendesk.com/api/v2/incremental/${what}/cursor.json?cursor=${after}`,
    before_cursor: null,
    before_url: null,
    end_of_stream: rest.length <= size,
  });
}

const tooRecent: Reply = {
  status: 422,
  body: { error: "StartTimeTooRecent", description: "Too recent start_time. Use a start_time older than 60 seconds" },
};

/** From a second on; a page ends only where a second ends. */
function organizationsPage(all: readonly Thing[], paging: Paging, query: URLSearchParams): Reply {
  const since = Number(query.get("start_time"));
  if (since > paging.upTo) return tooRecent;
  const rest = all
    .filter((each) => touchedAt(each) >= since && touchedAt(each) <= paging.upTo)
    .sort((a, b) => touchedAt(a) - touchedAt(b));
  const atLeast = rest.slice(0, paging.perPage);
  const end = Math.max(since, ...atLeast.map(touchedAt));
  const page = rest.filter((each) => touchedAt(each) <= end);
  return ok({
    organizations: page.map(({ generated_timestamp: _, ...each }) => each),
    count: page.length,
    end_time: end,
    end_of_stream: page.length === rest.length,
    next_page: `https://example.zendesk.com/api/v2/incremental/organizations.json?start_time=${end}`,
  });
}

function listPage(what: string, all: readonly Thing[], query: URLSearchParams): Reply {
  const from = Number(query.get("page[after]") ?? 0);
  const size = Math.min(2, Number(query.get("page[size]")));
  const hasMore = from + size < all.length;
  const meta = { has_more: hasMore, after_cursor: hasMore ? String(from + size) : null };
  return ok({ [what]: all.slice(from, from + size), meta });
}

function byIds(all: readonly Thing[], query: URLSearchParams): Thing[] {
  const ids = new Set((query.get("ids") ?? "").split(","));
  return all.filter(({ id }) => ids.has(String(id))).map(({ generated_timestamp: _, ...each }) => ({ ...each }));
}

function touchedAt(thing: Thing): number {
  return Number(thing["generated_timestamp"]);
}

function placeOf(thing: Thing): string {
  return [touchedAt(thing), Number(thing["id"])].map((part) => String(part).padStart(12, "0")).join(" ");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
