import { SourceHalt } from "../integrations/call-port.ts";
import type { Source } from "../integrations/source-port.ts";
import type { Outcome } from "../playbooks/message.ts";

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
