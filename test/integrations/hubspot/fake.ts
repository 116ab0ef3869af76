import { z } from "zod";
import { type StubRequest, startHttpStub } from "../http-stub.ts";
import { link, type Portal, thingsOf } from "./portal.ts";
import { batch, invalid, list, paged, type Said, search } from "./requests.ts";

export interface HubSpotFake {
  readonly url: string;
  readonly requests: readonly StubRequest[];
  /** What is answered next, in this order, instead of what HubSpot has. */
  readonly instead: { status: number; headers?: Record<string, string>; body: unknown }[];
  close(): Promise<void>;
}

/** HubSpot on loopback: what we ask of it, over an account that tests change as they go. */
export async function startHubSpotFake(portal: Portal): Promise<HubSpotFake> {
  const instead: HubSpotFake["instead"] = [];
  const stub = await startHttpStub((response, request) => {
    const planned = instead.shift();
    const { status, body } = planned ?? answer(portal, request);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/json;charset=utf-8",
      date: portal.clock.toUTCString(),
      ...planned?.headers,
    });
    response.end(text);
  });
  return { url: `http://127.0.0.1:${stub.port}`, requests: stub.requests, instead, close: stub.close };
}

function answer(portal: Portal, request: StubRequest): Said {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (!/^Bearer \S+$/.test(request.headers.authorization ?? "")) return unauthenticated;
  const [, area, sort, version, object = "", ...rest] = pathname.split("/");
  const isKnown = area === "crm" && version === "2026-09";
  if (!isKnown) return notFound;
  const scope = portal.missingScopes.get(sort === "owners" ? "owners" : object);
  if (scope !== undefined) return forbidden(scope);
  const body = request.body.length === 0 ? undefined : JSON.parse(request.body.toString("utf8"));
  switch (sort) {
    case "objects":
      return answerObjects(portal, request.method, object, rest, searchParams, body);
    case "associations":
      return rest[2] === "read" ? readLinks(portal, object, rest[0] ?? "", body) : makeLinks(portal, body);
    case "owners":
      return paged(portal.owners, searchParams);
    case "pipelines":
      return object === "deals" || object === "tickets"
        ? { status: 200, body: { results: portal.pipelines[object] } }
        : notFound;
    case "properties":
      return propertyOf(portal, object, rest[0] ?? "");
    default:
      return notFound;
  }
}

function answerObjects(
  portal: Portal,
  method: string,
  object: string,
  rest: readonly string[],
  query: URLSearchParams,
  body: unknown,
): Said {
  if (!portal.things.has(object)) return notFound;
  if (method === "GET") return list(portal, object, query);
  const [first = "", verb = ""] = rest;
  if (first === "search") return search(portal, object, body);
  return first === "batch" ? batch(portal, object, verb, body) : notFound;
}

const linkReadSchema = z.strictObject({ inputs: z.array(z.strictObject({ id: z.string() })).max(1_000) });

/** What is linked to nothing is an error among the results. */
function readLinks(portal: Portal, from: string, to: string, body: unknown): Said {
  const parsed = linkReadSchema.safeParse(body);
  if (!parsed.success) return invalid("inputs must be a list of at most 1000 ids");
  const links = portal.links.get(`${from}>${to}`);
  const results = parsed.data.inputs.flatMap(({ id }) => {
    const found = links?.get(id);
    return found === undefined ? [] : [{ from: { id }, to: found }];
  });
  const without = parsed.data.inputs.filter(({ id }) => links?.get(id) === undefined);
  if (without.length === 0) return { status: 200, body: { status: "COMPLETE", results } };
  const errors = without.map(({ id }) => ({
    status: "error",
    category: "OBJECT_NOT_FOUND",
    subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
    message: `No ${to} are associated with ${from} ${id}.`,
    context: { fromObjectId: [id] },
  }));
  return { status: 207, body: { status: "COMPLETE", results, numErrors: errors.length, errors } };
}

const linkMakeSchema = z.strictObject({
  inputs: z.array(
    z.strictObject({
      from: z.strictObject({ id: z.string() }),
      to: z.strictObject({ id: z.string() }),
      types: z.array(z.strictObject({ associationCategory: z.string(), associationTypeId: z.number() })).min(1),
    }),
  ),
});

function makeLinks(portal: Portal, body: unknown): Said {
  const parsed = linkMakeSchema.safeParse(body);
  if (!parsed.success) return invalid("inputs are not as they should be");
  const missing = parsed.data.inputs.find(({ to }) => !thingsOf(portal, "companies").has(to.id));
  if (missing !== undefined) return invalid(`One or more object IDs are not valid: ${missing.to.id}`);
  for (const { from, to } of parsed.data.inputs) link(portal, "tasks", from.id, "companies", to.id);
  return { status: 201, body: { status: "COMPLETE", results: parsed.data.inputs } };
}

function propertyOf(portal: Portal, object: string, name: string): Said {
  const hasUniqueValue = portal.properties.get(object)?.get(name);
  return hasUniqueValue === undefined ? notFound : { status: 200, body: { name, hasUniqueValue } };
}

const unauthenticated: Said = {
  status: 401,
  body: { status: "error", message: "Authentication credentials not found.", category: "INVALID_AUTHENTICATION" },
};

const notFound: Said = {
  status: 404,
  body: { status: "error", message: "resource not found", category: "OBJECT_NOT_FOUND" },
};

function forbidden(scope: string): Said {
  const errors = [
    {
      message: "One or more of the following scopes are required.",
      context: { requiredGranularScopes: [scope] },
    },
  ];
  const message = "This app hasn't been granted all required scopes to make this call.";
  return { status: 403, body: { status: "error", message, errors, category: "MISSING_SCOPES" } };
}
