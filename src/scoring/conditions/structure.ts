import { longestTrendDays, trendDays } from "../derived-facts.ts";
import { parseDuration } from "../duration.ts";
import { joinPath, suggestion } from "../fault.ts";

/** The operators of a leaf. */
export const operators = [
  "is",
  "isNot",
  "in",
  "notIn",
  "below",
  "atMost",
  "above",
  "atLeast",
  "between",
  "contains",
  "exists",
  "missing",
  "fallsBy",
  "risesBy",
] as const;
export type Operator = (typeof operators)[number];

/** True for the operators that compare with how the fact stood before: they take `within` beside them. */
export function isTrend(operator: Operator): operator is "fallsBy" | "risesBy" {
  return operator === "fallsBy" || operator === "risesBy";
}

/** Scores are kept by day, so a rise or a fall is looked for among days. */
const expectedDays = `expected whole days, such as "30d", at most ${longestTrendDays}`;

/** Nesting beyond this is refused: nobody reads it, and unbounded recursion would end the process. */
const maxDepth = 20;

/** A leaf as written; whether the operand fits the fact is judged apart. */
export interface LeafNode {
  readonly kind: "leaf";
  readonly path: string;
  readonly fact: string;
  readonly operator: Operator;
  readonly operand: unknown;
  /** The window of `fallsBy` and `risesBy`; null beside other operators. */
  readonly withinDays: number | null;
}

/** A condition whose shape is right. */
export type ConditionNode =
  | { readonly kind: "all" | "any"; readonly parts: readonly ConditionNode[] }
  | { readonly kind: "not"; readonly part: ConditionNode }
  | LeafNode;

/** What is wrong with the shape, with the keys that lead there. */
export interface ShapeFault {
  readonly keys: readonly (string | number)[];
  readonly met: unknown;
  readonly message: string;
}

type Keys = readonly (string | number)[];

/**
 * Reads a document's shape: every fault, and the tree, of which only the well-formed parts are there if anything is at fault. Never
 * recurses deeper than the depth cap.
 */
export function readCondition(
  document: unknown,
  at: string,
): { readonly node: ConditionNode | null; readonly faults: readonly ShapeFault[] } {
  const reader = new ShapeReader(at);
  const node = reader.node(document, [], 0);
  return { node, faults: reader.faults };
}

class ShapeReader {
  readonly faults: ShapeFault[] = [];
  readonly #at: string;

  constructor(at: string) {
    this.#at = at;
  }

  node(value: unknown, keys: Keys, depth: number): ConditionNode | null {
    if (depth > maxDepth) return this.#refuse(value, keys, `nested too deeply: at most ${maxDepth} levels`);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.#refuse(value, keys, "expected a condition: an object with all, any, not or fact");
    }
    const names = Object.keys(value);
    if (names.includes("fact")) return this.#leaf(value, names, keys);
    const [name, ...others] = names;
    if (others.length > 0 || name === undefined) return this.#refuse(value, keys, shapeMessage(names));
    const inner: unknown = Reflect.get(value, name);
    if (name === "all" || name === "any") return this.#parts(name, inner, keys, depth);
    if (name !== "not") return this.#refuse(value, keys, shapeMessage(names));
    const part = this.node(inner, [...keys, "not"], depth + 1);
    return part && { kind: "not", part };
  }

  #parts(kind: "all" | "any", value: unknown, keys: Keys, depth: number): ConditionNode | null {
    if (!Array.isArray(value)) return this.#refuse(value, [...keys, kind], "expected a list of conditions");
    if (value.length === 0) return this.#refuse(value, [...keys, kind], "expected at least one condition");
    const parts = value.map((part, index) => this.node(part, [...keys, kind, index], depth + 1));
    return { kind, parts: parts.filter((part) => part !== null) };
  }

  #leaf(value: object, names: readonly string[], keys: Keys): LeafNode | null {
    const fact: unknown = Reflect.get(value, "fact");
    if (typeof fact !== "string") return this.#refuse(fact, [...keys, "fact"], "expected the name of a fact");
    const chosen = names.filter((name) => name !== "fact" && name !== "within");
    const known = operators.filter((operator) => chosen.includes(operator));
    for (const name of chosen) {
      if (known.some((operator) => operator === name)) continue;
      this.#refuse(Reflect.get(value, name), [...keys, name], operatorMessage(name));
    }
    if (known.length < chosen.length) return null;
    const [operator, ...others] = known;
    if (operator === undefined)
      return this.#refuse(value, keys, `expected one operator beside "fact": ${operators.join(", ")}`);
    if (others.length > 0)
      return this.#refuse(value, keys, `expected one operator, not ${known.join(" and ")} together`);
    const operand: unknown = Reflect.get(value, operator);
    const leaf = { kind: "leaf", path: joinPath(this.#at, ...keys), fact, operator, operand } as const;
    if (isTrend(operator)) return this.#trend({ ...leaf, operator }, Reflect.get(value, "within"), keys);
    if (!names.includes("within")) return { ...leaf, withinDays: null };
    return this.#refuse(Reflect.get(value, "within"), [...keys, "within"], '"within" belongs to fallsBy and risesBy');
  }

  #trend(leaf: Omit<LeafNode, "withinDays">, within: unknown, keys: Keys): LeafNode | null {
    const { operator, operand } = leaf;
    if (typeof operand !== "number" || !(operand > 0 && operand < Infinity)) {
      this.#refuse(operand, [...keys, operator], "expected a number above 0");
    }
    if (within === undefined) return this.#refuse(within, [...keys, "within"], `is missing: ${expectedDays}`);
    const withinMs = typeof within === "string" ? parseDuration(within) : null;
    const withinDays = withinMs === null ? null : trendDays(withinMs);
    if (withinDays === null) return this.#refuse(within, [...keys, "within"], expectedDays);
    return { ...leaf, withinDays };
  }

  #refuse(met: unknown, keys: Keys, message: string): null {
    this.faults.push({ keys, met, message });
    return null;
  }
}

function operatorMessage(name: string): string {
  return `unknown operator "${name}"${suggestion(name, operators)}`;
}

function shapeMessage(names: readonly string[]): string {
  if (names.length === 0) return "an empty condition: expected all, any, not or fact";
  if (names.some((name) => operators.some((operator) => operator === name))) return 'a leaf without its "fact"';
  if (names.length > 1) return `expected one of all, any, not or fact, met ${names.join(" and ")} together`;
  return `unknown key "${names[0]}"${suggestion(names[0] ?? "", ["all", "any", "not", "fact"])}`;
}
