import { leafColumns } from "./conditions/leaf-columns.ts";
import type { CompiledCondition } from "./conditions.ts";
import type { Facts, FactValue } from "./facts.ts";

/** Many conditions to be judged on the same account. */
export interface ConditionSet {
  /** Results of the last account judged, one per condition in the order given: -1 false, 0 unknown, 1 true. */
  readonly truths: Int8Array;
  /** Those of every leaf: of the first condition, then of the second, and so on. */
  readonly leaves: Int8Array;
  /** Where each condition's leaves begin. */
  readonly offsets: Int32Array;
  /** Judges every condition and every leaf on one account's facts; allocates nothing. */
  judge(facts: Facts): void;
}

/** Compiles conditions so that each fact is looked up once per account, however many leaves name it. */
export function conditionSet(conditions: readonly CompiledCondition[]): ConditionSet {
  const leaves = conditions.flatMap(({ program }) => program.leaves);
  const names = [...new Set(leaves.map(({ fact }) => fact))];
  const slots = new Map(names.map((name, slot) => [name, slot]));
  const judgeLeaves = leafColumns(leaves, (fact) => slots.get(fact) ?? 0);
  const combines = conditions.map(({ program }) => program.combine);
  const numbers = new Float64Array(names.length);
  const values: (FactValue | undefined)[] = names.map(() => undefined);
  const row = { numbers, values };
  const truths = new Int8Array(conditions.length);
  const results = new Int8Array(leaves.length);
  const offsets = new Int32Array(conditions.length);
  conditions.forEach(({ leafCount }, index) => {
    if (index + 1 < offsets.length) offsets[index + 1] = (offsets[index] ?? 0) + leafCount;
  });
  const judge = (facts: Facts): void => {
    for (let slot = 0; slot < names.length; slot++) {
      const value = facts.get(names[slot] ?? "");
      values[slot] = value;
      numbers[slot] = typeof value === "number" ? value : Number.NaN;
    }
    judgeLeaves(row, results);
    for (let index = 0; index < combines.length; index++) {
      truths[index] = combines[index]?.(results, offsets[index] ?? 0) ?? 0;
    }
  };
  return { truths, leaves: results, offsets, judge };
}
