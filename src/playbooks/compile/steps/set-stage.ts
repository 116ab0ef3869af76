import { faultAt, suggestion } from "../../../scoring/fault.ts";
import type { SetStageStep } from "../../playbook.ts";
import { listed, templateAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `set-stage` step, or null with its faults told. */
export function compileSetStage(step: StepOf<"set-stage">, { at, frame, compilation }: Site): SetStageStep | null {
  const { stages } = compilation.context;
  if (stages !== undefined && !stages.includes(step.stage)) {
    const message = `there is no stage "${step.stage}": expected ${listed(stages, "a stage")}${suggestion(step.stage, stages)}`;
    compilation.faults.push(faultAt(`${at}.stage`, step.stage, message));
    return null;
  }
  if (step.reason === undefined) return { ...frame, kind: "set-stage", stage: step.stage, reason: null };
  const reason = templateAt(step.reason, "line", `${at}.reason`, compilation);
  return reason && { ...frame, kind: "set-stage", stage: step.stage, reason };
}
