import { z } from "zod";
import { durationSchema } from "../../scoring/duration.ts";
import { kebabSchema } from "./words.ts";

const runsPerSchema = z.strictObject({ runs: z.int().min(1).max(1000), per: durationSchema });

/** What is tolerated before a playbook stops and asks. */
export const stormBrakeSchema = z.strictObject({
  /** Of its audience, within the sliding window. */
  share: z.number().gt(0).max(1),
  per: durationSchema.default("1h"),
  /** Fewer runs than this are no storm. */
  atLeast: z.int().min(1).default(5),
});

/** When runs may begin. */
export const windowSchema = z.enum(["any", "owner-working-hours", "account-working-hours"]);

/** `guards` of a playbook: what keeps a run from beginning. What is left out is as guards.json says. */
export const guardsSchema = z.strictObject({
  window: windowSchema.optional(),
  /** Runs of this playbook for one account. */
  maxPerAccount: runsPerSchema.optional(),
  stormBrake: z.union([stormBrakeSchema, z.literal(false)]).optional(),
  /** Waits while a run of these playbooks, or of any with a higher priority, is under way for the account. */
  inhibitedBy: z.union([z.literal("priority"), z.array(kebabSchema).min(1), z.literal(false)]).optional(),
  /** Its runs count against the alert budget of the account's owner. */
  budget: z.boolean().optional(),
});
