import { z } from "zod";
import { type Hook, UnreadableBody } from "../hook-port.ts";
import { inboundJson } from "../inbound-json.ts";
import { signedHeaders, verifyStandard } from "../standard-signature.ts";

/** A delivery as it is kept: with its id, which is not in the body. */
export interface KeptDelivery {
  readonly id: string;
  readonly delivery: Readonly<Record<string, unknown>>;
}

/** The hook of Standard Webhooks 1.0. */
export function openHook(keys: readonly Buffer[], read: Hook["read"]): Hook {
  return {
    verify: (request) => verifyStandard(request, keys),
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

function momentOf(value: unknown): Date | null {
  const at = typeof value === "string" ? new Date(value) : null;
  return at === null || Number.isNaN(at.getTime()) ? null : at;
}
