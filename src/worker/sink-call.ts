import { setTimeout as sleep } from "node:timers/promises";
import { SourceHalt } from "../integrations/call-port.ts";
import type { SinkContext } from "../integrations/sink-port.ts";
import type { Source } from "../integrations/source-port.ts";
import type { Outcome } from "../playbooks/message.ts";
import type { Db } from "../store/db.ts";
import { openCall } from "./collect/call.ts";
import { sharedLimits } from "./collect/limits.ts";

/** What a write into a CRM gets: it calls under the same limits as the pulls of that source. */
export function sinkContext(
  { db, jitter }: { readonly db: Db; readonly jitter: () => number },
  source: Source,
  signal: AbortSignal,
  now: Date,
): SinkContext {
  const call = openCall({
    source,
    limits: sharedLimits(db, source),
    signal,
    now: () => now,
    jitter,
    sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }),
  });
  return { now, signal, call };
}

/**
 * What an error of a write means: refusals are final and keep the vendor's words. What may have arrived is tried again as well, since it
 * is written by a key or says the same. Null for a fault of ours.
 */
export function outcomeOf(error: unknown, source: Source): Outcome | null {
  if (!(error instanceof SourceHalt)) return null;
  const { verdict } = error;
  switch (verdict.kind) {
    case "retry": {
      const { reason, afterMs } = verdict;
      return afterMs === null ? { kind: "retry", reason } : { kind: "retry", reason, afterMs };
    }
    case "reauthenticate":
      // A new token is asked for with the next try.
      source.forgetToken?.();
      return { kind: "retry", reason: verdict.reason };
    case "forbidden":
      return {
        kind: "failed",
        reason: verdict.missing === null ? verdict.reason : `${verdict.reason}; missing: ${verdict.missing}`,
      };
    default:
      return { kind: "failed", reason: verdict.reason };
  }
}
