import type { z } from "zod";
import { type Fault, faultAt, faultsOf, suggestion } from "../scoring/fault.ts";
import {
  frameSchema,
  frameVocabulary,
  plannedModes,
  type StepDocument,
  stepVariants,
  type TriggerDocument,
  triggerVariants,
  type Variants,
} from "./schema.ts";

/** As much of a document as could be read, and all faults of the rest. */
export interface ParsedPlaybook {
  readonly frame: z.infer<typeof frameSchema> | null;
  readonly audience: unknown;
  readonly trigger: TriggerDocument | null;
  /** Null where a step could not be read. */
  readonly steps: readonly (StepDocument | null)[];
  readonly faults: readonly Fault[];
}

/** Reads a playbook part by part, so that one broken part does not hide the faults of the others. */
export function parsePlaybook(document: unknown): ParsedPlaybook {
  const faults: Fault[] = [];
  const frame = frameSchema.safeParse(document);
  if (!frame.success) faults.push(...faultsOf(frame.error, document, frameVocabulary).map(laterMode));
  const trigger = member(document, "trigger");
  const listed = member(document, "steps");
  const steps = Array.isArray(listed) ? listed : [];
  const parsedSteps = steps.map((step, index) => parseStep(step, `steps[${index}]`, faults));
  faults.push(...misplacedSteps(steps));
  return {
    frame: frame.success ? frame.data : null,
    audience: member(document, "audience"),
    trigger: trigger === undefined ? missingTrigger(document, faults) : parseTrigger(trigger, faults),
    steps: parsedSteps,
    faults,
  };
}

function missingTrigger(document: unknown, faults: Fault[]): null {
  if (typeof document === "object" && document !== null) {
    faults.push(faultAt("trigger", undefined, "is missing: expected an object"));
  }
  return null;
}

function parseTrigger(part: unknown, faults: Fault[]): TriggerDocument | null {
  const known = variant(part, triggerVariants, "trigger", faults);
  // The variant was chosen by its own key: what it parses is a trigger.
  return known === null
    ? null
    : (parseVariant(part, known, triggerVariants, "trigger", faults) as TriggerDocument | null);
}

function parseStep(part: unknown, at: string, faults: Fault[]): StepDocument | null {
  const known = variant(part, stepVariants, at, faults);
  return known === null ? null : (parseVariant(part, known, stepVariants, at, faults) as StepDocument | null);
}

function misplacedSteps(steps: readonly unknown[]): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<unknown>();
  steps.forEach((step, index) => {
    const id = member(step, "id");
    if (id === undefined) return;
    if (seen.has(id)) faults.push(faultAt(`steps[${index}].id`, id, "this id is used by an earlier step"));
    seen.add(id);
  });
  const last = steps.at(-1);
  if (member(last, "do") === "wait") {
    faults.push(faultAt(`steps[${steps.length - 1}]`, last, "a wait needs a step after it"));
  }
  return faults;
}

/** The variant's schema, or null with the fault told. */
function variant(part: unknown, variants: Variants, at: string, faults: Fault[]): z.ZodObject | null {
  if (typeof part !== "object" || part === null || Array.isArray(part)) {
    faults.push(faultAt(at, part, "expected an object"));
    return null;
  }
  const name = member(part, variants.key);
  const names = Object.keys(variants.schemas);
  if (typeof name === "string" && Object.hasOwn(variants.schemas, name)) return variants.schemas[name] ?? null;
  const path = `${at}.${variants.key}`;
  const expected = names.map((known) => JSON.stringify(known)).join(" or ");
  if (name === undefined) faults.push(faultAt(path, name, `is missing: expected ${expected}`));
  else if (typeof name === "string" && variants.planned.includes(name)) {
    faults.push(faultAt(path, name, `"${name}" is not supported yet: expected ${expected}`));
  } else faults.push(faultAt(path, name, `expected ${expected}${suggestion(String(name), names)}`));
  return null;
}

/** Keys that do not belong are told and passed over, so that the rest is looked at as well. */
function parseVariant(part: unknown, schema: z.ZodObject, variants: Variants, at: string, faults: Fault[]): unknown {
  const parsed = schema.safeParse(part);
  if (parsed.success) return parsed.data;
  const keys = Object.keys(schema.shape);
  const planned = variants.plannedKeys.filter((key) => !keys.includes(key));
  faults.push(...faultsOf(parsed.error, part, { keys, planned }, at));
  return schema.strip().safeParse(part).data ?? null;
}

function laterMode(fault: Fault): Fault {
  const isLater = fault.path === "entry.mode" && plannedModes.some((mode) => mode === fault.met);
  return isLater ? { ...fault, message: `"${String(fault.met)}" is not supported yet: ${fault.message}` } : fault;
}

function member(document: unknown, key: string): unknown {
  return typeof document === "object" && document !== null && Object.hasOwn(document, key)
    ? Reflect.get(document, key)
    : undefined;
}
