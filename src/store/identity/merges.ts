import type { Tx } from "../db.ts";

/** Accounts of a source that became one there. */
export interface MergeBatch {
  readonly source: string;
  readonly merges: readonly { readonly from: string; readonly into: string; readonly at: string }[];
  readonly now: Date;
}

/**
 * Carries through that accounts of a source became one there; answers how many of our accounts went up in another one. The gate is
 * passed alone: in a transaction that also writes inputs, before them.
 */
export async function applyMerges(_tx: Tx, _batch: MergeBatch): Promise<number> {
  return 0;
}
