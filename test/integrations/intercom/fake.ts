import { z } from "zod";
import { type StubRequest, startHttpStub } from "../http-stub.ts";
import { readOpenApi } from "../openapi.ts";
import type { SourceFake } from "../source-suite.ts";
import { type IntercomData, smallTruth, smallWorkspace } from "./workspace.ts";

/** What Intercom publishes of its answers, kept beside the project. */
export const specFile = "../shared/specs/intercom/intercom-2.16.trimmed.json";

export interface IntercomFake extends SourceFake {
  readonly data: IntercomData;
  /** Answers that are not as Intercom publishes them. */
  readonly faults: string[];
  /** Every request: method, path, query and body. */
  readonly asked: string[];
  /** Decides for a request before the fake does; null: it answers itself. */
  intercept: (path: string, request: StubRequest) => Reply | null;
  /** Ends the list of companies that is open, as a minute of silence does. */
  expireScroll(): void;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeOptions {
  readonly data?: IntercomData;
  /** At most so many on a page, whatever is asked for. */
  readonly perPage?: number;
  /** Hours by which the workspace is ahead of UTC: contacts are searched by its days. */
  readonly hoursAhead?: number;
  /** Whether the list of deleted conversations is there. */
  readonly tellsDeleted?: boolean;
}

interface State {
  readonly data: IntercomData;
  readonly perPage: number;
  readonly hoursAhead: number;
  readonly tellsDeleted: boolean;
  /** How many companies the open list has given; null: none is open. */
  scrolled: number | null;
  /** How often a second list was refused while one was open. */
  refused: number;
}

/** An Intercom workspace on loopback: one list of companies at a time, searches by time and by id, single things. */
export async function startIntercomFake(options: FakeOptions = {}): Promise<IntercomFake> {
  const { data = smallWorkspace(), perPage = 2, hoursAhead = 0, tellsDeleted = true } = options;
  const state: State = { data, perPage, hoursAhead, tellsDeleted, scrolled: null, refused: 0 };
  const spec = readOpenApi(specFile);
  const faults: string[] = [];
  const asked: string[] = [];
  const hooks = { intercept: (_path: string, _request: StubRequest): Reply | null => null };

  const stub = await startHttpStub((response, request) => {
    const { pathname, searchParams } = new URL(request.url, "http://fake");
    asked.push(`${request.method} ${request.url} ${request.body.toString("utf8")}`);
    const reply = hooks.intercept(pathname, request) ?? answer(state, request, pathname, searchParams);
    faults.push(...(spec?.faultsOf(request.method, pathname, reply.status, reply.body) ?? []));
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(JSON.stringify(reply.body));
  });

  return {
    url: `http://127.0.0.1:${stub.port}`,
    data,
    faults,
    asked,
    get intercept() {
      return hooks.intercept;
    },
    set intercept(intercept) {
      hooks.intercept = intercept;
    },
    expireScroll() {
      state.scrolled = null;
    },
    truth: () => smallTruth,
    close: stub.close,
  };
}

function answer(state: State, request: StubRequest, path: string, query: URLSearchParams): Reply {
  const { authorization } = request.headers;
  if (authorization === undefined || !authorization.startsWith("Bearer ")) return failure(401, "unauthorized");
  const { data } = state;
  switch (path) {
    case "/me":
      return ok({
        type: "admin",
        id: "1",
        email: "robot@example.com",
        name: "Robot",
        app: { type: "app", name: "Acme" },
      });
    case "/admins":
      return ok({ type: "admin.list", admins: data.admins });
    case "/companies/scroll":
      return scroll(state, query.get("scroll_param"));
    case "/contacts/search":
      return search(state, "contacts", data.contacts, request);
    case "/conversations/search":
      return search(state, "conversations", data.conversations, request);
    case "/conversations/deleted":
      return state.tellsDeleted ? deletedPage(state, Number(query.get("page"))) : failure(404, "not_found");
    default:
      return single(data, path);
  }
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

export function failure(status: number, code: string, message = "No"): Reply {
  return { status, body: { type: "error.list", request_id: null, errors: [{ code, message }] } };
}

/** Every list has the same name here, as requests that are repeated have to look the same. */
const scrollParam = "25b649f7-4d33-4ef6-88f5-60e5b8244309";
/** A list that was given up ends when it was asked for so often. */
const patience = 2;

function scroll(state: State, param: string | null): Reply {
  if (param === null && state.scrolled !== null) {
    state.refused += 1;
    if (state.refused >= patience) state.scrolled = null;
    return failure(400, "scroll_exists", "scroll already exists for this workspace");
  }
  if (param !== null && (state.scrolled === null || param !== scrollParam))
    return failure(404, "not_found", "scroll not found");
  const from = state.scrolled ?? 0;
  state.refused = 0;
  const companies = state.data.companies.slice(from, from + state.perPage);
  state.scrolled = companies.length === 0 ? null : from + companies.length;
  const more = companies.length > 0 && { scroll_param: scrollParam };
  return ok({ type: "list", data: companies, pages: null, total_count: null, ...more });
}

const filter = z.object({ field: z.string(), operator: z.string(), value: z.unknown() });
const searchBody = z.object({
  query: z.object({ operator: z.literal("AND"), value: z.array(filter).length(1) }),
  pagination: z.object({ per_page: z.number().max(150), starting_after: z.string().optional() }).optional(),
});

type Thing = IntercomData["contacts"][number];

function search(state: State, what: "contacts" | "conversations", all: readonly Thing[], request: StubRequest): Reply {
  const parsed = searchBody.safeParse(JSON.parse(request.body.toString("utf8")));
  const asked = parsed.data?.query.value[0];
  if (!parsed.success || asked === undefined) return failure(400, "parameter_invalid");
  const { per_page: wanted = 20, starting_after: after = "" } = parsed.data.pagination ?? {};
  const place = after === "" ? "" : Buffer.from(after, "base64").toString("utf8");
  if (after !== "" && !/^\d{12} /.test(place)) return failure(400, "parameter_invalid", "starting_after is not valid");
  const found = all
    .filter((each) => isFound(state, what, each, asked))
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const rest = found.filter((each) => placeOf(each) > place);
  const size = Math.min(state.perPage, wanted);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const hasMore = rest.length > size && last !== undefined;
  const next = hasMore
    ? { per_page: size, starting_after: Buffer.from(placeOf(last), "utf8").toString("base64") }
    : null;
  return ok({
    type: what === "contacts" ? "list" : "conversation.list",
    [what === "contacts" ? "data" : "conversations"]: page,
    total_count: found.length,
    pages: {
      type: "pages",
      page: 1,
      per_page: size,
      total_pages: Math.ceil(found.length / size),
      ...(hasMore && { next }),
    },
  });
}

const daySeconds = 86_400;

function isFound(
  { hoursAhead }: State,
  what: "contacts" | "conversations",
  thing: Thing,
  { field, operator, value }: z.infer<typeof filter>,
): boolean {
  if (operator === "IN") return Array.isArray(value) && value.includes(thing[field]);
  if (operator === "=") return thing[field] === value;
  const at = Number(thing[field]);
  if (what === "conversations") return at >= Number(value);
  // The start of the day after the one that was named, on the clocks of the workspace.
  const shift = hoursAhead * 3_600;
  return at >= (Math.floor((Number(value) + shift) / daySeconds) + 1) * daySeconds - shift;
}

function placeOf(thing: Thing): string {
  return `${String(thing["updated_at"]).padStart(12, "0")} ${String(thing["id"])}`;
}

function deletedPage({ data, perPage }: State, page: number): Reply {
  const newestFirst = [...data.deleted].sort((a, b) => Number(b["deleted_at"]) - Number(a["deleted_at"]));
  const from = (page - 1) * perPage;
  return ok({
    type: "conversation.list",
    conversations: newestFirst.slice(from, from + perPage),
    total_count: newestFirst.length,
    pages: { type: "pages", page, per_page: perPage, total_pages: Math.ceil(newestFirst.length / perPage) },
  });
}

function single(data: IntercomData, path: string): Reply {
  const [, what = "", id = ""] = path.split("/");
  const all = what === "contacts" ? data.contacts : data.conversations;
  const found = all.find((each) => each["id"] === decodeURIComponent(id));
  return found === undefined ? failure(404, "not_found", "Resource Not Found") : ok(found);
}
