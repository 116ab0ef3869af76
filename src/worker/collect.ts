import type { Page, Source } from "../integrations/ports.ts";
import type { Log } from "../log.ts";
import type { StreamKind } from "../scoring/records.ts";
import type { Db } from "../store/db.ts";
import { ensureUsagePartitions } from "../store/intake/usage-partitions.ts";
import { applyInputs, stateCoverage } from "../store/intake.ts";
import { notify } from "../store/notify.ts";
import { type ClaimedStream, claimDueStream, endOutage, failStream, moveCursor } from "../store/streams.ts";

export interface CollectDeps {
  readonly db: Db;
  readonly sources: readonly Source[];
  readonly log: Log;
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
    for (const kind of source.streams) {
      const stream = await claimDueStream(deps.db, source.id, kind, leaseSeconds);
      if (stream !== null) summary = add(summary, await pullStream(deps, source, kind, stream, now));
    }
  }
  // A failure may have opened an outage, which is seen in scores.
  if (summary.pages > 0 || summary.failed.length > 0) await notify(deps.db, "score");
  return summary;
}

async function pullStream(
  deps: CollectDeps,
  source: Source,
  kind: StreamKind,
  stream: ClaimedStream,
  now: Date,
): Promise<CollectSummary> {
  let summary: CollectSummary = { pages: 0, written: 0, rejected: 0, failed: [] };
  let cursor = stream.cursor;
  try {
    for (;;) {
      const page = await source.pull(kind, cursor, now);
      const stored = await storePage(deps, source, kind, stream, page, now);
      if (stored === null) return summary;
      summary = add(summary, { pages: 1, ...stored, failed: [] });
      if (page.done) return summary;
      cursor = page.cursor;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    deps.log.error({ source: source.id, stream: kind, err: error }, "a stream could not be pulled");
    await failStream(deps.db, stream, { error: reason, retryInMs }, now);
    return add(summary, { pages: 0, written: 0, rejected: 0, failed: [`${source.id} ${kind}: ${reason}`] });
  }
}

/** Null when another process has taken the stream over: its pages count, not ours. */
async function storePage(
  deps: CollectDeps,
  source: Source,
  kind: StreamKind,
  stream: ClaimedStream,
  page: Page,
  now: Date,
): Promise<{ written: number; rejected: number } | null> {
  await ensureUsagePartitions(deps.db, page.inputs, now);
  return deps.db.transaction().execute(async (tx) => {
    const isOurs = await moveCursor(tx, stream, page.cursor, page.done ? source.everyMs : null, leaseSeconds);
    if (!isOurs) return null;
    if (page.done) await endOutage(tx, stream, now);
    if (page.coveredThrough !== undefined) {
      await stateCoverage(tx, {
        source: source.id,
        kind,
        throughDay: page.coveredThrough,
        recordedAt: now,
        backfilled: page.backfilled === true,
      });
    }
    const applied = await applyInputs(tx, {
      source: source.id,
      inputs: page.inputs,
      now,
      recordedAt: page.backfilled === true ? "occurred" : "now",
      unknownAccounts: "hold",
    });
    for (const { index, reason } of applied.rejected.slice(0, 5)) {
      deps.log.warn({ source: source.id, stream: kind, input: page.inputs[index], reason }, "an input was rejected");
    }
    return { written: applied.written, rejected: applied.rejected.length };
  });
}

function add(one: CollectSummary, other: CollectSummary): CollectSummary {
  return {
    pages: one.pages + other.pages,
    written: one.written + other.written,
    rejected: one.rejected + other.rejected,
    failed: [...one.failed, ...other.failed],
  };
}
