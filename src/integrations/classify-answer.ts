import type { Answer, Verdict } from "./call-port.ts";
import { classifyStatus } from "./http-status.ts";

/** Waited where a vendor says "too much" without saying for how long. */
const usualPauseMs = 10_000;

/**
 * What an answer means where a vendor says nothing else. `words` are for people: what the vendor gave as its reason, without secrets.
 * Retry-After is read in seconds or as a date.
 */
export function classifyAnswer(answer: Answer, words: string | null, now: Date): Verdict {
  const { kind, words: status, afterMs } = classifyStatus(answer.status, answer.headers, now);
  const reason = words === null ? `the vendor ${status}` : `the vendor ${status}: ${words}`;
  if (kind === "accepted") return { kind: "ok" };
  switch (answer.status) {
    case 401:
      return { kind: "reauthenticate", reason };
    case 403:
      return { kind: "forbidden", missing: null, reason };
    case 429:
      return { kind: "retry", scope: "bucket", afterMs: afterMs ?? usualPauseMs, reason };
    case 409:
    case 423:
      return { kind: "retry", scope: "call", afterMs: null, reason };
    default:
      return kind === "busy" || kind === "broken"
        ? { kind: "retry", scope: "call", afterMs: afterMs ?? null, reason }
        : { kind: "fatal", reason };
  }
}
