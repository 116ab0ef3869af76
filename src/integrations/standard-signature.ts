import type { InboundRequest, Verification } from "./hook-port.ts";
import { isSignedBy } from "./signatures.ts";

/** Both ways: clocks differ, too. */
const toleranceMs = 5 * 60_000;
/** A sender signs with two secrets while one replaces another; a list of thousands only costs time. */
const mostSignatures = 10;

/** Whether a delivery is signed by Standard Webhooks 1.0 with any of the keys, and of now. */
export function verifyStandard(request: InboundRequest, keys: readonly Buffer[]): Verification {
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

/** What a delivery is known and signed by; `svix-` headers are the same under the name they had before. */
export function signedHeaders({ headers }: InboundRequest): { id: string; timestamp: string; signature: string } {
  const header = (name: string) => headers[`webhook-${name}`] ?? headers[`svix-${name}`] ?? "";
  return { id: header("id"), timestamp: header("timestamp"), signature: header("signature") };
}
