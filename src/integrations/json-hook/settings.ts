import { z } from "zod";
import { hookAuthSchema } from "../hook-auth.ts";
import { jsonPathSchema } from "../json-path.ts";
import { recordMappingSchema } from "../record-mapping-document.ts";
import { sourceBase } from "../source-settings.ts";

/** Any sender of JSON, by a declarative mapping. */
export const jsonHookSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("json-hook"),
  accounts: sourceBase.accounts,
  /** The sender names accounts by our keys. */
  idsAreKeys: z.boolean().default(false),
  auth: hookAuthSchema,
  /** What is the same whenever the same thing is delivered again; else a delivery is known by its bytes. */
  dedupe: z.union([jsonPathSchema, z.array(jsonPathSchema).min(1).max(10)]).optional(),
  mapping: recordMappingSchema,
});

export type JsonHookSettings = z.infer<typeof jsonHookSettings>;
