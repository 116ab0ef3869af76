import type { CallRequest, Limit } from "../call-port.ts";
import type { ReadSecret } from "../source-settings.ts";
import type { ZendeskSettings } from "./settings.ts";

const callsBucket = "calls";
const exportsBucket = "exports";
/** As many as a lookup by ids may name. */
export const idsAtOnce = 100;
const surveysPerPage = "100";
const exportedPerPage = 1_000;

type Query = Readonly<Record<string, string>>;

/** The requests we make of Zendesk. */
export interface ZendeskApi {
  /** `since` in seconds since 1970, or a cursor; `shrink` halves the page as often. */
  exportPage(what: "tickets" | "users", from: ExportStart, shrink: number): CallRequest;
  /** Ordered by time, without a cursor: `since` in seconds since 1970. */
  organizationsSince(since: number): CallRequest;
  byIds(what: "organizations" | "users" | "tickets", ids: readonly string[]): CallRequest;
  /** Ratings good or bad, of the older way of asking. */
  ratings(since: Date | null, after: string | null): CallRequest;
  /** Answers of the newer surveys. */
  surveyResponses(since: Date | null, after: string | null): CallRequest;
  me(): CallRequest;
}

type ExportStart = { readonly cursor: string } | { readonly since: number };

/** Words requests; sends nothing. */
export function openApi({ baseUrl, subdomain }: ZendeskSettings, { authorization }: Login): ZendeskApi {
  const base = (baseUrl ?? `https://${subdomain}.zendesk.com`).replace(/\/+$/, "");
  const headers = { authorization, accept: "application/json" };
  const get = (path: string, query: Query = {}, buckets: readonly string[] = [callsBucket]): CallRequest => {
    const search = new URLSearchParams(query).toString();
    return { method: "GET", url: `${base}/api/v2/${path}${search === "" ? "" : `?${search}`}`, headers, buckets };
  };
  const exports = [exportsBucket, callsBucket];
  return {
    exportPage: (what, from, shrink) => {
      const start = "cursor" in from ? { cursor: from.cursor } : { start_time: String(from.since) };
      const metrics = what === "tickets" ? { include: "metric_sets" } : {};
      const size = { per_page: String(Math.max(1, Math.floor(exportedPerPage / 2 ** shrink))) };
      return get(`incremental/${what}/cursor`, { ...start, ...metrics, ...size }, exports);
    },
    organizationsSince: (since) => get("incremental/organizations", { start_time: String(since) }, exports),
    byIds: (what, ids) => {
      const metrics = what === "tickets" ? { include: "metric_sets" } : {};
      return get(`${what}/show_many`, { ids: ids.join(","), ...metrics });
    },
    ratings: (since, after) =>
      get("satisfaction_ratings", {
        ...(since !== null && { start_time: String(Math.floor(since.getTime() / 1_000)) }),
        ...paging(after),
      }),
    surveyResponses: (since, after) =>
      get("guide/survey_responses", {
        // Milliseconds here, against seconds everywhere else.
        ...(since !== null && { "filter[created_at_start]": String(since.getTime()) }),
        ...paging(after),
      }),
    me: () => get("users/me"),
  };
}

function paging(after: string | null): Query {
  return { "page[size]": surveysPerPage, ...(after !== null && { "page[after]": after }) };
}

interface Login {
  readonly authorization: string;
  /** What must not be seen of it, in every form. */
  readonly secrets: readonly string[];
}

/** The header that says who asks. Throws when a secret is not set. */
export function readLogin({ login }: ZendeskSettings, read: ReadSecret): Login {
  if ("accessToken" in login) {
    const token = read(login.accessToken);
    return { authorization: `Bearer ${token}`, secrets: [token] };
  }
  const token = read(login.apiToken);
  const basic = Buffer.from(`${login.email}/token:${token}`, "utf8").toString("base64");
  return { authorization: `Basic ${basic}`, secrets: [token, basic] };
}

/** Exports are counted apart from, and among, all calls. */
export function limitsOf({ limits }: Pick<ZendeskSettings, "limits">): Limit[] {
  return [
    { bucket: callsBucket, calls: limits.callsPerMinute, perMs: 60_000 },
    { bucket: exportsBucket, calls: limits.exportsPerMinute, perMs: 60_000 },
  ];
}
