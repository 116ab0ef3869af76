import { z } from "zod";
import type { ConfigFault } from "./config-fault.ts";

/** A fault of a document, as commands and the API tell it. */
export const configFaultSchema = z.strictObject({
  /** Relative to the folder, or the kind and id of a document; null where none is at fault. */
  file: z.string().nullable(),
  line: z.int().nullable(),
  column: z.int().nullable(),
  path: z.string(),
  met: z.json().optional(),
  message: z.string(),
});
export type ConfigFaultJson = z.infer<typeof configFaultSchema>;

/** A fault as data. What was met and is no JSON is left out. */
export function toFaultJson({ file, position, path, met, message }: ConfigFault): ConfigFaultJson {
  const printable = z.json().safeParse(met);
  return {
    file,
    line: position?.line ?? null,
    column: position?.column ?? null,
    path,
    ...(printable.success && { met: printable.data }),
    message,
  };
}
