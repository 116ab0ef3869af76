import { type DerivedFact, derivedFact, derivedName } from "../derived-facts.ts";
import { durationWords } from "../duration.ts";
import type { Facts, FactValue } from "../facts.ts";
import type { CompiledLeaf, Operand, TruthCode } from "./leaf.ts";
import type { Operator } from "./structure.ts";

const phrases: Readonly<Record<Operator, readonly [whenTrue: string, whenFalse: string]>> = {
  is: ["is", "is not"],
  isNot: ["is not", "is"],
  in: ["is one of", "is none of"],
  notIn: ["is none of", "is one of"],
  below: ["is below", "is not below"],
  atMost: ["is at most", "is above"],
  above: ["is above", "is not above"],
  atLeast: ["is at least", "is below"],
  between: ["is between", "is not between"],
  contains: ["contains", "does not contain"],
  exists: ["is known", "is unknown"],
  missing: ["is unknown", "is known"],
  fallsBy: ["fell", "did not fall by"],
  risesBy: ["rose", "did not rise by"],
};

/** What a leaf found, as a phrase with its numbers: `score 34.2 is below 40`. */
export function leafWords(
  leaf: CompiledLeaf,
  truth: TruthCode,
  known: Facts,
  missingReason: string | undefined,
): string {
  const value = known.get(leaf.fact);
  const because = missingReason === undefined ? "" : ` (${missingReason})`;
  const derived = derivedFact(leaf.fact);
  if (derived !== null) {
    return value === undefined ? `${unknownWords(derived)}${because}` : derivedWords(leaf, derived, truth, known);
  }
  if (value === undefined) return `${leaf.fact} is unknown${because}`;
  const shown = show(value, leaf.operand);
  if (truth === 0) return `${leaf.fact} ${shown} cannot be compared with ${operandWords(leaf)}`;
  const [whenTrue, whenFalse] = phrases[leaf.operator];
  const phrase = truth === 1 ? whenTrue : whenFalse;
  if (leaf.operator === "exists" || leaf.operator === "missing") return `${leaf.fact} ${shown} ${phrase}`;
  // "segment is mid" rather than "segment mid is mid".
  if (phrase === "is") return `${leaf.fact} is ${shown}`;
  return `${leaf.fact} ${shown} ${phrase} ${operandWords(leaf)}`;
}

function unknownWords(derived: DerivedFact): string {
  switch (derived.kind) {
    case "trend":
      return `the ${derived.direction} of ${derived.base} in ${daysWords(derived.days)} is unknown`;
    case "was":
    case "changed":
      return `whether ${derived.base} changed within ${durationWords(derived.withinMs)} is unknown`;
    case "ends":
    case "workdays":
      return `the day of ${derived.base} is unknown`;
    case "differs":
    case "apart":
      return `whether ${derived.base} and ${derived.other} agree is unknown`;
    default:
      return derived satisfies never;
  }
}

function derivedWords(leaf: CompiledLeaf, derived: DerivedFact, truth: TruthCode, known: Facts): string {
  switch (derived.kind) {
    case "trend":
      return trendWords(leaf, derived, truth, known);
    case "was":
    case "changed":
      return earlierWords(leaf, derived, truth, known);
    case "ends":
      return `the day of ${derived.base} is ${String(known.get(leaf.fact))}`;
    case "workdays": {
      const count = Number(known.get(leaf.fact));
      const phrase = phrases[leaf.operator][truth === 1 ? 0 : 1];
      return `${derived.base} is ${count} working ${count === 1 ? "day" : "days"}, which ${phrase} ${operandWords(leaf)}`;
    }
    case "differs":
    case "apart":
      return pairWords(leaf, derived, truth, known);
    default:
      return derived satisfies never;
  }
}

/** `score fell 18.0 in 30 days, from 72.0 to 54.0`. */
function trendWords(
  leaf: CompiledLeaf,
  { base, direction, days }: Extract<DerivedFact, { kind: "trend" }>,
  truth: TruthCode,
  known: Facts,
): string {
  const moved = Number(known.get(leaf.fact));
  const to = Number(known.get(base));
  const from = direction === "fall" ? to + moved : to - moved;
  const number = (value: number) => numberWords(base, value);
  const window = `in ${daysWords(days)}`;
  const verb = direction === "fall" ? "fell" : "rose";
  if (moved === 0) return `${base} ${number(to)} did not ${direction} ${window}`;
  const course = `${base} ${verb} ${number(moved)} ${window}, from ${number(from)} to ${number(to)}`;
  return truth === 1 ? course : `${course}, not by ${number(Number(leaf.operand))}`;
}

/** `owner changed from anna to bo within 1 day`: one phrase for all leaves of such a condition, so that it is said once. */
function earlierWords(
  leaf: CompiledLeaf,
  { kind, base, withinMs }: Extract<DerivedFact, { kind: "was" | "changed" }>,
  truth: TruthCode,
  known: Facts,
): string {
  const was = known.get(derivedName({ kind: "was", base, withinMs }));
  const is = known.get(base);
  const window = `within ${durationWords(withinMs)}`;
  if (was === undefined || is === undefined || was === is) return `${base} did not change ${window}`;
  const course = `${base} changed from ${show(was, null)} to ${show(is, null)} ${window}`;
  return kind === "was" && truth === -1 ? `${course}, not from ${operandWords(leaf)}` : course;
}

/** `score is 80 and health_field is 30, 50 apart`. */
function pairWords(
  leaf: CompiledLeaf,
  { kind, base, other }: Extract<DerivedFact, { kind: "differs" | "apart" }>,
  truth: TruthCode,
  known: Facts,
): string {
  const [one = "", another = ""] = [known.get(base), known.get(other)];
  const course = `${base} is ${show(one, null)} and ${other} is ${show(another, null)}`;
  if (kind === "differs") return course;
  const apart = `${course}, ${show(Number(known.get(leaf.fact)), null)} apart`;
  return truth === 1 ? apart : `${apart}, not more than ${operandWords(leaf)}`;
}

function daysWords(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

/** Scores have one decimal, also where it is 0. */
function numberWords(fact: string, value: number): string {
  return fact.startsWith("score") ? value.toFixed(1) : String(Number(value.toPrecision(6)));
}

function operandWords(leaf: CompiledLeaf): string {
  const operand = leaf.operand;
  if (typeof operand !== "object") return show(operand, null);
  return operand.map((value) => show(value, null)).join(leaf.operator === "between" ? " and " : ", ");
}

function show(value: FactValue, beside: Operand | null): string {
  if (typeof value === "string") return /^\S+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  const short = Number(value.toPrecision(6));
  // 39.9999999 beside 40 keeps its digits: "40 is below 40" explains nothing.
  return String(short === beside ? value : short);
}
