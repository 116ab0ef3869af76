import { always, type CompiledCondition, type ConditionDocument } from "../../../scoring/conditions.ts";
import { parseDuration } from "../../../scoring/duration.ts";
import type { FactValue } from "../../../scoring/facts.ts";
import { type Fault, faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import type { TriggerDocument } from "../../schema.ts";

/** Compiles a condition, with `at` its path and `met` what stands there; null where it has faults, which were told. */
type ConditionCompiler = (document: unknown, at: string, met: unknown) => CompiledCondition | null;

/** What a trigger is compiled with. */
export interface TriggerCompiler {
  /** For conditions that the document writes. */
  readonly written: ConditionCompiler;
  /** For conditions that a trigger stands for: they may name derived facts. */
  readonly derived: ConditionCompiler;
  /** Notes a fact that no condition names. */
  readonly needs: (fact: string) => unknown;
  readonly refuse: (...faults: readonly Fault[]) => unknown;
}

export type TriggerOf<On extends TriggerDocument["on"]> = Extract<TriggerDocument, { on: On }>;

/** A part of a condition, with the place in the document that it stands for. */
export interface Part {
  readonly document: ConditionDocument;
  readonly at: string;
  readonly met: unknown;
}

/** A trigger with the times that most kinds have. */
export interface Timed {
  readonly on: CompiledTrigger["on"];
  readonly for?: string | undefined;
  readonly keepFor?: string | undefined;
}

/** A fact that is one of the values, or with `is` false none of them. */
export function among(fact: string, values: FactValue | readonly FactValue[], at: string, is = true): Part {
  const [first = "", ...others] = [values].flat();
  const list = [first, ...others];
  const single = is ? { fact, is: first } : { fact, isNot: first };
  const several = is ? { fact, in: list } : { fact, notIn: list };
  return { document: others.length === 0 ? single : several, at, met: values };
}

/** All parts together; each is judged on its own first, so that a fault is told where it stands. */
export function ofParts(
  trigger: Timed,
  parts: readonly Part[],
  compiler: TriggerCompiler,
  occasion: CompiledTrigger["occasion"] = null,
): CompiledTrigger | null {
  const each = parts.map(({ document, at, met }) => compiler.derived(document, at, met));
  const [only] = each;
  if (only === undefined || each.includes(null)) return null;
  const all = { all: parts.map(({ document }) => document) };
  const when = each.length === 1 ? only : compiler.derived(all, "trigger", trigger);
  return when && lasting(trigger, when, compiler, occasion);
}

/** A trigger that is true for as long as its condition is. */
export function lasting(
  trigger: Timed,
  when: CompiledCondition,
  compiler: TriggerCompiler,
  occasion: CompiledTrigger["occasion"] = null,
): CompiledTrigger {
  const forMs = span(trigger.for, "trigger.for", compiler);
  const keepForMs = span(trigger.keepFor, "trigger.keepFor", compiler);
  return { on: trigger.on, when, recover: null, forMs, keepForMs, occasion, awaits: null, isLeaving: false };
}

/** A trigger about points in time. */
export function momentary(
  on: CompiledTrigger["on"],
  awaits: NonNullable<CompiledTrigger["awaits"]>,
  when: CompiledCondition = always,
): CompiledTrigger {
  return { on, when, recover: null, forMs: 0, keepForMs: 0, occasion: null, awaits, isLeaving: false };
}

/** A duration in milliseconds, 0 where there is none; one of nothing is refused. */
export function span(duration: string | undefined, at: string, { refuse }: Pick<TriggerCompiler, "refuse">): number {
  if (duration === undefined) return 0;
  const milliseconds = parseDuration(duration) ?? 0;
  if (milliseconds === 0) refuse(faultAt(at, duration, "expected a time longer than nothing"));
  return milliseconds;
}

/** The one key that is given of several of which one is needed; null with the fault told. */
export function onlyOne<Key extends string>(
  trigger: Readonly<Partial<Record<Key, unknown>>>,
  keys: readonly Key[],
  { refuse }: TriggerCompiler,
): Key | null {
  const given = keys.filter((key) => trigger[key] !== undefined);
  const [first, second] = given;
  if (first !== undefined && second === undefined) return first;
  const expected = `expected one of ${keys.slice(0, -1).join(", ")} and ${keys.at(-1) ?? ""}`;
  if (first === undefined || second === undefined)
    refuse(faultAt(`trigger.${keys[0] ?? ""}`, undefined, `is missing: ${expected}`));
  else refuse(faultAt(`trigger.${second}`, trigger[second], `${expected}, not ${first} and ${second} together`));
  return null;
}

/** Refuses a key that stands beside one that it does not belong to. */
export function stray(key: string, value: unknown, belongsTo: string, { refuse }: TriggerCompiler): boolean {
  if (value !== undefined) refuse(faultAt(`trigger.${key}`, value, `belongs to ${belongsTo}`));
  return value !== undefined;
}
