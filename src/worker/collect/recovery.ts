import { type Halt, pauseOf } from "../calls/call.ts";

/** What was tried already in one turn of a stream. */
export interface PullTries {
  readonly cursor: unknown;
  /** How often the window was halved. */
  readonly shrink: number;
  readonly hasNewToken: boolean;
  readonly hasNewCursor: boolean;
}

/** What is done about a pull that could not go on. */
export type Recovery =
  /** Asked for once more, in this way. */
  | { readonly kind: "again"; readonly tries: PullTries; readonly needsToken: boolean }
  /** Nothing is wrong: the vendor has no room for us now. */
  | { readonly kind: "wait"; readonly forMs: number; readonly reason: string }
  | {
      readonly kind: "failed";
      readonly firstRetryInMs: number;
      readonly longestRetryInMs: number;
      readonly reason: string;
    };

const mostShrinks = 6;
const minuteMs = 60_000;
/** What passes by itself is tried again soon; what a person has to mend is not asked for every minute. */
const passing = { firstRetryInMs: minuteMs, longestRetryInMs: 15 * minuteMs };
const lasting = { firstRetryInMs: 15 * minuteMs, longestRetryInMs: 360 * minuteMs };

/** Decides what follows from a verdict. Pure. */
export function recoverFrom(halt: Halt, tries: PullTries, canRenewToken: boolean, now: Date): Recovery {
  const { reason } = halt;
  switch (halt.kind) {
    case "retry": {
      const pauseMs = pauseOf(halt, now);
      if (halt.scope !== "call") return { kind: "wait", forMs: pauseMs, reason };
      return { kind: "failed", ...passing, firstRetryInMs: Math.max(passing.firstRetryInMs, pauseMs), reason };
    }
    case "reauthenticate":
      if (canRenewToken && !tries.hasNewToken) return again({ ...tries, hasNewToken: true }, true);
      return { kind: "failed", ...lasting, reason: `${reason}; check its credentials, or give it new ones` };
    case "reset-cursor":
      if (!tries.hasNewCursor) return again({ ...tries, cursor: null, hasNewCursor: true });
      return { kind: "failed", ...passing, reason };
    case "shrink-window":
      if (tries.shrink < mostShrinks) return again({ ...tries, shrink: tries.shrink + 1 });
      return { kind: "failed", ...lasting, reason: `${reason}, however little is asked for` };
    case "forbidden":
      return {
        kind: "failed",
        ...lasting,
        reason: halt.missing === null ? reason : `${reason}; missing: ${halt.missing}`,
      };
    case "fatal":
      return { kind: "failed", ...lasting, reason };
    default:
      return halt satisfies never;
  }
}

/** A fault that is no vendor's verdict: of ours, or of the database. */
export function failedBy(reason: string): Recovery {
  return { kind: "failed", ...passing, reason };
}

function again(tries: PullTries, needsToken = false): Recovery {
  return { kind: "again", tries, needsToken };
}
