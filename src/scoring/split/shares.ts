import { allotTenths } from "../contributions.ts";

/** What one measure, child, cap or override has in a part. */
export interface SplitShare {
  readonly group: string;
  readonly measure: string;
  /** With one decimal; the shares of a part add up to it exactly. */
  readonly points: number;
  readonly words: string;
}

/** A share before rounding; `size` in tenths. */
export interface Sized {
  readonly group: string;
  readonly measure: string;
  readonly size: number;
  readonly words: () => string;
}

/** What one cause moves; the shares add up to `tenths` exactly. */
export interface Cause {
  readonly tenths: number;
  readonly shares: readonly SplitShare[];
}

/** What moves a score before overrides and caps. */
export type BaseCauses = Readonly<Record<"data" | "missing" | "configuration", Cause>>;

/** Rounds shares to tenths so that they add up to their part. */
export function allotShares(tenths: number, sized: readonly Sized[]): readonly SplitShare[] {
  // Float noise is no share, unless rounding turned on nothing else.
  const moved = sized.filter(({ size }) => Math.abs(size) > 1e-6);
  const counting = moved.length > 0 ? moved : sized.slice(0, tenths === 0 ? 0 : 1);
  const allotted = allotTenths(
    tenths,
    counting.map(({ size }) => size),
  );
  return greatestFirst(
    counting.map(({ group, measure, words }, index) => {
      return { group, measure, points: (allotted[index] ?? 0) / 10, words: words() };
    }),
  );
}

/** The greatest first; what did not move is left out. */
export function greatestFirst(shares: readonly SplitShare[]): readonly SplitShare[] {
  return shares
    .filter(({ points }) => points !== 0)
    .sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
}
