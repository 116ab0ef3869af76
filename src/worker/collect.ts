import { setTimeout as sleep } from "node:timers/promises";
import {
  type Page,
  type PullContext,
  type Source,
  SourceHalt,
  type SourceStream,
} from "../integrations/source-port.ts";
import type { Log } from "../log.ts";
import type { Owners } from "../playbooks/owners.ts";
import type { Db } from "../store/db.ts";
import { ensureUsagePartitions } from "../store/intake/usage-partitions.ts";
import { stateCoverage } from "../store/intake.ts";
import { notify } from "../store/notify.ts";
import { type ClaimedStream, claimDueStream, endOutage, failStream, moveCursor } from "../store/streams.ts";
import { applyMapped } from "./collect/apply.ts";
import { openCall } from "./collect/call.ts";
import { mapContextOf } from "./collect/map-context.ts";
import { mapAll } from "./collect/mapping.ts";

export interface CollectDeps {
  readonly db: Db;
  readonly sources: readonly Source[];
  /** The company's. */
  readonly zone: string;
  readonly owners: Owners;
  readonly log: Log;
  /** 0–1: spreads retries. */
  readonly jitter: () => number;
}

export interface CollectSummary {
  readonly pages: number;
  readonly written: number;
  readonly rejected: number;
  /** Streams that failed, with why. */
  readonly failed: readonly string[];
}

/** Longer than a pull and a page's transaction take together. */
const leaseSeconds = 120;
const retryInMs = 60_000;

/** Pulls every stream that is due, page by page; a page and its cursor are stored in one transaction. */
export async function collectDue(deps: CollectDeps, now: Date): Promise<CollectSummary> {
  let summary: CollectSummary = { pages: 0, written: 0, rejected: 0, failed: [] };
  for (const source of deps.sources) {
    for (const stream of source.streams) {
      const claimed = await claimDueStream(deps.db, source.id, stream.name, stream.feeds, leaseSeconds);
      if (claimed !== null) summary = add(summary, await pullStream(deps, source, stream, claimed, now));
    }
  }
  // A failure may have opened an outage, which is seen in scores.
  if (summary.pages > 0 || summary.failed.length > 0) await notify(deps.db, "score");
  return summary;
}

async function pullStream(
  deps: CollectDeps,
  source: Source,
  stream: SourceStream,
  claimed: ClaimedStream,
  now: Date,
): Promise<CollectSummary> {
  let summary: CollectSummary = { pages: 0, written: 0, rejected: 0, failed: [] };
  let cursor = claimed.cursor;
  try {
    for (;;) {
      const page = await source.pull(stream.name, cursor, contextOf(deps, source, now));
      const stored = await storePage(deps, source, stream, claimed, page, now);
      if (stored === null) return summary;
      summary = add(summary, { pages: 1, ...stored, failed: [] });
      if (page.done) return summary;
      cursor = page.cursor;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isExpected = error instanceof SourceHalt;
    deps.log.error(
      { source: source.id, stream: stream.name, ...(isExpected ? { reason } : { err: error }) },
      "a stream could not be pulled",
    );
    await failStream(deps.db, claimed, { error: reason, retryInMs }, now);
    return add(summary, { pages: 0, written: 0, rejected: 0, failed: [`${source.id} ${stream.name}: ${reason}`] });
  }
}

function contextOf(deps: CollectDeps, source: Source, now: Date): PullContext {
  const signal = AbortSignal.timeout(leaseSeconds * 1_000);
  return {
    now,
    zone: deps.zone,
    signal,
    shrink: 0,
    call: openCall({
      source,
      signal,
      now: () => now,
      jitter: deps.jitter,
      sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }),
    }),
  };
}

/** Null when another process has taken the stream over: its pages count, not ours. */
async function storePage(
  deps: CollectDeps,
  source: Source,
  stream: SourceStream,
  claimed: ClaimedStream,
  page: Page,
  now: Date,
): Promise<{ written: number; rejected: number } | null> {
  const context = await mapContextOf(deps, source.id, now);
  const mapped = mapAll(page.raw, (raw) => source.map(stream.name, raw, context), context);
  await ensureUsagePartitions(deps.db, mapped.inputs, now);
  return deps.db.transaction().execute(async (tx) => {
    const isOurs = await moveCursor(tx, claimed, page.cursor, page.done ? stream.everyMs : null, leaseSeconds);
    if (!isOurs) return null;
    if (page.done) await endOutage(tx, claimed, now);
    const backfilled = page.backfilled ?? claimed.caughtUpAt === null;
    if (page.coveredThrough !== undefined) {
      await stateCoverage(tx, {
        source: source.id,
        kind: stream.name,
        throughDay: page.coveredThrough,
        recordedAt: now,
        backfilled,
      });
    }
    const { written, rejected } = await applyMapped(tx, { source, stream: stream.name, mapped, backfilled, now });
    tellRejections(deps, source, stream, rejected);
    return { written, rejected: rejected.length };
  });
}

function tellRejections(deps: CollectDeps, source: Source, stream: SourceStream, rejected: readonly string[]): void {
  for (const reason of rejected.slice(0, 5)) {
    deps.log.warn({ source: source.id, stream: stream.name, reason }, "an input was rejected");
  }
}

function add(one: CollectSummary, other: CollectSummary): CollectSummary {
  return {
    pages: one.pages + other.pages,
    written: one.written + other.written,
    rejected: one.rejected + other.rejected,
    failed: [...one.failed, ...other.failed],
  };
}
