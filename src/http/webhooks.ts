import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { type Hook, type InboundItem, type InboundRequest, UnreadableBody } from "../integrations/hook-port.ts";
import type { Log } from "../log.ts";
import { within } from "./deadline.ts";
import type { InboxDoor } from "./inbox-door.ts";
import { excessOf } from "./json-body.ts";
import type { FindSource } from "./live-sources.ts";
import type { HttpMetrics } from "./metrics.ts";
import { isPassing, onlyMethods, Problem } from "./problem.ts";

const mostBytes = 1024 * 1024;
/** The most impatient sender gives up after five seconds; it is to hear that it should come again. */
const deadlineMs = 4_000;
/** What a source is called in numbers that nobody knows: a sender must not be able to make up labels. */
const unknownSource = "unknown";

export interface WebhookDeps {
  readonly findSource: FindSource;
  readonly inbox: InboxDoor;
  readonly metrics: Pick<HttpMetrics, "countDelivery">;
  readonly log: Log;
  /** Where senders reach this server, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly now: () => Date;
}

/** What came of a delivery; each is a label in the metrics, and a reason in the inbox's list of refusals. */
export type DeliveryOutcome =
  | "accepted"
  | "duplicate"
  | "unsigned"
  | "bad signature"
  | "stale"
  | "not allowed"
  | "too large"
  | "unreadable"
  | "unavailable"
  | "unknown source"
  | "our fault";

/** `POST /webhooks/<source>`: verified, kept, then answered 2xx. What it means is found out later, by the collect stage. */
export function webhookRoutes(deps: WebhookDeps): Router {
  const router = Router();
  router
    .route("/webhooks/:source")
    .post((request, response) => within(deadlineMs, takeDelivery(deps, request, response)))
    .all(onlyMethods("POST"));
  return router;
}

async function takeDelivery(deps: WebhookDeps, request: Request, response: Response): Promise<void> {
  let label = unknownSource;
  try {
    const { id, hook } = await findHook(deps, request);
    label = id;
    const items = judge(hook, await readDelivery(deps, request, response));
    const news = await deps.inbox.keep(id, items);
    deps.metrics.countDelivery(label, news > 0 || items.length === 0 ? "accepted" : "duplicate");
    answer(response, hook);
  } catch (error) {
    const refusal = refusalOf(error);
    deps.metrics.countDelivery(label, refusal.outcome);
    deps.inbox.refuse(label, refusal.outcome);
    throw refusal.problem;
  }
}

async function findHook(deps: WebhookDeps, request: Request): Promise<{ id: string; hook: Hook }> {
  const source = await deps.findSource(String(request.params["source"]));
  if (source?.hook !== undefined) return { id: source.id, hook: source.hook };
  throw new Refusal("unknown source", new Problem(404, `There is nothing at ${request.path}.`));
}

/** Packed bodies are refused: no vendor sends one, and a small one may be of any size. */
const readRaw: RequestHandler = express.raw({ type: () => true, limit: mostBytes, inflate: false });

async function readDelivery(deps: WebhookDeps, request: Request, response: Response): Promise<InboundRequest> {
  await new Promise<void>((resolve, reject) => {
    Promise.resolve(readRaw(request, response, (error) => (error === undefined ? resolve() : reject(error)))).catch(
      reject,
    );
  });
  const body: unknown = request.body;
  const raw = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
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

/** A delivery that is not kept: what it counts as, and what its sender is told. */
class Refusal extends Error {
  readonly outcome: DeliveryOutcome;
  readonly problem: unknown;

  constructor(outcome: DeliveryOutcome, problem: unknown) {
    super(outcome);
    this.outcome = outcome;
    this.problem = problem;
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal("unreadable", new Problem(400, error.message));
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : null;
  if (status === 413) return new Refusal("too large", error);
  if (status === 503 || isPassing(error)) return new Refusal("unavailable", error);
  if (typeof status === "number" && status >= 400 && status < 500) return new Refusal("unreadable", error);
  return new Refusal("our fault", error);
}
