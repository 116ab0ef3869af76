import type { Page, Source, SourceStream } from "../../integrations/source-port.ts";
import { ensureUsagePartitions } from "../../store/intake/usage-partitions.ts";
import { stateCoverage } from "../../store/intake.ts";
import { type ClaimedStream, moveCursor, noteRejections } from "../../store/streams.ts";
import { applyMapped } from "./apply.ts";
import type { CollectDeps } from "./deps.ts";
import { mapContextOf } from "./map-context.ts";
import { mapAll } from "./mapping.ts";
import { settleHealth } from "./page-health.ts";

/** One stream that this process has claimed. */
export interface StreamPull {
  readonly source: Source;
  readonly stream: SourceStream;
  readonly claimed: ClaimedStream;
}

/** What came of a page. */
interface PageSummary {
  readonly written: number;
  readonly rejected: number;
  /** It opened an outage. */
  readonly opened: boolean;
}

/** A claim that nobody extends is free again after this. */
export const leaseSeconds = 60;

/**
 * Stores a page with its cursor in one transaction: what it holds, what it covers, and how its stream stands. Null when another process
 * has taken the stream over: its pages count, not ours.
 */
export async function storePage(
  deps: CollectDeps,
  pull: StreamPull,
  page: Page,
  now: Date,
): Promise<PageSummary | null> {
  const { source, stream, claimed } = pull;
  const context = await mapContextOf(deps, source.id, now);
  const mapped = mapAll(page.raw, (raw) => source.map(stream.name, raw, context), context);
  await ensureUsagePartitions(deps.db, mapped.inputs, now);
  const summary = await deps.db.transaction().execute(async (tx) => {
    if (!(await moveCursor(tx, claimed, page.cursor, page.done ? stream.everyMs : null, leaseSeconds))) return null;
    const health = await settleHealth(tx, { stream, claimed, page, inputs: mapped.inputs, now });
    const backfilled = page.backfilled ?? claimed.caughtUpAt === null;
    if (page.coveredThrough !== undefined && health.isWhole) {
      const [kind, throughDay] = [stream.name, page.coveredThrough];
      await stateCoverage(tx, { source: source.id, kind, throughDay, recordedAt: now, backfilled });
    }
    const all = { ...mapped, deleted: [...mapped.deleted, ...health.gone] };
    const applied = await applyMapped(tx, { source, stream: stream.name, mapped: all, backfilled, now });
    await noteRejections(tx, claimed.id, applied.rejected);
    await deps.atBoundary?.("in transaction", stream.name);
    return { ...applied, opened: health.opened };
  });
  if (summary === null) return null;
  const { rejected } = summary;
  for (const reason of rejected.slice(0, mostTold)) {
    deps.log.warn({ source: source.id, stream: stream.name, reason }, "an input was rejected");
  }
  return { ...summary, rejected: rejected.length };
}

/** Of the rejections of one page; their number is kept. */
const mostTold = 5;
