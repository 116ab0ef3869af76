import { createHash } from "node:crypto";
import { z } from "zod";
import { type Hook, type InboundItem, type InboundRequest, UnreadableBody } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { readEvent } from "./events.ts";
import { verifySignature } from "./signature.ts";

const longestKey = 200;

/** HubSpot's webhooks. `written` are the company properties we write ourselves: their changes are our own echo. */
export function openHook(options: {
  readonly secrets: readonly string[];
  readonly allowOldSignatures: boolean;
  readonly written: readonly string[];
  readonly streams: readonly string[];
}): Hook {
  const { secrets, allowOldSignatures, written, streams } = options;
  return {
    verify: (request) => verifySignature(request, secrets, allowOldSignatures),
    split: splitEvents,
    read: (body) => readEvent(body, written, streams),
  };
}

const eventsSchema = z.array(z.looseObject({}));

/** HubSpot sends lists of events; each is kept and applied by itself. */
function splitEvents({ raw }: InboundRequest): InboundItem[] {
  const events = eventsSchema.safeParse(inboundJson(raw));
  if (!events.success) throw new UnreadableBody("expected a list of HubSpot events");
  // The number of the attempt is all that differs between two deliveries of an event.
  return events.data.map(({ attemptNumber: _, ...event }) => {
    const body = bodyOf(event);
    return { dedupeKey: dedupeKeyOf(event, body), occurredAt: timeOf(event["occurredAt"]), body };
  });
}

function bodyOf(event: unknown): string {
  try {
    return JSON.stringify(event);
  } catch {
    // Nested so deeply that it can be read but not written again.
    throw new UnreadableBody("expected HubSpot events, which are flat");
  }
}

/** An `eventId` alone is not promised to be unique. */
function dedupeKeyOf(event: Readonly<Record<string, unknown>>, body: string): string {
  const { portalId, subscriptionId, eventId, objectId, primaryObjectId, fromObjectId, occurredAt, propertyName } =
    event;
  // A merge and a link name two things and have no `objectId`.
  const first = objectId ?? primaryObjectId ?? fromObjectId;
  const parts = [portalId, subscriptionId, eventId, first, occurredAt, propertyName ?? event["toObjectId"]];
  const key = parts.map((part) => part ?? "").join(":");
  const isNamed = eventId !== undefined && subscriptionId !== undefined && key.length <= longestKey;
  return isNamed ? key : createHash("sha256").update(body).digest("hex");
}

/** Milliseconds since 1970. */
function timeOf(value: unknown): Date | null {
  const at = new Date(typeof value === "number" ? value : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}
