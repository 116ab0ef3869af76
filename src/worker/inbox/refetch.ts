import { SourceHalt } from "../../integrations/call-port.ts";
import type { Deletion, MapContext, Mapped } from "../../integrations/mapped-port.ts";
import type { PullContext, Source } from "../../integrations/source-port.ts";
import { sourceKinds } from "../../scoring/records.ts";
import { openSharedCall } from "../calls/shared-call.ts";
import type { CollectDeps } from "../collect/deps.ts";
import type { ReadBatch, ReadItem } from "./reading.ts";

/** Ids asked for at once; an adapter may ask in smaller parts. */
const idsAtOnce = 100;

interface Surroundings {
  readonly context: MapContext;
  readonly signal: AbortSignal;
}

/** Fetches what items only hint at, stream by stream, each thing once; no transaction is open meanwhile. */
export async function refetchHinted(
  deps: CollectDeps,
  source: Source,
  items: readonly ReadItem[],
  around: Surroundings,
): Promise<ReadBatch> {
  const streams = new Set(items.flatMap(({ hints }) => hints.map(({ stream }) => stream)));
  const fetched: Mapped[] = [];
  let read = items;
  for (const stream of streams) {
    const ids = [...new Set(read.flatMap((item) => hintedIds(item, stream)))];
    for (let from = 0; from < ids.length; from += idsAtOnce) {
      const some = ids.slice(from, from + idsAtOnce);
      const found = await fetchSome(deps, source, stream, some, around);
      if ("mapped" in found) fetched.push(...found.mapped);
      else read = putOff(read, stream, new Set(some), found.trouble);
    }
  }
  return { items: read, fetched };
}

/** Items whose things could not be fetched wait, with all they brought. */
function putOff(
  items: readonly ReadItem[],
  stream: string,
  ids: ReadonlySet<string>,
  trouble: Trouble,
): readonly ReadItem[] {
  return items.map((item) =>
    hintedIds(item, stream).some((id) => ids.has(id))
      ? { ...item, mapped: [], verdict: item.verdict ?? trouble }
      : item,
  );
}

function hintedIds({ hints }: ReadItem, stream: string): readonly string[] {
  return hints.flatMap((hint) => (hint.stream === stream ? [hint.id] : []));
}

type Trouble = NonNullable<ReadItem["verdict"]>;

async function fetchSome(
  deps: CollectDeps,
  source: Source,
  stream: string,
  ids: readonly string[],
  { context, signal }: Surroundings,
): Promise<{ readonly mapped: readonly Mapped[] } | { readonly trouble: Trouble }> {
  const found = source.streams.find(({ name }) => name === stream);
  if (source.fetch === undefined || found === undefined) {
    return { trouble: { kind: "failed", reason: `the source fetches no single ${stream}` } };
  }
  try {
    const page = await source.fetch(stream, ids, pullContext(deps, source, context, signal));
    const kinds = sourceKinds.filter((kind) => found.feeds.includes(kind));
    const at = context.now.toISOString();
    const deleted = page.deleted.flatMap((id): Deletion[] => kinds.map((kind) => ({ kind, id, at })));
    return { mapped: [...page.raw.map((raw) => source.map(stream, raw, context)), { deleted }] };
  } catch (error) {
    // With the next try a new token is asked for.
    if (error instanceof SourceHalt && error.verdict.kind === "reauthenticate") source.forgetToken?.();
    return { trouble: troubleOf(error, deps.stopping) };
  }
}

function pullContext(deps: CollectDeps, source: Source, { now, zone }: MapContext, signal: AbortSignal): PullContext {
  return { now, zone, signal, shrink: 0, call: openSharedCall(deps, source, signal, now) };
}

function troubleOf(error: unknown, stopping: AbortSignal): Trouble {
  if (stopping.aborted) return { kind: "later", reason: "the process was stopped", afterMs: 0 };
  if (!(error instanceof SourceHalt)) {
    return { kind: "retry", reason: error instanceof Error ? error.message : String(error) };
  }
  const { verdict } = error;
  return verdict.kind === "retry"
    ? { kind: "later", reason: verdict.reason, afterMs: verdict.afterMs ?? 0 }
    : { kind: "retry", reason: verdict.reason };
}
