import { z } from "zod";
import { type Hook, type HookReading, UnreadableBody } from "../hook-port.ts";
import type { Verify } from "../hook-verification.ts";
import { inboundJson } from "../inbound-json.ts";
import { keptItem, softBounce, suppressing } from "./told.ts";

/** What SNS wraps around everything it delivers. */
const envelopeSchema = z.looseObject({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string().min(1).max(150),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string().nullable().default(null),
});

const recipients = z.array(z.looseObject({ emailAddress: z.string(), diagnosticCode: z.string().optional() })).min(1);
const bounceSchema = z.looseObject({
  bounceType: z.string(),
  bounceSubType: z.string().default(""),
  bouncedRecipients: recipients,
});
const complaintSchema = z.looseObject({
  complaintFeedbackType: z.string().nullable().default(null),
  complainedRecipients: recipients,
});
/** Notifications of an identity and events of a configuration set say the same under two names. */
const mailSchema = z.looseObject({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  bounce: bounceSchema.optional(),
  complaint: complaintSchema.optional(),
});

/** Bounces and complaints of Amazon SES, as an SNS topic delivers them. What confirms a subscription is kept for the operator, and called by nobody. */
export function sesHook(verify: Verify, topicArn: string): Hook {
  return {
    verify(request) {
      const verified = verify(request);
      if (!verified.ok) return verified;
      const envelope = envelopeSchema.safeParse(inboundJson(request.raw));
      // What is no envelope is told as such when it is split.
      const isOther = envelope.success && envelope.data.TopicArn !== topicArn;
      return isOther ? { ok: false, reason: "not allowed" } : verified;
    },
    split(request) {
      const envelope = envelopeSchema.safeParse(inboundJson(request.raw));
      if (!envelope.success) throw new UnreadableBody("the body is no delivery of SNS: raw delivery must be off");
      return [keptItem(request, envelope.data.MessageId, envelope.data.Timestamp, envelope.data)];
    },
    read(body) {
      const { Type, Message } = envelopeSchema.parse(JSON.parse(body));
      if (Type === "Notification") return readMail(Message);
      const asked = Type === "SubscriptionConfirmation" ? "confirm the subscription" : "confirm its end";
      return { ignored: `SNS asks to ${asked}: the SubscribeURL stands in this delivery, for you to open` };
    },
  };
}

function readMail(message: string): HookReading {
  const mail = mailSchema.safeParse(jsonOf(message));
  if (!mail.success) return { mapped: { skipped: "the message is none of SES" } };
  const { notificationType, eventType, bounce, complaint } = mail.data;
  const type = notificationType ?? eventType;
  if (type === "Bounce" && bounce !== undefined) return readBounce(bounce);
  if (type === "Complaint" && complaint !== undefined) {
    const addresses = complaint.complainedRecipients.map(({ emailAddress }) => emailAddress);
    return suppressing({ addresses, reason: "complained", detail: complaint.complaintFeedbackType ?? "" });
  }
  return { ignored: `a message of the type ${type ?? "(none)"} is not used here` };
}

function readBounce({ bounceType, bounceSubType, bouncedRecipients }: z.infer<typeof bounceSchema>): HookReading {
  if (bounceType !== "Permanent") return softBounce;
  const addresses = bouncedRecipients.map(({ emailAddress }) => emailAddress);
  const said = bouncedRecipients[0]?.diagnosticCode ?? "";
  return suppressing({ addresses, reason: "bounced", detail: `${bounceType} ${bounceSubType} ${said}`.trim() });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
