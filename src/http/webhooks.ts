import { type Request, type Response, Router } from "express";
import { type Hook, type InboundItem, type InboundRequest, UnreadableBody } from "../integrations/hook-port.ts";
import type { Log } from "../log.ts";
import { within } from "./deadline.ts";
import type { InboxDoor } from "./inbox-door.ts";
import { excessOf } from "./json-body.ts";
import type { LiveSources } from "./live-sources.ts";
import { onlyMethods, Problem } from "./problem.ts";
import { openRawReader } from "./raw-body.ts";
import { type CountingDeps, countDelivery, Refusal } from "./refusal.ts";

const mostBytes = 1024 * 1024;
/** The most impatient sender gives up after five seconds; it is to hear that it should come again. */
const deadlineMs = 4_000;

export interface WebhookDeps extends CountingDeps {
  readonly sources: LiveSources;
  readonly inbox: InboxDoor;
  readonly log: Log;
  /** Where senders reach this server, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly now: () => Date;
}

/** `POST /webhooks/<source>`: verified, kept, then answered 2xx. What it means is found out later, by the collect stage. */
export function webhookRoutes(deps: WebhookDeps): Router {
  const router = Router();
  router
    .route("/webhooks/:source")
    .post((request, response) =>
      countDelivery(deps, (name) => within(deadlineMs, takeDelivery(deps, request, response, name))),
    )
    .all(onlyMethods("POST"));
  return router;
}

async function takeDelivery(
  deps: WebhookDeps,
  request: Request,
  response: Response,
  name: (source: string) => void,
): Promise<"accepted" | "duplicate"> {
  const { id, hook } = await findHook(deps, request);
  name(id);
  const items = judge(hook, await readDelivery(deps, request, response));
  const news = await deps.inbox.keep(id, items);
  answer(response, hook);
  return news > 0 || items.length === 0 ? "accepted" : "duplicate";
}

async function findHook(deps: WebhookDeps, request: Request): Promise<{ id: string; hook: Hook }> {
  const source = await deps.sources.find(String(request.params["source"]));
  if (source?.hook !== undefined) return { id: source.id, hook: source.hook };
  throw new Refusal("unknown source", new Problem(404, `There is nothing at ${request.path}.`));
}

/** Packed bodies are refused: no vendor sends one, and a small one may be of any size. */
const readRaw = openRawReader({ limit: mostBytes, inflate: false });

async function readDelivery(deps: WebhookDeps, request: Request, response: Response): Promise<InboundRequest> {
  const raw = await readRaw(request, response);
  const excess = looksLikeJson(raw) ? excessOf(raw) : null;
  if (excess !== null) throw new UnreadableBody(excess);
  return {
    raw,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : (value ?? ""),
      ]),
    ),
    method: request.method,
    url: calledUrl(deps.publicUrl(), request.originalUrl),
    now: deps.now(),
  };
}

const jsonOpeners = new Set(Buffer.from("[{"));
const passedOver = new Set([...Buffer.from(" \t\r\n"), 0xef, 0xbb, 0xbf]);

/** Brackets mean nothing in XML; of JSON only lists and objects can be nested. */
function looksLikeJson(raw: Buffer): boolean {
  const first = raw.find((byte) => !passedOver.has(byte));
  return first !== undefined && jsonOpeners.has(first);
}

/** By our own settings: the Host header, and a whole URL in the request line, say what the sender pleases. */
function calledUrl(publicUrl: string, target: string): string {
  if (target.startsWith("/")) return `${publicUrl}${target}`;
  const { pathname, search } = new URL(target, publicUrl);
  return `${publicUrl}${pathname}${search}`;
}

function judge(hook: Hook, inbound: InboundRequest): readonly InboundItem[] {
  const verification = hook.verify(inbound);
  if (!verification.ok) {
    // The same words for every reason: whoever tries keys learns nothing.
    throw new Refusal(verification.reason, new Problem(401, "The delivery was refused."));
  }
  const items = hook.split(inbound);
  if (items.some(({ body }) => body.includes("\0"))) throw new UnreadableBody("the body holds a NUL");
  return items;
}

function answer(response: Response, { reply }: Hook): void {
  // A deadline may have been quicker.
  if (response.headersSent) return;
  if (reply === undefined) {
    response.status(200).end();
    return;
  }
  response.status(reply.status).type(reply.contentType).send(Buffer.from(reply.body, "utf8"));
}
