import { createHash } from "node:crypto";
import type { InboundRequest, Verification } from "../hook-port.ts";
import { isSameSecret, isSignedBy } from "../signatures.ts";

/** HubSpot asks receivers to refuse what is older; what comes from the future is as wrong. */
const toleranceMs = 5 * 60_000;

/** The signs that HubSpot writes as they are in the URL it signs, whatever they look like in the one it calls. */
const signedPlain: ReadonlyMap<string, string> = new Map([
  ...["%3A", "%2F", "%3F", "%40", "%21", "%24"].map(decoded),
  ...["%27", "%28", "%29", "%2A", "%2C", "%3B"].map(decoded),
]);

/** Does a delivery come from HubSpot? Version 3 signs its time; the two before it only where they are allowed. */
export function verifySignature(
  request: InboundRequest,
  secrets: readonly string[],
  allowOldSignatures: boolean,
): Verification {
  const { headers } = request;
  const signature = headers["x-hubspot-signature-v3"];
  if (signature !== undefined) return verifyThird(request, secrets, signature);
  const old = headers["x-hubspot-signature"];
  if (old === undefined) return { ok: false, reason: "unsigned" };
  if (!allowOldSignatures) return { ok: false, reason: "not allowed" };
  return isSignedInTheOldWay(request, secrets, old) ? { ok: true } : { ok: false, reason: "bad signature" };
}

function verifyThird(
  { raw, method, url, headers, now }: InboundRequest,
  secrets: readonly string[],
  signature: string,
): Verification {
  const timestamp = headers["x-hubspot-request-timestamp"] ?? "";
  if (!/^\d{1,16}$/.test(timestamp)) return { ok: false, reason: "unsigned" };
  const signed = [method, signedUrl(url), raw, timestamp];
  if (!isSignedBy(secrets, signed, signature, { algorithm: "sha256", encoding: "base64" })) {
    return { ok: false, reason: "bad signature" };
  }
  return Math.abs(now.getTime() - Number(timestamp)) > toleranceMs ? { ok: false, reason: "stale" } : { ok: true };
}

function isSignedInTheOldWay(
  { raw, method, url, headers }: InboundRequest,
  secrets: readonly string[],
  signature: string,
): boolean {
  const before = headers["x-hubspot-signature-version"] === "v2" ? [method, url] : [];
  let isSigned = false;
  for (const secret of secrets) {
    const hash = createHash("sha256")
      .update([secret, ...before].join(""))
      .update(raw)
      .digest("hex");
    if (isSameSecret(hash, signature)) isSigned = true;
  }
  return isSigned;
}

function signedUrl(url: string): string {
  return url.replace(/%[0-9A-Fa-f]{2}/g, (escaped) => signedPlain.get(escaped.toUpperCase()) ?? escaped);
}

function decoded(escaped: string): [string, string] {
  return [escaped, decodeURIComponent(escaped)];
}
