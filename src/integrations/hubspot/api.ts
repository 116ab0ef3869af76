import { z } from "zod";
import type { CallRequest } from "../call-port.ts";

/** HubSpot's own host. */
const ownBaseUrl = "https://api.hubapi.com";
/** The dated version of all paths. */
const version = "2026-09";

const callsBucket = "calls";
const searchBucket = "search";

/** The requests we make of HubSpot. */
export interface HubSpotApi {
  search(object: string, query: SearchQuery): CallRequest;
  list(object: string, query: Readonly<Record<string, string>>): CallRequest;
  batch(object: string, verb: "read" | "update" | "upsert", body: unknown): CallRequest;
  links(from: string, to: string, verb: "read" | "create", body: unknown): CallRequest;
  owners(query: Readonly<Record<string, string>>): CallRequest;
  pipelines(object: string): CallRequest;
  property(object: string, name: string): CallRequest;
}

export interface SearchQuery {
  readonly filters: readonly Filter[];
  readonly sortBy: string;
  readonly properties: readonly string[];
  readonly limit: number;
}

export interface Filter {
  readonly propertyName: string;
  readonly operator: "GTE" | "GT" | "HAS_PROPERTY";
  readonly value?: string;
}

/** One page of things; what they are is for whoever reads them. */
export const pageSchema = z.looseObject({
  results: z.array(z.unknown()),
  paging: z.looseObject({ next: z.looseObject({ after: z.coerce.string() }).nullish() }).nullish(),
});

/** The limits of HubSpot: searches have one of their own. */
export function limitsOf({
  callsPer10Seconds,
  searchesPerSecond,
}: {
  readonly callsPer10Seconds: number;
  readonly searchesPerSecond: number;
}) {
  return [
    { bucket: callsBucket, calls: callsPer10Seconds, perMs: 10_000 },
    { bucket: searchBucket, calls: searchesPerSecond, perMs: 1_000 },
  ];
}

/** Words requests; sends nothing. */
export function openApi({
  baseUrl = ownBaseUrl,
  token,
}: {
  readonly baseUrl?: string | undefined;
  readonly token: string;
}): HubSpotApi {
  const base = baseUrl.replace(/\/+$/, "");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const get = (path: string, query: Readonly<Record<string, string>> = {}): CallRequest => {
    const search = new URLSearchParams(query).toString();
    return { method: "GET", url: `${base}${path}${search === "" ? "" : `?${search}`}`, headers };
  };
  const post = (path: string, body: unknown): CallRequest => ({
    method: "POST",
    url: `${base}${path}`,
    headers,
    body: JSON.stringify(body),
  });
  return {
    search: (object, query) => ({
      ...post(`/crm/objects/${version}/${object}/search`, searchBody(query)),
      buckets: [callsBucket, searchBucket],
    }),
    list: (object, query) => get(`/crm/objects/${version}/${object}`, query),
    batch: (object, verb, body) => post(`/crm/objects/${version}/${object}/batch/${verb}`, body),
    links: (from, to, verb, body) => post(`/crm/associations/${version}/${from}/${to}/batch/${verb}`, body),
    owners: (query) => get(`/crm/owners/${version}`, query),
    pipelines: (object) => get(`/crm/pipelines/${version}/${object}`),
    property: (object, name) => get(`/crm/properties/${version}/${object}/${encodeURIComponent(name)}`),
  };
}

/** HubSpot wants all five, and takes one rule of order only. */
function searchBody({ filters, sortBy, properties, limit }: SearchQuery) {
  return {
    filterGroups: filters.length === 0 ? [] : [{ filters }],
    sorts: [{ propertyName: sortBy, direction: "ASCENDING" }],
    properties,
    limit,
    after: "0",
  };
}
