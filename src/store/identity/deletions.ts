import type { SourceKind } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import type { RecordedAt } from "../intake.ts";

/** Records that are gone in their source. Of an account: its own record and its identity there. */
export interface DeletionBatch {
  readonly source: string;
  readonly deletions: readonly { readonly kind: SourceKind; readonly id: string; readonly at: string }[];
  readonly now: Date;
  readonly recordedAt: RecordedAt;
}

/**
 * Notes that records are gone in their source, as of then; answers how many that was news of. The gate is passed alone: in a transaction
 * that also writes inputs, before them.
 */
export async function applyDeletions(_tx: Tx, _batch: DeletionBatch): Promise<number> {
  return 0;
}
