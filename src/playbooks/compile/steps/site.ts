import type { Digest, StepFrame } from "../../playbook.ts";
import type { DigestDocument, StepDocument } from "../../schema.ts";
import { type Compilation, milliseconds, minuteOf } from "../compilation.ts";

/** The document of one kind of step. */
export type StepOf<Kind extends StepDocument["do"]> = Extract<StepDocument, { do: Kind }>;

/** Where a step is compiled. */
export interface Site {
  /** Its path in the document. */
  readonly at: string;
  readonly frame: StepFrame;
  readonly compilation: Compilation;
}

/** What is told together with others; null where it is told at once. */
export function digestOf(digest: DigestDocument | undefined): Digest | null {
  if (digest === undefined) return null;
  return "at" in digest ? { atMinute: minuteOf(digest.at) } : { windowMs: milliseconds(digest.window) };
}
