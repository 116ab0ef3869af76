import { faultAt, suggestion } from "../../../scoring/fault.ts";
import type { SetFieldStep } from "../../playbook.ts";
import { listed } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";
import { valueAt } from "./value.ts";

const ownField = /^account\.fields\.[a-z][a-z0-9_]*$/i;

/** A `set-field` step, or null with its faults told. */
export function compileSetField(step: StepOf<"set-field">, site: Site): SetFieldStep | null {
  const { at, frame, compilation } = site;
  const refusal = refusalOfField(step.field) ?? refusalOfValue(step, site);
  if (refusal !== null) {
    compilation.faults.push(
      refusal.of === "field"
        ? faultAt(`${at}.field`, step.field, refusal.why)
        : faultAt(`${at}.value`, step.value, refusal.why),
    );
    return null;
  }
  const value = valueAt(step.value, `${at}.value`, compilation);
  return value && { ...frame, kind: "set-field", field: step.field, value: value.value };
}

type Refusal = { readonly of: "field" | "value"; readonly why: string };

function refusalOfField(field: string): Refusal | null {
  if (field === "segment" || field === "owner" || ownField.test(field)) return null;
  const why = `expected "segment", "owner" or "account.fields.<name>"${suggestion(field, ["segment", "owner"])}`;
  return { of: "field", why };
}

/** Segment and owner are texts; an owner that is written out is one of owners.json. */
function refusalOfValue({ field, value }: StepOf<"set-field">, { compilation }: Site): Refusal | null {
  if (field !== "segment" && field !== "owner") return null;
  if (value !== null && typeof value !== "string") return { of: "value", why: `expected a text: ${field} is one` };
  if (field !== "owner" || value === null || /\{[{%]/.test(value)) return null;
  const known = compilation.context.owners.map(({ id }) => id);
  return known.includes(value) ? null : { of: "value", why: `expected ${listed(known, "an owner's id")}` };
}
