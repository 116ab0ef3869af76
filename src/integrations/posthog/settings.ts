import { z } from "zod";
import { daySchema, usageNameSchema, zoneSchema } from "../../scoring/records.ts";
import { fromEnvironment, sourceBase } from "../source-settings.ts";
import { usageRule } from "../usage-rules.ts";

/** A property that HogQL reads without quoting. */
const property = /^properties(\.[A-Za-z_][A-Za-z0-9_]*)+$/;

const posthogRule = usageRule
  .safeExtend({ usage: usageNameSchema })
  .refine(({ sum }) => sum === undefined || property.test(sum), {
    path: ["sum"],
    error: "expected a property of letters, digits and _, such as properties.pages",
  });

/** A project of PostHog's. */
export const posthogSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("posthog"),
  projectId: z.int().positive(),
  /** A personal API key. */
  apiKey: fromEnvironment,
  /** The index of the type of group that is an account, as the project's settings number it. */
  groupType: z.int().min(0).max(4).default(0),
  /** Whether the keys of groups are our keys of accounts. */
  idsAreKeys: z.boolean().default(true),
  /** Whether groups are pulled as accounts, with their properties. */
  groups: z.boolean().default(true),
  rules: z.array(posthogRule).min(1).max(50),
  /** The project's time zone, by which it counts days; the company's unless given. */
  zone: zoneSchema.optional(),
  /** The first day to pull; 90 days back unless given. */
  startOn: daySchema.optional(),
  /** A project's, shared with all that asks it. */
  callsPerHour: z.int().positive().default(100),
});
export type PosthogSettings = z.infer<typeof posthogSettings>;
export type PosthogRule = PosthogSettings["rules"][number];
