import type { FactType } from "../fact-catalogue.ts";
import type { Facts, FactValue } from "../facts.ts";
import type { LeafNode, Operator } from "./structure.ts";

/** A three-valued result as a number: false, unknown, true. So `not` is the sign, `all` the least and `any` the greatest. */
export type TruthCode = -1 | 0 | 1;

/** A leaf ready to be judged: its test, and its words. */
export interface CompiledLeaf {
  readonly fact: string;
  readonly operator: Operator;
  readonly operand: Operand;
  readonly judge: (facts: Facts) => TruthCode;
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
};

const dayPattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Compiles a leaf whose fact is of `type`, or says why operator or operand do not fit. */
export function compileLeaf(leaf: LeafNode, type: FactType): CompiledLeaf | { readonly refusal: string } {
  const { fact, operator, operand } = leaf;
  if (!fits[operator].includes(type)) {
    return { refusal: `"${operator}" does not fit ${fact}, which is ${typeWords[type]}: expected ${fitting(type)}` };
  }
  const checked = checkOperand(operator, operand, type);
  if ("refusal" in checked) return checked;
  const judge = judges[operator](fact, checked.operand);
  return {
    fact,
    operator,
    operand: checked.operand,
    judge: type === "any" && isOrder(operator) ? amongLike(fact, checked.operand, judge) : judge,
  };
}

/** An own field compared with a day must hold a day: any other text would be ordered by its letters. */
function amongLike(fact: string, operand: Operand, judge: CompiledLeaf["judge"]): CompiledLeaf["judge"] {
  if (typeof listOf(operand)[0] !== "string") return judge;
  return (facts) => (isValue(facts.get(fact), "day") ? judge(facts) : 0);
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
export const typeWords: Readonly<Record<FactType, string>> = {
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

type Judge = (fact: string, operand: Operand) => (facts: Facts) => TruthCode;

/** One closure per operator, so that judging a leaf looks up the fact once and compares once. */
const judges: Readonly<Record<Operator, Judge>> = {
  is: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (value === undefined) return 0;
    return value === operand ? 1 : -1;
  },
  isNot: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (value === undefined) return 0;
    return value === operand ? -1 : 1;
  },
  in: (fact, operand) => {
    const values = new Set<unknown>(listOf(operand));
    return (facts) => {
      const value = facts.get(fact);
      if (value === undefined) return 0;
      return values.has(value) ? 1 : -1;
    };
  },
  notIn: (fact, operand) => {
    const values = new Set<unknown>(listOf(operand));
    return (facts) => {
      const value = facts.get(fact);
      if (value === undefined) return 0;
      return values.has(value) ? -1 : 1;
    };
  },
  below: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (typeof value !== typeof operand || value === undefined) return 0;
    return value < operand ? 1 : -1;
  },
  atMost: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (typeof value !== typeof operand || value === undefined) return 0;
    return value <= operand ? 1 : -1;
  },
  above: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (typeof value !== typeof operand || value === undefined) return 0;
    return value > operand ? 1 : -1;
  },
  atLeast: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (typeof value !== typeof operand || value === undefined) return 0;
    return value >= operand ? 1 : -1;
  },
  between: (fact, operand) => {
    const [low = 0, high = 0] = listOf(operand);
    return (facts) => {
      const value = facts.get(fact);
      if (typeof value !== typeof low || value === undefined) return 0;
      return value >= low && value <= high ? 1 : -1;
    };
  },
  contains: (fact, operand) => (facts) => {
    const value = facts.get(fact);
    if (typeof value !== "string") return 0;
    return value.includes(String(operand)) ? 1 : -1;
  },
  exists: (fact) => (facts) => (facts.has(fact) ? 1 : -1),
  missing: (fact) => (facts) => (facts.has(fact) ? -1 : 1),
};

function listOf(operand: Operand): readonly FactValue[] {
  return typeof operand === "object" ? operand : [operand];
}
