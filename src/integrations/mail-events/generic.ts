import { z } from "zod";
import { type Hook, UnreadableBody } from "../hook-port.ts";
import type { Verify } from "../hook-verification.ts";
import { inboundJson } from "../inbound-json.ts";
import { keptItem, softBounce, suppressing } from "./told.ts";

const eventSchema = z.looseObject({
  type: z.enum(["bounce", "complaint", "unsubscribe"]),
  address: z.string().min(1).max(300),
  /** Of a bounce: there is no way to that mailbox. */
  hard: z.boolean().default(false),
  detail: z.string().default(""),
  at: z.string().nullable().default(null),
  id: z.string().min(1).nullable().default(null),
});

/** `{ "type", "address", "hard", "detail", "at", "id" }`: for carriers that we do not know, and for integrations of one's own. */
export function genericHook(verify: Verify): Hook {
  return {
    verify,
    split(request) {
      const event = eventSchema.safeParse(inboundJson(request.raw));
      if (!event.success) {
        throw new UnreadableBody(`the body has no ${event.error.issues[0]?.path.join(".")} as it should be`);
      }
      return [keptItem(request, event.data.id, event.data.at, event.data)];
    },
    read(body) {
      const { type, address, hard, detail } = eventSchema.parse(JSON.parse(body));
      if (type === "bounce" && !hard) return softBounce;
      return suppressing({ addresses: [address], reason: reasons[type], detail });
    },
  };
}

const reasons = { bounce: "bounced", complaint: "complained", unsubscribe: "unsubscribed" } as const;
