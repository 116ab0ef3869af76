import type { FactValue } from "../facts.ts";
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
};

/** What a leaf found, as a phrase with its numbers: `score 34.2 is below 40`. */
export function leafWords(
  leaf: CompiledLeaf,
  truth: TruthCode,
  value: FactValue | undefined,
  missingReason: string | undefined,
): string {
  const because = missingReason === undefined ? "" : ` (${missingReason})`;
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
