import { type Request, type RequestHandler, type Response, Router } from "express";
import { TooLargeEvent, type Tracking, type TrackingCall, trackingCalls } from "../integrations/tracking-port.ts";
import { within } from "./deadline.ts";
import type { InboxDoor } from "./inbox-door.ts";
import { parseJson } from "./json-body.ts";
import type { LiveSources } from "./live-sources.ts";
import { onlyMethods, Problem } from "./problem.ts";
import { openRawReader } from "./raw-body.ts";
import { type CountingDeps, countDelivery, Refusal } from "./refusal.ts";

/** As Segment has it, inflated. */
const mostBytes = 500 * 1024;
/** SDKs give up after ten seconds; they are to hear that they should come again. */
const deadlineMs = 8_000;

export interface TrackingDeps extends CountingDeps {
  readonly sources: LiveSources;
  readonly inbox: InboxDoor;
  readonly now: () => Date;
}

/** The paths of each call: by name, as servers send, and by letter, as browsers do. */
const paths: readonly (readonly [string, TrackingCall])[] = [
  ...trackingCalls.flatMap((call): [string, TrackingCall][] => [
    [`/v1/${call}`, call],
    [`/v1/${call.charAt(0)}`, call],
  ]),
  ["/v1/import", "batch"],
];

/** The Segment protocol: whatever a tracked product sends with a write key is kept, then answered. What it means is found out later. */
export function trackingRoutes(deps: TrackingDeps): Router {
  const router = Router();
  for (const [path, call] of paths) {
    router
      .route(path)
      .all(allowBrowsers)
      .options(answerPreflight)
      .post((request, response) => within(deadlineMs, takeEvents(deps, call, request, response)))
      .all(onlyMethods("POST, OPTIONS"));
  }
  return router;
}

/** Pages of any origin may send: the write key stands in their source, and nothing is read with it. */
const allowBrowsers: RequestHandler = (_request, response, next) => {
  response.setHeader("access-control-allow-origin", "*");
  next();
};

/** A day, in seconds. */
const preflightAge = "86400";

const answerPreflight: RequestHandler = (request, response) => {
  response.setHeader("access-control-allow-methods", "POST, OPTIONS");
  response.setHeader("access-control-allow-headers", request.get("access-control-request-headers") ?? "content-type");
  response.setHeader("access-control-max-age", preflightAge);
  response.status(204).end();
};

/** Whatever type it says: browsers send text, so that they need not ask first. */
const readBody = openRawReader({ limit: mostBytes, inflate: true });

async function takeEvents(deps: TrackingDeps, call: TrackingCall, request: Request, response: Response): Promise<void> {
  await countDelivery(deps, async (name) => {
    const bytes = await readBody(request, response);
    const value = parseJson(bytes);
    const { id, tracking } = await findOwner(deps.sources, presentedKey(request, value));
    name(id);
    const news = await deps.inbox.keep(id, [
      keep(tracking, call, { text: new TextDecoder().decode(bytes), value }, deps.now()),
    ]);
    if (!response.headersSent) response.json({ success: true });
    return news > 0 ? "accepted" : "duplicate";
  });
}

interface Owner {
  readonly id: string;
  readonly tracking: Tracking;
}

/** The source the key belongs to. All are looked at, so that the time tells nothing of the others. */
async function findOwner(sources: LiveSources, key: string | null): Promise<Owner> {
  let owner: Owner | null = null;
  for (const { id, tracking } of await sources.all()) {
    if (key !== null && tracking?.isOwnKey(key) === true) owner = { id, tracking };
  }
  if (owner === null) throw new Refusal("not allowed", new Problem(401, "A valid write key is needed."));
  return owner;
}

/** The user name of HTTP Basic, else `writeKey` in the body, of a batch also in its events; null where there is none. */
function presentedKey(request: Request, body: unknown): string | null {
  const basic = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (basic !== undefined) return Buffer.from(basic, "base64").toString("utf8").split(":")[0] ?? null;
  return keyIn(body) ?? (hasBatch(body) ? keyIn(body.batch[0]) : null);
}

function keyIn(value: unknown): string | null {
  const isKeyed = typeof value === "object" && value !== null && "writeKey" in value;
  return isKeyed && typeof value.writeKey === "string" ? value.writeKey : null;
}

function hasBatch(body: unknown): body is { readonly batch: readonly unknown[] } {
  return typeof body === "object" && body !== null && "batch" in body && Array.isArray(body.batch);
}

function keep(tracking: Tracking, ...given: Parameters<Tracking["keep"]>): ReturnType<Tracking["keep"]> {
  try {
    return tracking.keep(...given);
  } catch (error) {
    if (error instanceof TooLargeEvent) throw new Problem(413, error.message);
    throw error;
  }
}
