import { z } from "zod";
import { fromEnvironment, secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** The key of an organization field, not its title. */
const fieldKey = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/i, "expected the key of an organization field");

/** A Zendesk account. */
export const zendeskSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("zendesk"),
  /** `acme` of `acme.zendesk.com`. */
  subdomain: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a subdomain, such as acme"),
  /** An API token of an administrator, or the access token of an OAuth client. */
  login: z.union([
    z.strictObject({ email: z.email(), apiToken: fromEnvironment }),
    z.strictObject({ accessToken: fromEnvironment }),
  ]),
  /** The signing secrets of its webhooks, which are refused without them. */
  webhookSecret: secretsFromEnvironment.optional(),
  /** Organization fields that become the account's own fields, under the same names. */
  accountFields: z.array(fieldKey).max(100).default([]),
  limits: z
    .strictObject({
      /** 200 is what the Team plan allows; Growth and Professional 400, Enterprise 700. */
      callsPerMinute: z.int().positive().default(200),
      /** Of incremental exports, which are counted apart: 10, or 30 with the High Volume add-on. */
      exportsPerMinute: z.int().positive().default(10),
    })
    .prefault({}),
});

export type ZendeskSettings = z.infer<typeof zendeskSettings>;
