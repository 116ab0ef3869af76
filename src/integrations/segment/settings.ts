import { z } from "zod";
import { secretsFromEnvironment, sourceBase } from "../source-settings.ts";
import { usageRule } from "../usage-rules.ts";

/** A rule for usage; of `track` events unless `call` says page or screen, whose event is the name of the page or screen. */
const trackingRule = usageRule.safeExtend({ call: z.enum(["track", "page", "screen"]).default("track") });

const path = z.string().regex(/^[^.]+(\.[^.]+)*$/, "expected names with points between them, such as context.groupId");

/** A product that tracks its users over the Segment protocol: by itself, by Segment, RudderStack or Jitsu. */
export const segmentSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("segment"),
  accounts: sourceBase.accounts,
  /** The write keys that open the door at `/v1`. */
  writeKeys: secretsFromEnvironment,
  /** Which events count as which usage; without rules every event counts under its own name. */
  rules: z.array(trackingRule).min(1).max(200).optional(),
  /** Where an event names its account, beside `context.groupId`: the first that is there. */
  accountFrom: z.array(path).max(10).default(["properties.groupId", "properties.accountId"]),
  /** Whether the ids of groups are our keys of accounts. */
  idsAreKeys: z.boolean().default(true),
  /** Signs what Segment sends to `/webhooks/<id>`; without it nothing is taken there. */
  webhookSecret: secretsFromEnvironment.optional(),
  /** Stands in the header `x-keepwell-secret` of what Segment sends there in batches, whose signature covers the first event only. */
  batchSecret: secretsFromEnvironment.optional(),
});
export type SegmentSettings = z.infer<typeof segmentSettings>;
