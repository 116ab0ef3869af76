import { z } from "zod";
import { type Hook, type InboundRequest, UnreadableBody, type Verification } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { isSignedBy } from "../signatures.ts";

/** Both ways: clocks differ, too. */
const toleranceMs = 5 * 60_000;
/** A sender signs with two secrets while one replaces the other; a list of thousands only costs time. */
const mostSignatures = 10;

/** A delivery as it is kept: with its id, which is not in the body. */
export interface KeptDelivery {
  readonly id: string;
  readonly delivery: Readonly<Record<string, unknown>>;
}

/** The hook of Standard Webhooks 1.0. `svix-` headers are the same under the name they had before. */
export function openHook(keys: readonly Buffer[], read: Hook["read"]): Hook {
  return {
    verify: (request) => verify(request, keys),
    split(request) {
      const { id } = signedHeaders(request);
      const delivery = deliverySchema.safeParse(inboundJson(request.raw));
      if (!delivery.success) throw new UnreadableBody("the body is not a JSON object");
      const kept: KeptDelivery = { id, delivery: delivery.data };
      return [{ dedupeKey: id, occurredAt: momentOf(delivery.data["timestamp"]), body: JSON.stringify(kept) }];
    },
    read,
  };
}

const deliverySchema = z.looseObject({});

function verify(request: InboundRequest, keys: readonly Buffer[]): Verification {
  const { id, timestamp, signature } = signedHeaders(request);
  if (id === "" || timestamp === "" || signature === "") return { ok: false, reason: "unsigned" };
  // With a dot in it, an id and a body could be cut in two ways.
  if (id.includes(".") || !/^\d{1,12}$/.test(timestamp)) return { ok: false, reason: "bad signature" };
  const signed = [`${id}.${timestamp}.`, request.raw];
  if (!isSigned(keys, signed, signature)) return { ok: false, reason: "bad signature" };
  const isStale = Math.abs(request.now.getTime() - Number(timestamp) * 1000) > toleranceMs;
  return isStale ? { ok: false, reason: "stale" } : { ok: true };
}

function isSigned(keys: readonly Buffer[], signed: readonly (string | Buffer)[], presented: string): boolean {
  const signatures = presented.split(" ").filter((each) => each.startsWith("v1,"));
  let isKnown = false;
  for (const each of signatures.slice(0, mostSignatures)) {
    if (isSignedBy(keys, signed, each.slice("v1,".length), { algorithm: "sha256", encoding: "base64" })) isKnown = true;
  }
  return isKnown;
}

function signedHeaders({ headers }: InboundRequest): { id: string; timestamp: string; signature: string } {
  const header = (name: string) => headers[`webhook-${name}`] ?? headers[`svix-${name}`] ?? "";
  return { id: header("id"), timestamp: header("timestamp"), signature: header("signature") };
}

function momentOf(value: unknown): Date | null {
  const at = typeof value === "string" ? new Date(value) : null;
  return at === null || Number.isNaN(at.getTime()) ? null : at;
}
