import type { Hook, InboundRequest, Verification } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { isOneOf, isSignedBy } from "../signatures.ts";
import { keepBody } from "./kept-body.ts";

export interface HookSecrets {
  readonly signing: readonly string[];
  /** Static ones, for batches; none: batches are refused. */
  readonly batch: readonly string[];
}

/**
 * What Segment's webhook destination sends. Its signature covers the first event of a batch only, so that a batch is believed by a
 * second, static secret in a header of its own.
 */
export function openHook(secrets: HookSecrets, read: Hook["read"]): Hook {
  return {
    verify: (request) => verify(request, secrets),
    split({ raw, now }) {
      const body = inboundJson(raw);
      const events: readonly unknown[] = Array.isArray(body) ? body : [body];
      const text = new TextDecoder().decode(raw);
      const batch = `{"batch":${Array.isArray(body) ? text : `[${text}]`}}`;
      return events.length === 0 ? [] : [keepBody("batch", { text: batch, value: { batch: events } }, now)];
    },
    read,
  };
}

function verify(request: InboundRequest, { signing, batch }: HookSecrets): Verification {
  const signature = request.headers["x-signature"];
  if (signature === undefined) return { ok: false, reason: "unsigned" };
  const signed = signedPart(request);
  const isSigned = isSignedBy(signing, [signed.bytes], signature, { algorithm: "sha1", encoding: "hex" });
  if (!isSigned) return { ok: false, reason: "bad signature" };
  return signed.isWhole || holdsSecret(request, batch) ? { ok: true } : { ok: false, reason: "not allowed" };
}

/** The bytes the signature is over: the body, or of a list its first event as JavaScript writes it. */
function signedPart(request: InboundRequest): { readonly bytes: string | Buffer; readonly isWhole: boolean } {
  // JSON may begin with white space; Segment's does not, and what is no list is signed as a whole.
  if (!/^\s*\[/.test(request.raw.subarray(0, 64).toString("latin1"))) return { bytes: request.raw, isWhole: true };
  const body = safeParse(request);
  const first: unknown = Array.isArray(body) ? body[0] : undefined;
  return { bytes: JSON.stringify(first) ?? "", isWhole: false };
}

function holdsSecret({ headers }: InboundRequest, secrets: readonly string[]): boolean {
  return isOneOf(secrets, headers["x-keepwell-secret"] ?? "");
}

function safeParse({ raw }: InboundRequest): unknown {
  try {
    return inboundJson(raw);
  } catch {
    return undefined;
  }
}
