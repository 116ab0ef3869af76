import { z } from "zod";
import { durationSchema } from "../../scoring/duration.ts";
import { fromEnvironment, secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** Stripe, as sources.json describes it. */
export const stripeSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("stripe"),
  /** A restricted key that may read; docs/sources/stripe.md lists its permissions. */
  key: fromEnvironment,
  /** The signing secrets of the webhook endpoint, newest first; without them nothing is received. */
  webhookSecret: secretsFromEnvironment.optional(),
  /** What answers look like is settled by this, not by the account's own version. */
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/, 'expected a version of the API, such as "2026-10-28.endive"')
    .default("2026-10-28.endive"),
  /** The metadata field of a customer that holds our key of the account. */
  accountField: z.string().min(1).max(40).default("account_id"),
  /** How often everything is read anew, which heals what events left out. */
  snapshotEvery: durationSchema.default("1d"),
});

export type StripeSettings = z.infer<typeof stripeSettings>;
