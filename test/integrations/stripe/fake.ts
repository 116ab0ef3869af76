import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../loopback.ts";
import type { StripeObject } from "./objects.ts";

/** What a company has at Stripe; a test may change it between two requests. */
export interface StripeData {
  customers: StripeObject[];
  subscriptions: StripeObject[];
  invoices: StripeObject[];
  events: StripeObject[];
  readonly prices: Record<string, object>;
  readonly products: Record<string, object>;
  readonly coupons: Record<string, object>;
  /** Tiers that are only sent when they are asked for, by price. */
  readonly tiers: Record<string, readonly object[]>;
  /** Discounts by id: subscriptions hold ids, unless they are to be expanded. */
  readonly discounts: Record<string, object>;
}

export function stripeData(over: Partial<StripeData> = {}): StripeData {
  const empty = { prices: {}, products: {}, coupons: {}, tiers: {}, discounts: {} };
  return { customers: [], subscriptions: [], invoices: [], events: [], ...empty, ...over };
}

export interface StripeFake {
  readonly url: string;
  readonly data: StripeData;
  /** Method and path with query of every request, in order. */
  readonly requests: string[];
  /** Paths the key may not read. */
  readonly forbidden: Set<string>;
  close(): Promise<void>;
}

const lists = ["customers", "subscriptions", "invoices", "events"] as const;
type List = (typeof lists)[number];

/** A server that pages, filters and expands as Stripe does; it says that it is `now`. */
export async function startStripeFake(data: StripeData, now: Date, key: string | null = null): Promise<StripeFake> {
  const requests: string[] = [];
  const forbidden = new Set<string>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${decodeURIComponent(request.url ?? "")}`);
    response.setHeader("date", now.toUTCString());
    const { status, body } = answerTo(data, request, key, forbidden);
    send(response, status, body);
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, data, requests, forbidden, close };
}

interface Told {
  readonly status: number;
  readonly body: object;
}

function answerTo(
  data: StripeData,
  request: IncomingMessage,
  key: string | null,
  forbidden: ReadonlySet<string>,
): Told {
  const url = new URL(request.url ?? "/", "http://stripe");
  const given = request.headers.authorization ?? "";
  if (given === "" || (key !== null && given !== `Bearer ${key}`)) {
    return refusal(401, {
      type: "invalid_request_error",
      message: `Invalid API Key provided: ${given.slice(7, 15)}****`,
    });
  }
  if (request.headers["stripe-version"] !== "2026-10-28.endive") return refusal(400, { message: "no version" });
  if (forbidden.has(url.pathname)) {
    const permission = `rak_${url.pathname.slice(4, -1)}_read`;
    const message = `The provided key 'rk_test_*****abc' does not have the required permissions for this endpoint on account 'acct_1'. Having the '${permission}' permission would allow this request to continue.`;
    return refusal(403, { type: "invalid_request_error", message });
  }
  const [, , name = "", id] = url.pathname.split("/");
  const list = lists.find((each) => each === name);
  if (list !== undefined)
    return id === undefined ? page(data, list, url.searchParams) : single(data, list, id, url.searchParams);
  return id === undefined ? { status: 200, body: listOf([], false) } : thing(data, name, id, url.searchParams);
}

function page(data: StripeData, list: List, query: URLSearchParams): Told {
  const all = matching(data, list, query);
  const after = query.get("starting_after");
  const index = after === null ? -1 : all.findIndex(({ id }) => id === after);
  if (after !== null && index < 0) {
    return refusal(400, {
      type: "invalid_request_error",
      code: "resource_missing",
      param: "starting_after",
      message: `No such ${list.slice(0, -1)}: '${after}'`,
    });
  }
  const limit = Number(query.get("limit") ?? 10);
  const found = all.slice(index + 1, index + 1 + limit).map((object) => expanded(data, object, query, "data."));
  return { status: 200, body: listOf(found, index + 1 + limit < all.length) };
}

/** Newest first; of one second in the order in which they were made. */
function matching(data: StripeData, list: List, query: URLSearchParams): StripeObject[] {
  const since = Number(query.get("created[gte]") ?? 0);
  const types = query.getAll("types[]");
  const hidesCanceled = list === "subscriptions" && query.get("status") !== "all";
  return data[list]
    .filter((object) => object.created >= since && (types.length === 0 || types.includes(String(object["type"]))))
    .filter((object) => !(hidesCanceled && object["status"] === "canceled"))
    .reverse()
    .sort((one, other) => other.created - one.created);
}

function single(data: StripeData, list: List, id: string, query: URLSearchParams): Told {
  const object = data[list].find((each) => each.id === id);
  return object === undefined ? missing(list, id) : { status: 200, body: expanded(data, object, query, "") };
}

function thing(data: StripeData, name: string, id: string, query: URLSearchParams): Told {
  const all = { prices: data.prices, products: data.products, coupons: data.coupons }[name];
  const found = all?.[id];
  if (found === undefined) return missing(name, id);
  const tiers = query.getAll("expand[]").includes("tiers") ? { tiers: data.tiers[id] ?? null } : {};
  return { status: 200, body: { id, ...found, ...tiers } };
}

/** Discounts are ids unless they were asked for. */
function expanded(data: StripeData, object: StripeObject, query: URLSearchParams, prefix: string): object {
  const ids = object["discounts"];
  if (!query.getAll("expand[]").includes(`${prefix}discounts`) || !Array.isArray(ids)) return object;
  return { ...object, discounts: ids.map((id) => data.discounts[String(id)] ?? id) };
}

function listOf(data: readonly object[], hasMore: boolean): object {
  return { object: "list", data, has_more: hasMore, url: "/v1/things" };
}

function missing(list: string, id: string): Told {
  return refusal(404, {
    type: "invalid_request_error",
    code: "resource_missing",
    param: "id",
    message: `No such ${list.slice(0, -1)}: '${id}'`,
  });
}

function refusal(status: number, error: object): Told {
  return { status, body: { error } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
