import { z } from "zod";
import { type Hook, type HookReading, UnreadableBody } from "../hook-port.ts";
import type { Verify } from "../hook-verification.ts";
import { inboundJson } from "../inbound-json.ts";
import { keptItem, softBounce, suppressing } from "./told.ts";

const bounceSchema = z.looseObject({
  RecordType: z.enum(["Bounce", "SpamComplaint"]),
  ID: z.number(),
  Type: z.string(),
  Email: z.string(),
  Description: z.string().default(""),
  BouncedAt: z.string().nullable().default(null),
});
const changeSchema = z.looseObject({
  RecordType: z.literal("SubscriptionChange"),
  MessageID: z.string().default(""),
  Recipient: z.string(),
  SuppressSending: z.boolean(),
  SuppressionReason: z.enum(["HardBounce", "SpamComplaint", "ManualSuppression"]).catch("ManualSuppression"),
  ChangedAt: z.string().default(""),
});
const eventSchema = z.union([bounceSchema, changeSchema]);
const anySchema = z.looseObject({ RecordType: z.string() });

/** Bounces, complaints and changes of subscription of Postmark. */
export function postmarkHook(verify: Verify): Hook {
  return {
    verify,
    split(request) {
      const body = inboundJson(request.raw);
      if (!anySchema.safeParse(body).success) throw new UnreadableBody("the body has no RecordType");
      const { success, data } = eventSchema.safeParse(body);
      if (!success) return [keptItem(request, null, null, body)];
      if (data.RecordType !== "SubscriptionChange") {
        return [keptItem(request, `${data.RecordType}:${data.ID}`, data.BouncedAt, body)];
      }
      const { MessageID, Recipient, ChangedAt } = data;
      return [keptItem(request, `SubscriptionChange:${MessageID}:${ChangedAt}:${Recipient}`, ChangedAt, body)];
    },
    read(body) {
      const json: unknown = JSON.parse(body);
      const event = eventSchema.safeParse(json);
      if (event.success) return readEvent(event.data);
      const type = anySchema.parse(json).RecordType;
      if (["Bounce", "SpamComplaint", "SubscriptionChange"].includes(type)) {
        return { mapped: { skipped: `the ${type} has not the fields it should have` } };
      }
      return { ignored: `a message of the type ${type} is not used here` };
    },
  };
}

/** Others may pass, or say something of our server. */
const hardTypes: readonly string[] = ["HardBounce", "BadEmailAddress"];
/** `ManualSuppression`: the reader, or somebody at Postmark, wanted it so. */
const reasons = { HardBounce: "bounced", SpamComplaint: "complained", ManualSuppression: "unsubscribed" } as const;

function readEvent(event: z.infer<typeof eventSchema>): HookReading {
  if (event.RecordType === "SubscriptionChange") return readChange(event);
  const { RecordType, Type, Email, Description } = event;
  const told = { addresses: [Email], detail: `${Type}: ${Description}` };
  if (RecordType === "SpamComplaint" || Type === "SpamComplaint") return suppressing({ ...told, reason: "complained" });
  return hardTypes.includes(Type) ? suppressing({ ...told, reason: "bounced" }) : softBounce;
}

function readChange({ Recipient, SuppressSending, SuppressionReason }: z.infer<typeof changeSchema>): HookReading {
  if (!SuppressSending) {
    return { ignored: "Postmark sends to the address again; here it stays on the list until somebody takes it off" };
  }
  const addresses = [Recipient];
  return suppressing({ addresses, reason: reasons[SuppressionReason], detail: SuppressionReason });
}
