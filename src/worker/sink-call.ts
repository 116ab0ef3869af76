import { type Answer, type CallRequest, type Source, SourceHalt } from "../integrations/source-port.ts";
import type { Outcome } from "../playbooks/message.ts";

/** The `call` of a sink: one attempt. The action's own schedule tries again. */
export function openSinkCall(
  source: Source,
  signal: AbortSignal,
  now: Date,
): (request: CallRequest) => Promise<Answer> {
  return async (request) => {
    if (source.send === undefined) throw new Error(`the source "${source.id}" calls nobody`);
    const result = await source.send(request, signal);
    if (result.kind === "unsent") throw new SourceHalt(notSent(result.reason));
    if (result.kind === "unanswered") throw new UnansweredCall(result.reason);
    const { kind: _, ...answer } = result;
    if (answer.status >= 200 && answer.status < 300) return answer;
    const verdict = source.classify(answer, now);
    if (verdict.kind === "ok") return answer;
    if (verdict.kind === "reauthenticate") source.forgetToken?.();
    throw new SourceHalt(verdict);
  };
}

function notSent(reason: string) {
  return { kind: "retry", scope: "call", afterMs: null, reason } as const;
}

/** What was asked for may have been done. */
class UnansweredCall extends Error {}

/** What an error of a sink means for the action: refusals are final and keep the vendor's words. Null for a fault of ours. */
export function outcomeOf(error: unknown): Outcome | null {
  if (error instanceof UnansweredCall) return { kind: "unknown", reason: `sent without an answer: ${error.message}` };
  if (!(error instanceof SourceHalt)) return null;
  const { verdict } = error;
  switch (verdict.kind) {
    case "retry": {
      const { reason, afterMs } = verdict;
      return afterMs === null ? { kind: "retry", reason } : { kind: "retry", reason, afterMs };
    }
    // A new token is asked for with the next try.
    case "reauthenticate":
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
