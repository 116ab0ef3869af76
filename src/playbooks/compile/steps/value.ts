import type { Template } from "../../render.ts";
import { type Compilation, templateAt } from "../compilation.ts";

type Scalar = string | number | boolean | null;

/** What a step writes somewhere: texts are templates. Null with the fault told. */
export function valueAt(
  value: Scalar,
  at: string,
  compilation: Compilation,
): { readonly value: Template | number | boolean | null } | null {
  if (typeof value !== "string") return { value };
  const template = templateAt(value, "line", at, compilation);
  return template && { value: template };
}
