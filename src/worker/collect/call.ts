import {
  type Answer,
  type CallRequest,
  type Source,
  SourceHalt,
  type Verdict,
} from "../../integrations/source-port.ts";

export interface CallDeps {
  readonly source: Source;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** 0–1, drawn anew for each wait. */
  readonly jitter: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Tries at once after one another; whatever lasts longer is for the stream's next pull. */
const mostTries = 3;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/** The `call` of a pull: waits for the source's limits, tries again what is worth it, answers 2xx and throws `SourceHalt` for the rest. */
export function openCall(deps: CallDeps): (request: CallRequest) => Promise<Answer> {
  return async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await tryOnce(deps, request);
      if (!("verdict" in outcome)) return outcome.answer;
      const waitMs = waitBefore(outcome.verdict, attempt, deps.jitter());
      if (waitMs === null) throw new SourceHalt(outcome.verdict);
      await deps.sleep(waitMs, deps.signal);
    }
  };
}

type Halt = Exclude<Verdict, { kind: "ok" }>;

async function tryOnce(
  { source, signal, now }: CallDeps,
  request: CallRequest,
): Promise<{ readonly answer: Answer } | { readonly verdict: Halt }> {
  if (source.send === undefined) throw new Error(`the source "${source.id}" calls nobody`);
  const result = await source.send(request, signal);
  if (result.kind !== "answered") {
    return { verdict: { kind: "retry", scope: "call", afterMs: null, reason: result.reason } };
  }
  const { kind: _, ...answer } = result;
  if (answer.status >= 200 && answer.status < 300) return { answer };
  const verdict = source.classify(answer, now());
  return verdict.kind === "ok" ? { answer } : { verdict };
}

/** Milliseconds to wait before the next try; null when this is not the place to wait. */
function waitBefore(verdict: Halt, attempt: number, jitter: number): number | null {
  if (verdict.kind !== "retry" || verdict.scope === "day" || attempt >= mostTries) return null;
  const ownMs = firstWaitMs * 2 ** (attempt - 1) * (1 + jitter);
  const waitMs = Math.max(ownMs, verdict.afterMs ?? 0);
  return waitMs > longestWaitMs ? null : waitMs;
}
