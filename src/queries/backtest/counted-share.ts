import { shareOf } from "../../playbooks/effect.ts";

/** A share with its counts, and between which two it lies with 95 % probability. */
export interface CountedShare {
  readonly of: number;
  readonly counted: number;
  /** Null where there is nothing to count among, as the next two. */
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** So many of so many. */
export function countedShare(counted: number, of: number): CountedShare {
  if (of === 0) return { of, counted, share: null, low: null, high: null };
  return { of, counted, ...shareOf({ accounts: of, reached: counted }) };
}
