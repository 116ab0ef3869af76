import type { StopStep } from "../../playbook.ts";
import type { Site, StepOf } from "./site.ts";

/** A `stop` step. */
export function compileStop({ reason }: StepOf<"stop">, { frame }: Site): StopStep {
  return { ...frame, kind: "stop", reason: reason ?? null };
}
