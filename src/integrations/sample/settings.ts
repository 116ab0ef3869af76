import { z } from "zod";
import { sourceBase } from "../source-settings.ts";

/** The invented company. */
export const sampleSettings = z.strictObject({
  id: sourceBase.id,
  kind: z.literal("sample"),
  /** Another seed, another company. */
  seed: z.int().min(0).max(2_147_483_647),
});
