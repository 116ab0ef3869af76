import { z } from "zod";
import { hookAuthSchema } from "../hook-auth.ts";
import { secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** Whoever carries our mail and tells of it in our own words. */
export const mailEventsSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("mail-events"),
  /** As a JSON hook has it, or the secret (`whsec_…`) of one who signs by Standard Webhooks. */
  auth: z.union([...hookAuthSchema.options, z.strictObject({ standardWebhooks: secretsFromEnvironment })], {
    error: "expected one of standardWebhooks, hmac, bearer, header and value, basic, query and value",
  }),
});

/** Amazon SES, by way of an SNS topic. */
export const sesSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("ses"),
  auth: hookAuthSchema,
  /** The topic that may tell us anything. */
  topicArn: z.string().regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/, {
    error: "expected the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:mail",
  }),
});

/** Postmark. */
export const postmarkSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("postmark"),
  auth: hookAuthSchema,
});

export type MailEventsSettings = z.infer<typeof mailEventsSettings>;
export type SesSettings = z.infer<typeof sesSettings>;
export type PostmarkSettings = z.infer<typeof postmarkSettings>;
