import type { FactValue } from "../facts.ts";
import { type CompiledLeaf, dayPattern, listOf, type TruthCode } from "./leaf.ts";

/** What a leaf finds in its fact's value; undefined is a missing fact. */
export type LeafTest = (value: FactValue | undefined) => TruthCode;

/** The closure that judges a leaf. A value of another type than the operand's cannot be compared: unknown. */
export function leafTest(leaf: CompiledLeaf): LeafTest {
  const [low = "", high = low] = listOf(leaf.operand);
  switch (leaf.operator) {
    case "exists":
      return (value) => (value === undefined ? -1 : 1);
    case "missing":
      return (value) => (value === undefined ? 1 : -1);
    case "is":
    case "in":
      return listTest(listOf(leaf.operand), 1, -1);
    case "isNot":
    case "notIn":
      return listTest(listOf(leaf.operand), -1, 1);
    case "contains":
      return (value) => (typeof value === "string" ? code(value.includes(String(low))) : 0);
    case "between":
      return orderTest(leaf, (value) => value >= low && value <= high);
    case "below":
      return orderTest(leaf, (value) => value < low);
    case "atMost":
      return orderTest(leaf, (value) => value <= low);
    case "above":
      return orderTest(leaf, (value) => value > low);
    case "atLeast":
    case "fallsBy":
    case "risesBy":
      return orderTest(leaf, (value) => value >= low);
    default:
      return leaf.operator satisfies never;
  }
}

function listTest(list: readonly FactValue[], whenListed: TruthCode, otherwise: TruthCode): LeafTest {
  const [only] = list;
  if (list.length === 1) {
    return (value) => {
      if (value === undefined) return 0;
      return value === only ? whenListed : otherwise;
    };
  }
  return (value) => {
    if (value === undefined) return 0;
    return list.includes(value) ? whenListed : otherwise;
  };
}

/** Compares like with like: numbers with numbers, days with days. */
function orderTest({ operand, type }: CompiledLeaf, holds: (value: FactValue) => boolean): LeafTest {
  if (typeof listOf(operand)[0] === "number") {
    return (value) => (typeof value === "number" ? code(holds(value)) : 0);
  }
  // An own field may hold any text, which would be ordered by its letters.
  const isDay = (value: string): boolean => type === "day" || dayPattern.test(value);
  return (value) => (typeof value === "string" && isDay(value) ? code(holds(value)) : 0);
}

function code(holds: boolean): TruthCode {
  return holds ? 1 : -1;
}
