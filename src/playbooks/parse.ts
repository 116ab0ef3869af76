import type { z } from "zod";
import { type Fault, faultAt, faultsOf, suggestion } from "../scoring/fault.ts";
import {
  frameSchema,
  frameVocabulary,
  recoveryVariants,
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
  readonly steps: readonly ParsedStep[];
  readonly onRecover: readonly ParsedStep[];
  readonly faults: readonly Fault[];
}

/** A step as far as it could be read, with its path in the document. */
export interface ParsedStep {
  readonly at: string;
  /** Null where it could not be read. */
  readonly document: StepDocument | null;
  /** The lists of steps that stand in it, by their paths behind `at`: `cases[0].steps`, `otherwise`, `random[1].steps`. */
  readonly inner: ReadonlyMap<string, readonly ParsedStep[]>;
}

/** Branches in branches: more than anybody can follow. */
const deepest = 5;
/** Of all lists together, those in branches too. */
const mostSteps = 100;

/** Reads a playbook part by part, so that one broken part does not hide the faults of the others. */
export function parsePlaybook(document: unknown): ParsedPlaybook {
  const faults: Fault[] = [];
  const frame = frameSchema.safeParse(document);
  if (!frame.success) faults.push(...faultsOf(frame.error, document, frameVocabulary));
  const trigger = member(document, "trigger");
  const steps = parseSteps(member(document, "steps"), "steps", stepVariants, faults);
  const onRecover = parseSteps(member(document, "onRecover"), "onRecover", recoveryVariants, faults);
  faults.push(...repeatedIds([...steps, ...onRecover], new Set()));
  const count = countSteps(steps);
  // A single list that is longer was told of already.
  if (count > mostSteps && steps.length <= mostSteps) {
    faults.push(
      faultAt("steps", undefined, `${count} steps, with those in branches: expected ${mostSteps} at the most`),
    );
  }
  return {
    frame: frame.success ? frame.data : null,
    audience: member(document, "audience"),
    trigger: trigger === undefined ? missingTrigger(document, faults) : parseTrigger(trigger, faults),
    steps,
    onRecover,
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
  // As with steps.
  return known === null
    ? null
    : (parseVariant(part, known, triggerVariants, "trigger", faults) as TriggerDocument | null);
}

function parseSteps(list: unknown, at: string, variants: Variants, faults: Fault[], depth = 0): readonly ParsedStep[] {
  if (!Array.isArray(list)) return [];
  if (depth > deepest) {
    faults.push(faultAt(at, list, `branches stand in each other more than ${deepest} deep`));
    return [];
  }
  return list.map((step, index) => parseStep(step, `${at}[${index}]`, variants, faults, depth));
}

function parseStep(part: unknown, at: string, variants: Variants, faults: Fault[], depth: number): ParsedStep {
  const known = variant(part, variants, at, faults);
  // The variant was chosen by its own key: what it parses is a step.
  const document = known === null ? null : (parseVariant(part, known, variants, at, faults) as StepDocument | null);
  const inner = new Map<string, readonly ParsedStep[]>();
  for (const [path, list] of innerLists(part)) {
    inner.set(path, parseSteps(list, `${at}.${path}`, variants, faults, depth + 1));
  }
  return { at, document, inner };
}

function countSteps(steps: readonly ParsedStep[]): number {
  return steps.reduce((sum, { inner }) => sum + 1 + countSteps([...inner.values()].flat()), 0);
}

/** The lists of steps in a branch. */
function innerLists(part: unknown): readonly (readonly [string, unknown])[] {
  if (member(part, "do") !== "branch") return [];
  const ways = ["cases", "random"].flatMap((key) => {
    const list = member(part, key);
    return Array.isArray(list)
      ? list.map((way, index) => [`${key}[${index}].steps`, member(way, "steps")] as const)
      : [];
  });
  return [...ways, ["otherwise", member(part, "otherwise")]];
}

function repeatedIds(steps: readonly ParsedStep[], seen: Set<unknown>): readonly Fault[] {
  return steps.flatMap(({ at, document, inner }) => {
    const id = document?.id;
    const isTaken = id !== undefined && seen.has(id);
    if (id !== undefined) seen.add(id);
    const within = [...inner.values()].flatMap((list) => repeatedIds(list, seen));
    return isTaken ? [faultAt(`${at}.id`, id, "this id is used by an earlier step"), ...within] : within;
  });
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
  } else
    faults.push(faultAt(path, name, `expected ${expected}${typeof name === "string" ? suggestion(name, names) : ""}`));
  return null;
}

/** Keys that do not belong are told and passed over, so that the rest is looked at as well. */
function parseVariant(part: unknown, schema: z.ZodObject, variants: Variants, at: string, faults: Fault[]): unknown {
  const parsed = schema.safeParse(part);
  if (parsed.success) return parsed.data;
  const keys = Object.keys(schema.shape);
  const planned = variants.plannedKeys.filter((key) => !keys.includes(key));
  faults.push(...faultsOf(parsed.error, part, { keys, planned }, at));
  return lenient(schema).safeParse(part).data ?? null;
}

const lenientForms = new WeakMap<z.ZodObject, z.ZodObject>();

/** The schema without its refusal of unknown keys; made once, as making one takes longer than using it. */
function lenient(schema: z.ZodObject): z.ZodObject {
  const known = lenientForms.get(schema) ?? schema.strip();
  lenientForms.set(schema, known);
  return known;
}

function member(document: unknown, key: string): unknown {
  return typeof document === "object" && document !== null && Object.hasOwn(document, key)
    ? Reflect.get(document, key)
    : undefined;
}
