import { faultAt } from "../../../scoring/fault.ts";
import type { UpdateCrmStep } from "../../playbook.ts";
import { listed } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";
import { valueAt } from "./value.ts";

/** An `update-crm` step, or null with its faults told. */
export function compileUpdateCrm(step: StepOf<"update-crm">, { at, frame, compilation }: Site): UpdateCrmStep | null {
  const { source, field } = step;
  const { fieldSinks = [] } = compilation.context;
  if (!fieldSinks.includes(source)) {
    const message = `expected ${listed(fieldSinks, "a source that takes fields of accounts")}`;
    compilation.faults.push(faultAt(`${at}.source`, source, message));
    return null;
  }
  const value = valueAt(step.value, `${at}.value`, compilation);
  return value && { ...frame, kind: "update-crm", source, field, value: value.value };
}
