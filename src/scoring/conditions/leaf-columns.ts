import type { FactValue } from "../facts.ts";
import { type CompiledLeaf, listOf } from "./leaf.ts";
import { type LeafTest, leafTest } from "./leaf-test.ts";

/** An account's facts, each at its slot: as a number (NaN when it is none) and as it is. */
export interface FactRow {
  readonly numbers: Float64Array;
  readonly values: (FactValue | undefined)[];
}

/** Leaves of one kind as columns: position among all leaves, slot of the fact, and what the kind compares with. */
interface Column {
  readonly positions: Int32Array;
  readonly slots: Int32Array;
}

interface LimitColumn extends Column {
  readonly limits: Float64Array;
  /** 1 when the leaf holds below the limit, -1 when it holds above. */
  readonly signs: Int8Array;
}

interface ListColumn extends Column {
  readonly lists: readonly (readonly FactValue[])[];
  /** 1 when the leaf holds for what is in the list, -1 for what is not. */
  readonly signs: Int8Array;
}

interface RareColumn extends Column {
  readonly tests: readonly LeafTest[];
}

/**
 * Judges many leaves at once, each as its `leafTest` would: kind by kind in loops the compiler can keep in registers, without a call per
 * leaf (measured: three times as fast).
 */
export function leafColumns(
  leaves: readonly CompiledLeaf[],
  slotOf: (fact: string) => number,
): (row: FactRow, out: Int8Array) => void {
  const kinds = leaves.map(kindOf);
  const column = (kind: Kind): { readonly leaves: readonly CompiledLeaf[] } & Column => {
    const positions = Int32Array.from(kinds.flatMap((other, position) => (other === kind ? [position] : [])));
    const own = leaves.filter((_, position) => kinds[position] === kind);
    return { leaves: own, positions, slots: Int32Array.from(own, ({ fact }) => slotOf(fact)) };
  };
  const strict = limitColumn(column("strict"), "below");
  const inclusive = limitColumn(column("inclusive"), "atMost");
  const lists = listColumn(column("list"));
  const rare = rareColumn(column("rare"));
  return (row, out) => {
    judgeStrict(strict, row, out);
    judgeInclusive(inclusive, row, out);
    judgeLists(lists, row, out);
    judgeRare(rare, row, out);
  };
}

type Kind = "strict" | "inclusive" | "list" | "rare";

function kindOf({ operator, operand }: CompiledLeaf): Kind {
  const isNumber = typeof operand === "number";
  switch (operator) {
    case "below":
    case "atLeast":
    case "fallsBy":
    case "risesBy":
      return isNumber ? "strict" : "rare";
    case "atMost":
    case "above":
      return isNumber ? "inclusive" : "rare";
    case "is":
    case "isNot":
    case "in":
    case "notIn":
      return "list";
    default:
      return "rare";
  }
}

type LeafColumn = Column & { readonly leaves: readonly CompiledLeaf[] };

function limitColumn({ leaves, positions, slots }: LeafColumn, below: "below" | "atMost"): LimitColumn {
  const limits = Float64Array.from(leaves, ({ operand }) => Number(operand));
  return { positions, slots, limits, signs: Int8Array.from(leaves, ({ operator }) => (operator === below ? 1 : -1)) };
}

function listColumn({ leaves, positions, slots }: LeafColumn): ListColumn {
  const isOf = (leaf: CompiledLeaf): boolean => leaf.operator === "is" || leaf.operator === "in";
  const signs = Int8Array.from(leaves, (leaf) => (isOf(leaf) ? 1 : -1));
  return { positions, slots, lists: leaves.map(({ operand }) => listOf(operand)), signs };
}

function rareColumn({ leaves, positions, slots }: LeafColumn): RareColumn {
  return { positions, slots, tests: leaves.map(leafTest) };
}

/** `below` and its opposite `atLeast`. Without a branch: both comparisons are false for NaN, which makes a missing fact unknown. */
function judgeStrict({ positions, slots, limits, signs }: LimitColumn, { numbers }: FactRow, out: Int8Array): void {
  for (let index = 0; index < positions.length; index++) {
    const value = numbers[slots[index] ?? 0] ?? 0;
    const limit = limits[index] ?? 0;
    out[positions[index] ?? 0] = (signs[index] ?? 0) * (Number(value < limit) - Number(value >= limit));
  }
}

/** `atMost` and its opposite `above`. */
function judgeInclusive({ positions, slots, limits, signs }: LimitColumn, { numbers }: FactRow, out: Int8Array): void {
  for (let index = 0; index < positions.length; index++) {
    const value = numbers[slots[index] ?? 0] ?? 0;
    const limit = limits[index] ?? 0;
    out[positions[index] ?? 0] = (signs[index] ?? 0) * (Number(value <= limit) - Number(value > limit));
  }
}

function judgeLists({ positions, slots, lists, signs }: ListColumn, { values }: FactRow, out: Int8Array): void {
  for (let index = 0; index < positions.length; index++) {
    const value = values[slots[index] ?? 0];
    const sign = signs[index] ?? 0;
    const found = value !== undefined && holds(lists[index] ?? [], value) ? sign : -sign;
    out[positions[index] ?? 0] = value === undefined ? 0 : found;
  }
}

function holds(list: readonly FactValue[], value: FactValue): boolean {
  for (let index = 0; index < list.length; index++) if (list[index] === value) return true;
  return false;
}

function judgeRare({ positions, slots, tests }: RareColumn, { values }: FactRow, out: Int8Array): void {
  for (let index = 0; index < positions.length; index++) {
    out[positions[index] ?? 0] = tests[index]?.(values[slots[index] ?? 0]) ?? 0;
  }
}
