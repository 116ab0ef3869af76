import { z } from "zod";

const sampleSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "an id has small letters, digits and -, at most 64"),
  kind: z.literal("sample", {
    error: (issue) => `source kind ${JSON.stringify(issue.input)} is not supported yet: only "sample" is`,
  }),
  /** Another seed, another company. */
  seed: z.int().min(0).max(2_147_483_647),
});

/** `sources.json`: where records are pulled from. */
export const sourcesSchema = z.strictObject({
  $schema: z.string().optional(),
  sources: z
    .array(sampleSchema)
    .refine((sources) => new Set(sources.map((source) => source.id)).size === sources.length, {
      error: "two sources have the same id",
    }),
});

export type SourcesDocument = z.infer<typeof sourcesSchema>;
