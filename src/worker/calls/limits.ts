import type { Limit } from "../../integrations/call-port.ts";
import type { Source } from "../../integrations/source-port.ts";
import type { Db } from "../../store/db.ts";
import { blockCalls, type CallSlot, reserveCall, type Spacing } from "../../store/rate-limits.ts";

/** The limits of a source, as `call` meets them. */
export interface CallLimits {
  /** Takes a place under each, unless it lies further away than that: then the wait is longer than `longestWaitMs`. */
  reserve(limits: readonly Limit[], longestWaitMs: number): Promise<CallSlot>;
  /** The vendor told us to wait: nobody calls under them meanwhile. */
  block(limits: readonly Limit[], forMs: number, reason: string): Promise<void>;
}

/** The limits of a source over all processes, in the database. */
export function sharedLimits(db: Db, source: Source): CallLimits {
  const nameOf = ({ bucket }: Limit) => `${source.id}:${bucket}`;
  return {
    async reserve(limits, longestWaitMs) {
      let slot: CallSlot = { waitMs: 0, reason: null };
      for (const limit of limits) {
        const next = await reserveCall(db, nameOf(limit), spacingOf(limit), longestWaitMs);
        if (next.waitMs > slot.waitMs) slot = next;
        if (slot.waitMs > longestWaitMs) break;
      }
      return slot;
    },
    async block(limits, forMs, reason) {
      for (const limit of limits) await blockCalls(db, nameOf(limit), forMs, reason);
    },
  };
}

/**
 * A tenth of the calls may come in one burst, the others are spread, so that no stretch of `perMs`, wherever it begins, holds more than
 * `calls`.
 *
 * @internal
 */
export function spacingOf({ calls, perMs }: Limit): Spacing {
  const burst = Math.max(1, Math.floor(calls / 10));
  const spacingMs = perMs / (calls - burst + 1);
  return { spacingMs, toleranceMs: (burst - 1) * spacingMs };
}
