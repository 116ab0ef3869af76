import { derivedName } from "../derived-facts.ts";
import type { FactType } from "../fact-catalogue.ts";
import type { FactValue } from "../facts.ts";
import type { LeafNode, Operator } from "./structure.ts";

/** A three-valued result as a number: false, unknown, true. So `not` is the sign, `all` the least and `any` the greatest. */
export type TruthCode = -1 | 0 | 1;

/** A leaf whose operator and operand fit its fact. */
export interface CompiledLeaf {
  /** What is looked up: for `fallsBy` and `risesBy` a derived fact, such as `score~fall_30d`. */
  readonly fact: string;
  readonly type: FactType;
  readonly operator: Operator;
  readonly operand: Operand;
}

export type Operand = FactValue | readonly FactValue[];

const ordered: readonly FactType[] = ["number", "day", "any"];
const anyType: readonly FactType[] = ["number", "text", "boolean", "day", "any"];

/** The types of fact an operator can judge. */
const fits: Readonly<Record<Operator, readonly FactType[]>> = {
  is: anyType,
  isNot: anyType,
  in: ["number", "text", "day", "any"],
  notIn: ["number", "text", "day", "any"],
  below: ordered,
  atMost: ordered,
  above: ordered,
  atLeast: ordered,
  between: ordered,
  contains: ["text", "any"],
  exists: anyType,
  missing: anyType,
  fallsBy: ["number"],
  risesBy: ["number"],
};

/** A day, `YYYY-MM-DD`. */
export const dayPattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Checks a leaf whose fact is of `type`, or says why operator or operand do not fit. */
export function compileLeaf(leaf: LeafNode, type: FactType): CompiledLeaf | { readonly refusal: string } {
  const { fact, operator, operand, withinDays } = leaf;
  if (!fits[operator].includes(type)) {
    return { refusal: `"${operator}" does not fit ${fact}, which is ${typeWords[type]}: expected ${fitting(type)}` };
  }
  const checked = checkOperand(operator, operand, type);
  if ("refusal" in checked) return checked;
  if (withinDays === null) return { fact, type, operator, operand: checked.operand };
  const direction = operator === "fallsBy" ? "fall" : "rise";
  const trend = derivedName({ kind: "trend", base: fact, direction, days: withinDays });
  return { fact: trend, type, operator, operand: checked.operand };
}

function isOrder(operator: Operator): boolean {
  return fits[operator] === ordered;
}

type Checked = { readonly operand: Operand } | { readonly refusal: string };

function checkOperand(operator: Operator, operand: unknown, type: FactType): Checked {
  if (operator === "exists" || operator === "missing") {
    return operand === true ? { operand } : { refusal: `expected true: "${operator}" takes no other value` };
  }
  if (operator === "in" || operator === "notIn") return checkList(operand, type);
  if (operator === "between") return checkRange(operand, type);
  const wanted = operator === "contains" ? "text" : type;
  if (isOrder(operator) && type === "any") {
    return isValue(operand, "number") || isValue(operand, "day")
      ? { operand }
      : { refusal: "expected a number or a day" };
  }
  return isValue(operand, wanted) ? { operand } : { refusal: `expected ${typeWords[wanted]}` };
}

function checkList(operand: unknown, type: FactType): Checked {
  const refusal = `expected a list of at least one value, each ${typeWords[type]}`;
  if (!Array.isArray(operand) || operand.length === 0) return { refusal };
  const values: FactValue[] = [];
  for (const value of operand) {
    if (!isValue(value, type)) return { refusal };
    values.push(value);
  }
  return { operand: values };
}

function checkRange(operand: unknown, type: FactType): Checked {
  const refusal = "expected two values, the lower one first";
  if (!Array.isArray(operand) || operand.length !== 2) return { refusal };
  const [low, high]: unknown[] = operand;
  for (const kind of ["number", "day"] as const) {
    const isKind = isValue(low, kind) && isValue(high, kind) && (type === kind || type === "any");
    if (isKind && low <= high) return { operand: [low, high] };
  }
  return { refusal: `${refusal}, each ${typeWords[type === "any" ? "number" : type]}` };
}

function isValue(value: unknown, type: FactType): value is FactValue {
  switch (type) {
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "day":
      return typeof value === "string" && dayPattern.test(value);
    case "any":
      return isValue(value, "number") || isValue(value, "text") || isValue(value, "boolean");
    default:
      return type satisfies never;
  }
}

/** A type of fact in words, with its article. */
const typeWords: Readonly<Record<FactType, string>> = {
  number: "a number",
  text: "a text",
  boolean: "true or false",
  day: "a day, such as 2025-01-31",
  any: "a text, a number, true or false",
};

function fitting(type: FactType): string {
  const names = Object.entries(fits).filter(([, types]) => types.includes(type));
  return names.map(([name]) => name).join(", ");
}

/** The operand's values: a single one as a list of one. */
export function listOf(operand: Operand): readonly FactValue[] {
  return typeof operand === "object" ? operand : [operand];
}
