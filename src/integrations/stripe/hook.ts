import { z } from "zod";
import { type Hook, type InboundRequest, UnreadableBody, type Verification } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { isSignedBy } from "../signatures.ts";
import type { CustomerRules } from "./mapping/customer.ts";
import { readEvent } from "./mapping/event.ts";

/** As Stripe's own libraries have it. */
const toleranceSeconds = 300;
/** While secrets change over there are two; anything longer is no signature of Stripe's. */
const mostSignatures = 10;

/** An event of either API: seconds in the one, ISO 8601 in the other. */
const headSchema = z.looseObject({
  id: z.string().min(1).max(200),
  object: z.enum(["event", "v2.core.event"]),
  created: z.union([z.int(), z.iso.datetime({ offset: true })]),
});

/** Stripe's events at `POST /webhooks/<id>`. */
export function openStripeHook(secrets: readonly string[], rules: CustomerRules): Hook {
  return {
    verify: (request) => verify(request, secrets),
    split({ raw }) {
      const head = headSchema.safeParse(inboundJson(raw));
      if (!head.success) throw new UnreadableBody("the body is no event of Stripe");
      const { id, created } = head.data;
      const occurredAt = new Date(typeof created === "number" ? created * 1_000 : created);
      return [{ dedupeKey: id, occurredAt, body: raw.toString("utf8") }];
    },
    read: (body, context) => readEvent(JSON.parse(body), rules, context),
  };
}

function verify({ raw, headers, now }: InboundRequest, secrets: readonly string[]): Verification {
  const header = headers["stripe-signature"];
  if (header === undefined || header === "") return { ok: false, reason: "unsigned" };
  const parts = header.split(",").map((part) => part.trim());
  const seconds = valuesOf(parts, "t")[0] ?? "";
  const signatures = valuesOf(parts, "v1");
  if (!/^\d{1,12}$/.test(seconds) || signatures.length === 0 || signatures.length > mostSignatures) {
    return { ok: false, reason: "bad signature" };
  }
  const how = { algorithm: "sha256", encoding: "hex" } as const;
  const isSigned = signatures
    .map((signature) => isSignedBy(secrets, [`${seconds}.`, raw], signature, how))
    .includes(true);
  if (!isSigned) return { ok: false, reason: "bad signature" };
  const isStale = Math.abs(now.getTime() / 1_000 - Number(seconds)) > toleranceSeconds;
  return isStale ? { ok: false, reason: "stale" } : { ok: true };
}

function valuesOf(parts: readonly string[], name: string): string[] {
  return parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
}
