import { faultAt, suggestion } from "../../../scoring/fault.ts";
import type { CallPlaybookStep } from "../../playbook.ts";
import type { Site, StepOf } from "./site.ts";

/** A `call-playbook` step, or null with its faults told. Circles are looked for once the whole playbook is known. */
export function compileCallPlaybook(
  step: StepOf<"call-playbook">,
  { at, frame, compilation }: Site,
): CallPlaybookStep | null {
  const { playbook } = step;
  const { playbooks } = compilation.context;
  if (playbooks !== undefined && !playbooks.includes(playbook)) {
    const message = `there is no playbook "${playbook}"${suggestion(playbook, playbooks)}`;
    compilation.faults.push(faultAt(`${at}.playbook`, playbook, message));
    return null;
  }
  return { ...frame, kind: "call-playbook", playbook };
}
