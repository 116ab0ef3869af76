import type { Hook } from "../integrations/hook-port.ts";
import type { Source } from "../integrations/source-port.ts";
import { claimPendingItems, type InboxSettlement, type PendingItem, settleItems } from "../store/inbox.ts";
import { ensureUsagePartitions } from "../store/intake/usage-partitions.ts";
import { notify } from "../store/notify.ts";
import { applyMapped } from "./collect/apply.ts";
import type { CollectDeps } from "./collect/deps.ts";
import { mapContextOf } from "./collect/map-context.ts";
import { gather } from "./collect/mapping.ts";
import { type ReadBatch, readItem, retryOf, settledOf } from "./inbox/reading.ts";
import { refetchHinted } from "./inbox/refetch.ts";

/** What a pass made of the inbox. */
export interface InboxSummary {
  readonly applied: number;
  readonly ignored: number;
  readonly givenUp: number;
  readonly postponed: number;
}

/** Bodies of tracked products hold hundreds of inputs each, and what a transaction writes is locked until its end. */
const mostAtOnce = { items: 200, bytes: 2 * 1024 * 1024 };
/** Longer than reading, asking the vendor and storing take together. */
const leaseSeconds = 180;
const fetchDeadlineMs = 120_000;
/** A source may come back with the next edit of sources.json. */
const sourceGoneMs = 5 * 60_000;

/** Applies what webhooks brought, until nothing is due: the items of a batch in one transaction with what they bring. */
export async function applyInbox(deps: CollectDeps, now: Date): Promise<InboxSummary> {
  const settled: InboxSettlement[] = [];
  while (!deps.stopping.aborted) {
    const items = await claimPendingItems(deps.db, mostAtOnce, leaseSeconds);
    if (items.length === 0) break;
    for (const [source, ofSource] of bySource(items)) settled.push(...(await applyOf(deps, source, ofSource, now)));
  }
  const count = (state: InboxSettlement["state"]) => settled.filter((each) => each.state === state).length;
  if (count("done") > 0) await notify(deps.db, "score");
  return {
    applied: count("done"),
    ignored: count("ignored"),
    givenUp: count("failed"),
    postponed: count("pending"),
  };
}

function bySource(items: readonly PendingItem[]): Map<string, PendingItem[]> {
  const groups = new Map<string, PendingItem[]>();
  for (const item of items) groups.set(item.source, [...(groups.get(item.source) ?? []), item]);
  return groups;
}

async function applyOf(
  deps: CollectDeps,
  id: string,
  items: readonly PendingItem[],
  now: Date,
): Promise<readonly InboxSettlement[]> {
  const source = deps.sources.find((each) => each.id === id);
  if (source?.hook === undefined) {
    const reason = `sources.json names no source "${id}" that takes deliveries`;
    const waiting = items.map(({ id }) => ({
      ...{ id, reason, retryInMs: sourceGoneMs, isFree: true },
      state: "pending" as const,
    }));
    await settleItems(deps.db, waiting);
    return waiting;
  }
  const read = await readItems(deps, source, source.hook, items, now);
  return storeItems(deps, source, read, now);
}

async function readItems(
  deps: CollectDeps,
  source: Source,
  hook: Hook,
  items: readonly PendingItem[],
  now: Date,
): Promise<ReadBatch> {
  const context = await mapContextOf(deps, source.id, now);
  const read = items.map((item) => readItem(hook, item, context));
  const signal = AbortSignal.any([deps.stopping, AbortSignal.timeout(fetchDeadlineMs)]);
  return refetchHinted(deps, source, read, { context, signal });
}

/**
 * All at once; where something of it cannot be stored, item by item, so that each has its own outcome. Those for which something was
 * fetched stay together: it was fetched for all of them.
 */
async function storeItems(
  deps: CollectDeps,
  source: Source,
  batch: ReadBatch,
  now: Date,
): Promise<readonly InboxSettlement[]> {
  const parts = [
    ...batch.items.filter(({ hints }) => hints.length === 0).map((item) => ({ items: [item], fetched: [] })),
    { items: batch.items.filter(({ hints }) => hints.length > 0), fetched: batch.fetched },
  ].filter(({ items }) => items.length > 0);
  if (parts.length > 1) {
    const together = await storeWhole(deps, source, batch, now).catch(() => null);
    if (together !== null) return together;
  }
  const settled: InboxSettlement[] = [];
  for (const part of parts) settled.push(...(await storePart(deps, source, part, now)));
  return settled;
}

/** Throws when an input is rejected: nobody could tell whose it was. */
function storeWhole(deps: CollectDeps, source: Source, batch: ReadBatch, now: Date): Promise<InboxSettlement[]> {
  return store(deps, source, batch, now, (rejected) => {
    if (rejected.length > 0) throw new Error(rejected[0]);
  });
}

async function storePart(
  deps: CollectDeps,
  source: Source,
  part: ReadBatch,
  now: Date,
): Promise<readonly InboxSettlement[]> {
  try {
    return await store(deps, source, part, now, () => {});
  } catch (error) {
    const ids = part.items.map(({ id }) => id);
    deps.log.warn({ source: source.id, items: ids, err: error }, "deliveries could not be applied");
    const reason = error instanceof Error ? error.message : String(error);
    const settled = part.items.map((item) => retryOf(item, reason, deps.jitter()));
    await settleItems(deps.db, settled);
    return settled;
  }
}

async function store(
  deps: CollectDeps,
  source: Source,
  { items, fetched }: ReadBatch,
  now: Date,
  judge: (rejected: readonly string[]) => void,
): Promise<InboxSettlement[]> {
  const mapped = gather([...items.flatMap((item) => item.mapped), ...fetched]);
  await ensureUsagePartitions(deps.db, mapped.inputs, now);
  return deps.db.transaction().execute(async (tx) => {
    const applied = await applyMapped(tx, { source, stream: null, mapped, backfilled: false, now });
    // The others were rejected by the door: each item knows its own.
    const rejected = applied.rejected.slice(mapped.rejected.length);
    judge(rejected);
    const settled = items.map((item) => settledOf(item, rejected, deps.jitter()));
    await settleItems(tx, settled);
    return settled;
  });
}
