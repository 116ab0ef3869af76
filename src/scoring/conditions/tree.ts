import type { Facts } from "../facts.ts";
import type { TruthCode } from "./leaf.ts";

/** A condition over leaves known by their position. */
export type Tree =
  | { readonly kind: "all" | "any"; readonly parts: readonly Tree[] }
  | { readonly kind: "not"; readonly part: Tree }
  | { readonly kind: "leaf"; readonly index: number };

type Judge = (facts: Facts) => TruthCode;
/** The leaves of the tree begin at `from`. */
type Combine = (leaves: Int8Array, from: number) => number;

/** A closure that judges the tree on facts and stops as soon as the answer is certain. */
export function judgeTree(tree: Tree, leaves: readonly Judge[]): Judge {
  switch (tree.kind) {
    case "leaf":
      return leaves[tree.index] ?? (() => 0);
    case "not":
      return negate(judgeTree(tree.part, leaves));
    case "all":
    case "any":
      return extreme(
        tree.parts.map((part) => judgeTree(part, leaves)),
        tree.kind === "all" ? -1 : 1,
      );
    default:
      return tree satisfies never;
  }
}

/** A closure that combines leaves already judged, each at its position. */
export function combineTree(tree: Tree): Combine {
  switch (tree.kind) {
    case "leaf": {
      const { index } = tree;
      return (leaves, from) => leaves[from + index] ?? 0;
    }
    case "not": {
      const part = combineTree(tree.part);
      return (leaves, from) => 0 - part(leaves, from);
    }
    case "all":
      return extremeOf(tree.parts.map(combineTree), -1);
    case "any":
      return extremeOf(tree.parts.map(combineTree), 1);
    default:
      return tree satisfies never;
  }
}

/** The positions of the leaves that make the tree what it is: for an `all` that is false, those that are false. */
export function decidingLeaves(tree: Tree, leaves: Int8Array): readonly number[] {
  switch (tree.kind) {
    case "leaf":
      return [tree.index];
    case "not":
      return decidingLeaves(tree.part, leaves);
    case "all":
    case "any": {
      const whole = combineTree(tree)(leaves, 0);
      const parts = tree.parts.filter((part) => combineTree(part)(leaves, 0) === whole);
      return parts.flatMap((part) => decidingLeaves(part, leaves));
    }
    default:
      return tree satisfies never;
  }
}

function negate(part: Judge): Judge {
  return (facts) => {
    const truth = part(facts);
    if (truth === 0) return 0;
    return truth === 1 ? -1 : 1;
  };
}

/** `all` is decided by one false (-1), `any` by one true (1); unknown stands between. */
function extreme(parts: readonly Judge[], decisive: -1 | 1): Judge {
  const otherwise = decisive === 1 ? -1 : 1;
  return (facts) => {
    let result: TruthCode = otherwise;
    for (const part of parts) {
      const truth = part(facts);
      if (truth === decisive) return decisive;
      if (truth === 0) result = 0;
    }
    return result;
  };
}

function extremeOf(parts: readonly Combine[], decisive: -1 | 1): Combine {
  return (leaves, from) => {
    let result: number = -decisive;
    for (const part of parts) {
      const truth = part(leaves, from);
      if (truth === decisive) return decisive;
      if (truth === 0) result = 0;
    }
    return result;
  };
}
