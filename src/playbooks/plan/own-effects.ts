import type { SetFieldStep, SetStageStep, UpdateCrmStep } from "../playbook.ts";
import type { Template } from "../render.ts";
import { type PlannedAction, pending, renderAll, skipped } from "./action.ts";
import type { Occasion } from "./occasion.ts";

/** A field of the account that is written as a record of ours. */
export function planField(step: SetFieldStep, occasion: Occasion): PlannedAction {
  const rendered = renderValue(step.value, occasion);
  if ("refusal" in rendered) return skipped(step, occasion, "account", rendered.refusal);
  return pending(step, occasion, "account", { kind: "field", field: step.field, value: rendered.value });
}

/** The stage of the account, set as by hand. */
export function planStage(step: SetStageStep, occasion: Occasion): PlannedAction {
  const rendered = renderAll(occasion, [step.reason]);
  if ("refusal" in rendered) return skipped(step, occasion, "account", rendered.refusal);
  const [written = ""] = rendered.texts;
  const reason = written === "" ? occasion.run.reason : written;
  return pending(step, occasion, "account", { kind: "stage", stage: step.stage, reason });
}

/** A field of the account as a CRM has it. */
export function planCrmField(step: UpdateCrmStep, occasion: Occasion): PlannedAction {
  const rendered = renderValue(step.value, occasion);
  if ("refusal" in rendered) return skipped(step, occasion, step.source, rendered.refusal);
  const message = { kind: "crm-field", field: step.field, value: rendered.value } as const;
  return { ...pending(step, occasion, step.source, message), channel: step.source };
}

function renderValue(
  value: Template | number | boolean | null,
  { subject, words }: Occasion,
): { readonly value: string | number | boolean | null } | { readonly refusal: string } {
  if (value === null || typeof value !== "object") return { value };
  const rendered = value.render(subject, words);
  if ("refusal" in rendered) return rendered;
  return rendered.text === "" ? { refusal: "the text came out empty" } : { value: rendered.text };
}
