import { SourceHalt } from "../../integrations/call-port.ts";
import type { Page, PullContext } from "../../integrations/source-port.ts";
import { redactText } from "../../redaction.ts";
import { extendLease, failStream, releaseStream } from "../../store/streams.ts";
import { openSharedCall } from "../calls/shared-call.ts";
import type { CollectDeps } from "./deps.ts";
import { leaseSeconds, type StreamPull, storePage } from "./page.ts";
import { failedBy, type PullTries, type Recovery, recoverFrom } from "./recovery.ts";

/** What came of one turn of a stream. */
export interface TurnSummary {
  readonly pages: number;
  readonly written: number;
  readonly rejected: number;
  /** Why it failed; null when it did not. */
  readonly failure: string | null;
  /** An outage was opened. */
  readonly opened: boolean;
}

/** One stream starves no other: after so many pages, or so long, it is the next one's turn. */
const mostPages = 200;
const longestTurnMs = 30_000;
/** A page that takes longer is given up. */
const pageDeadlineMs = 300_000;
const longestCursor = 2_000;

/** Pulls a claimed stream page by page, until it is done, cannot go on, or its turn is over. */
export async function takeTurn(deps: CollectDeps, pull: StreamPull, now: Date): Promise<TurnSummary> {
  const startedAt = performance.now();
  const total = { pages: 0, written: 0, rejected: 0, failure: null, opened: false };
  let tries: PullTries = { cursor: pull.claimed.cursor, shrink: 0, hasNewToken: false, hasNewCursor: false };
  for (;;) {
    const step = await withLease(deps, pull, (signal) => pullPage(deps, pull, tries, signal, now));
    switch (step.kind) {
      case "taken over":
        return total;
      case "again":
        tries = step.tries;
        break;
      case "page":
        total.pages += 1;
        total.written += step.written;
        total.rejected += step.rejected;
        total.opened ||= step.opened;
        if (step.page.done) return total;
        tries = { ...tries, cursor: step.page.cursor };
        break;
      case "wait":
        await waitForVendor(deps, pull, step.forMs, step.reason);
        return total;
      case "failed": {
        const kind = await noteFailure(deps, pull, step, now);
        return { ...total, failure: step.reason, opened: total.opened || kind !== null };
      }
      default:
        return step satisfies never;
    }
    if (deps.stopping.aborted || total.pages >= mostPages || performance.now() - startedAt > longestTurnMs) {
      await releaseStream(deps.db, pull.claimed, 0, null);
      return total;
    }
  }
}

type Step =
  | {
      readonly kind: "page";
      readonly page: Page;
      readonly written: number;
      readonly rejected: number;
      readonly opened: boolean;
    }
  | { readonly kind: "taken over" }
  | Recovery;

async function pullPage(
  deps: CollectDeps,
  pull: StreamPull,
  tries: PullTries,
  signal: AbortSignal,
  now: Date,
): Promise<Step> {
  const { source, stream } = pull;
  try {
    await deps.atBoundary?.("before the call", stream.name);
    const page = await source.pull(stream.name, tries.cursor, contextOf(deps, pull, tries, signal, now));
    await deps.atBoundary?.("after the call", stream.name);
    checkCursor(page, tries.cursor);
    signal.throwIfAborted();
    const stored = await storePage(deps, pull, page, now);
    if (stored === null) return { kind: "taken over" };
    await deps.atBoundary?.("stored", stream.name);
    return { kind: "page", page, ...stored };
  } catch (error) {
    if (deps.stopping.aborted) return { kind: "again", tries, needsToken: false };
    if (signal.reason instanceof LostClaim) return { kind: "taken over" };
    return recover(deps, pull, tries, error, now);
  }
}

function recover(
  deps: CollectDeps,
  { source, stream }: StreamPull,
  tries: PullTries,
  error: unknown,
  now: Date,
): Recovery {
  if (error instanceof SourceHalt) {
    const recovery = recoverFrom(error.verdict, tries, source.forgetToken !== undefined, now);
    if (recovery.kind === "again" && recovery.needsToken) source.forgetToken?.();
    return recovery.kind === "again" ? recovery : { ...recovery, reason: redactText(recovery.reason) };
  }
  deps.log.warn({ source: source.id, stream: stream.name, err: error }, "a page could not be pulled or stored");
  return failedBy(redactText(error instanceof Error ? error.message : String(error)));
}

function contextOf(
  deps: CollectDeps,
  { source }: StreamPull,
  { shrink }: PullTries,
  signal: AbortSignal,
  now: Date,
): PullContext {
  return { now, zone: deps.zone, signal, shrink, call: openSharedCall(deps, source, signal, now) };
}

/** A stream that does not move on would be pulled for ever. */
function checkCursor({ cursor, done }: Page, before: unknown): void {
  const text = JSON.stringify(cursor ?? null);
  if (text.length > longestCursor)
    throw new Error(`the cursor is ${text.length} characters long, ${longestCursor} at most`);
  if (!done && text === JSON.stringify(before ?? null))
    throw new Error("the stream does not move on: its cursor stays as it was");
}

class LostClaim extends Error {}

/** Runs `body` with the claim kept alive; its signal fires when the claim is lost, the process stops, or it takes too long. */
async function withLease<T>(
  deps: CollectDeps,
  pull: StreamPull,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const timer = setInterval(
    () => {
      extendLease(deps.db, pull.claimed, leaseSeconds).then(
        (isOurs) => isOurs || lost.abort(new LostClaim("another process has taken the stream over, or it was paused")),
        (error: unknown) => deps.log.warn({ err: error }, "a claim could not be extended"),
      );
    },
    (leaseSeconds * 1_000) / 3,
  );
  try {
    return await body(AbortSignal.any([deps.stopping, lost.signal, AbortSignal.timeout(pageDeadlineMs)]));
  } finally {
    clearInterval(timer);
  }
}

async function waitForVendor(deps: CollectDeps, pull: StreamPull, forMs: number, reason: string): Promise<void> {
  const dueInMs = forMs * (1 + deps.jitter() / 10);
  const words = `waits for the vendor: ${reason}`;
  deps.log.info({ source: pull.source.id, stream: pull.stream.name, reason, dueInMs }, "a stream waits");
  await releaseStream(deps.db, pull.claimed, dueInMs, words);
}

async function noteFailure(
  deps: CollectDeps,
  { source, stream, claimed }: StreamPull,
  { reason, firstRetryInMs, longestRetryInMs }: Extract<Recovery, { kind: "failed" }>,
  now: Date,
) {
  deps.log.warn({ source: source.id, stream: stream.name, reason }, "a stream could not be pulled");
  const spread = 1 + deps.jitter() / 10;
  return failStream(
    deps.db,
    claimed,
    { error: reason, firstRetryInMs: firstRetryInMs * spread, longestRetryInMs: longestRetryInMs * spread },
    now,
  );
}
