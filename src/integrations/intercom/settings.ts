import { z } from "zod";
import { fromEnvironment, secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** The name of a company attribute. */
const attribute = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/i, "expected the name of a company attribute");

/** An Intercom workspace. */
export const intercomSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("intercom"),
  /** The access token of an app of this workspace. */
  token: fromEnvironment,
  /** Where the workspace is kept. */
  region: z.enum(["us", "eu", "au"]).default("us"),
  /** The app's client secret: it signs its webhooks, which are refused without it. */
  clientSecret: secretsFromEnvironment.optional(),
  /** The company attribute that holds who looks after it: the id or the address of a teammate. */
  ownerAttribute: attribute.optional(),
  /** Company attributes that become the account's own fields, under the same names; also `plan`, `size`, `monthly_spend`, `user_count`. */
  accountFields: z.array(attribute).max(100).default([]),
  limits: z
    .strictObject({
      /** An app may make 10,000, and all apps of a workspace 25,000 together. */
      callsPerMinute: z.int().min(6).default(1_000),
    })
    .prefault({}),
});

export type IntercomSettings = z.infer<typeof intercomSettings>;
