import { z } from "zod";
import { jsonPathSchema } from "../json-path.ts";
import { recordMappingSchema } from "../record-mapping-document.ts";
import { secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** Any sender that signs by Standard Webhooks. */
export const standardWebhooksSettings = z
  .strictObject({
    id: sourceBase.id,
    kind: z.literal("standard-webhooks"),
    accounts: sourceBase.accounts,
    /** The sender names accounts by our keys. */
    idsAreKeys: z.boolean().default(true),
    /** `whsec_…`; several while one replaces another. */
    secret: secretsFromEnvironment,
    /** Where a delivery names its account, for the event that it becomes. */
    account: jsonPathSchema.optional(),
    /** What a delivery becomes instead: paths begin at the whole body. */
    mapping: recordMappingSchema.optional(),
  })
  .refine(({ account, mapping }) => (account === undefined) !== (mapping === undefined), {
    error: 'expected either "account", a path, or "mapping"',
  });

export type StandardWebhooksSettings = z.infer<typeof standardWebhooksSettings>;
