import { type Answer, type CallRequest, type Limit, SourceHalt, type Verdict } from "../../integrations/call-port.ts";
import type { Source } from "../../integrations/source-port.ts";
import type { CallLimits } from "./limits.ts";

export interface CallDeps {
  readonly source: Source;
  readonly limits: CallLimits;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** 0–1, drawn anew for each wait. */
  readonly jitter: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Any verdict that is not "ok". */
export type Halt = Exclude<Verdict, { kind: "ok" }>;

/** Tries at once after one another; whatever lasts longer is for the stream's next pull. */
const mostTries = 3;
const firstWaitMs = 500;
const longestWaitMs = 10_000;
/** Where a vendor says "too much" without saying for how long. */
const usualPauseMs = 10_000;
const dayMs = 86_400_000;

/** The `call` of a pull: waits for the source's limits, tries again what is worth it, answers 2xx and throws `SourceHalt` for the rest. */
export function openCall(deps: CallDeps): (request: CallRequest) => Promise<Answer> {
  return async (request) => {
    const limits = limitsOf(deps.source, request);
    for (let attempt = 1; ; attempt += 1) {
      await waitForSlot(deps, limits);
      const outcome = await tryOnce(deps, request);
      if (!("halt" in outcome)) return outcome.answer;
      const { halt } = outcome;
      await tellOthers(deps, limits, halt);
      const waitMs = request.once === true ? null : waitBefore(halt, attempt, deps.jitter());
      if (waitMs === null) throw new SourceHalt(halt);
      await deps.sleep(waitMs, deps.signal);
    }
  };
}

/** How long nothing is to be asked for after a "not now"; a day's budget is there again at midnight (UTC) where the vendor says no more. */
export function pauseOf(halt: Extract<Halt, { kind: "retry" }>, now: Date): number {
  if (halt.scope === "day") return halt.afterMs ?? dayMs - (now.getTime() % dayMs);
  return halt.afterMs ?? (halt.scope === "bucket" ? usualPauseMs : 0);
}

function limitsOf({ limits }: Source, { buckets }: CallRequest): readonly Limit[] {
  return buckets === undefined ? limits.slice(0, 1) : limits.filter(({ bucket }) => buckets.includes(bucket));
}

async function waitForSlot({ limits: shared, sleep, signal }: CallDeps, limits: readonly Limit[]): Promise<void> {
  if (limits.length === 0) return;
  const { waitMs, reason } = await shared.reserve(limits, longestWaitMs);
  if (waitMs > longestWaitMs) {
    const words = reason ?? `the limit of ${limits.map(({ bucket }) => bucket).join(" and ")} leaves no room now`;
    throw new SourceHalt({ kind: "retry", scope: "bucket", afterMs: waitMs, reason: words });
  }
  if (waitMs > 0) await sleep(waitMs, signal);
}

async function tryOnce(
  { source, signal, now }: CallDeps,
  request: CallRequest,
): Promise<{ readonly answer: Answer } | { readonly halt: Halt }> {
  if (source.send === undefined) throw new Error(`the source "${source.id}" calls nobody`);
  signal.throwIfAborted();
  const result = await source.send(request, signal);
  signal.throwIfAborted();
  if (result.kind !== "answered") {
    return { halt: { kind: "retry", scope: "call", afterMs: null, reason: result.reason } };
  }
  const { kind: _, ...answer } = result;
  if (answer.status >= 200 && answer.status < 300) return { answer };
  const verdict = source.classify(answer, now());
  return verdict.kind === "ok" ? { answer } : { halt: verdict };
}

/** Other processes wait as well, and so does the next stream of this one. */
async function tellOthers({ limits: shared, now }: CallDeps, limits: readonly Limit[], halt: Halt): Promise<void> {
  if (halt.kind !== "retry" || halt.scope === "call") return;
  await shared.block(limits, pauseOf(halt, now()), halt.reason);
}

/** Milliseconds to wait before the next try, never less than the vendor asks for; null when this is not the place to wait. */
function waitBefore(halt: Halt, attempt: number, jitter: number): number | null {
  if (halt.kind !== "retry" || halt.scope === "day" || attempt >= mostTries) return null;
  const ownMs = firstWaitMs * 2 ** (attempt - 1) * (1 + jitter);
  const askedMs = halt.scope === "bucket" ? (halt.afterMs ?? usualPauseMs) : (halt.afterMs ?? 0);
  const waitMs = Math.max(ownMs, askedMs * (1 + jitter / 10));
  return Math.max(ownMs, askedMs) > longestWaitMs ? null : waitMs;
}
