import { z } from "zod";
import { daySchema, zoneSchema } from "../../scoring/records.ts";
import { fromEnvironment, sourceBase } from "../source-settings.ts";
import { usageRule } from "../usage-rules.ts";

/** A project of Mixpanel's. */
export const mixpanelSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("mixpanel"),
  /** Where the project's data is kept. */
  region: z.enum(["us", "eu", "in"]).default("us"),
  projectId: z.int().positive(),
  /** A service account. */
  login: z.strictObject({ user: fromEnvironment, secret: fromEnvironment }),
  /** The property of an event that names its account: the key of a group. */
  accountProperty: z.string().min(1).max(200),
  /** Whether what stands there are our keys of accounts. */
  idsAreKeys: z.boolean().default(true),
  /** Which events count as which usage; without rules every event counts under its own name. */
  rules: z.array(usageRule).min(1).max(200).optional(),
  /** The zone by which the project's export counts days: UTC for projects made since 2023, the project's own for older ones. */
  zone: zoneSchema.default("UTC"),
  /** The first day to pull; 90 days back unless given. */
  startOn: daySchema.optional(),
  limits: z
    .strictObject({
      callsPerHour: z.int().positive().default(60),
      callsPerSecond: z.int().positive().default(3),
    })
    .prefault({}),
});
export type MixpanelSettings = z.infer<typeof mixpanelSettings>;
