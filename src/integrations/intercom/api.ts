import type { CallRequest, Limit } from "../call-port.ts";
import type { IntercomSettings } from "./settings.ts";

/** The version whose shapes we read. */
const version = "2.16";
const hosts = {
  us: "https://api.intercom.io",
  eu: "https://api.eu.intercom.io",
  au: "https://api.au.intercom.io",
} as const;
/** The most that a search gives. */
const foundPerPage = 150;
const deletedPerPage = 60;
/** Limits are counted in windows of ten seconds. */
const windowMs = 10_000;

/** The requests we make of Intercom. */
export interface IntercomApi {
  me(): CallRequest;
  admins(): CallRequest;
  /** The whole list, in pages that follow on each other; null opens it. */
  scroll(param: string | null): CallRequest;
  search(what: "contacts" | "conversations", query: SearchQuery): CallRequest;
  byId(what: "contacts" | "conversations", id: string): CallRequest;
  /** Newest first; pages from 1. */
  deletedConversations(page: number): CallRequest;
}

interface SearchQuery {
  readonly field: string;
  readonly operator: ">" | "=" | "IN";
  readonly value: number | string | readonly string[];
  readonly after: string | null;
  /** Halves the page as often. */
  readonly shrink: number;
}

/** Words requests; sends nothing. */
export function openApi({ baseUrl, region }: IntercomSettings, token: string): IntercomApi {
  const base = (baseUrl ?? hosts[region]).replace(/\/+$/, "");
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json",
    "intercom-version": version,
  };
  const get = (path: string): CallRequest => ({ method: "GET", url: `${base}/${path}`, headers });
  const post = (path: string, body: unknown): CallRequest => ({
    method: "POST",
    url: `${base}/${path}`,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return {
    me: () => get("me"),
    admins: () => get("admins"),
    scroll: (param) => get(`companies/scroll${param === null ? "" : `?scroll_param=${encodeURIComponent(param)}`}`),
    search: (what, query) => post(`${what}/search`, searchBody(query)),
    byId: (what, id) => get(`${what}/${encodeURIComponent(id)}`),
    deletedConversations: (page) => get(`conversations/deleted?page=${page}&per_page=${deletedPerPage}&order=desc`),
  };
}

function searchBody({ field, operator, value, after, shrink }: SearchQuery) {
  const perPage = Math.max(1, Math.floor(foundPerPage / 2 ** shrink));
  return {
    query: { operator: "AND", value: [{ field, operator, value }] },
    sort: { field: "updated_at", order: "ascending" },
    pagination: { per_page: perPage, ...(after !== null && { starting_after: after }) },
  };
}

export function limitsOf({ limits }: Pick<IntercomSettings, "limits">): Limit[] {
  return [{ bucket: "calls", calls: Math.floor(limits.callsPerMinute / 6), perMs: windowMs }];
}
