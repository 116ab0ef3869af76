import type { Hook, HookReading } from "../../integrations/hook-port.ts";
import type { MapContext, Mapped } from "../../integrations/mapped-port.ts";
import { redactText } from "../../redaction.ts";
import type { InboxSettlement, PendingItem } from "../../store/inbox.ts";
import { gather } from "../collect/mapping.ts";

/** An item with what it means. */
export interface ReadItem {
  readonly id: number;
  readonly attempts: number;
  readonly mapped: readonly Mapped[];
  /** What is to be fetched for it. */
  readonly hints: NonNullable<HookReading["refetch"]>;
  /** Set where nothing of it can be applied now. */
  readonly verdict:
    | { readonly kind: "ignored" | "failed" | "retry"; readonly reason: string }
    /** The vendor says not now: that is nobody's fault. */
    | { readonly kind: "later"; readonly reason: string; readonly afterMs: number }
    | null;
}

/** Items of one source, and what was fetched for those that only hint. */
export interface ReadBatch {
  readonly items: readonly ReadItem[];
  readonly fetched: readonly Mapped[];
}

/** Reads one item. A hook that throws costs this item only. */
export function readItem(hook: Hook, { id, attempts, body }: PendingItem, context: MapContext): ReadItem {
  const read = { id, attempts, mapped: [], hints: [] };
  if (attempts > mostAttempts) {
    return {
      ...read,
      verdict: { kind: "failed", reason: `given up: the process ended ${mostAttempts} times over it` },
    };
  }
  try {
    const { mapped, refetch = [], ignored } = hook.read(body, context);
    if (mapped === undefined && refetch.length === 0) {
      return { ...read, verdict: { kind: "ignored", reason: ignored ?? "there is nothing to do" } };
    }
    return { ...read, mapped: mapped === undefined ? [] : [mapped], hints: refetch, verdict: null };
  } catch (error) {
    const reason = `it could not be read: ${error instanceof Error ? error.name : "no error given"}`;
    return { ...read, verdict: { kind: "retry", reason } };
  }
}

const mostAttempts = 10;
const minuteMs = 60_000;
const longestWaitMs = 6 * 60 * minuteMs;

/** What an item comes to once it is applied; `rejected` is what the store would not take of it. */
export function settledOf(item: ReadItem, rejected: readonly string[], jitter: number): InboxSettlement {
  const { id, verdict } = item;
  if (verdict?.kind === "retry") return retryOf(item, verdict.reason, jitter);
  if (verdict?.kind === "later") {
    const retryInMs = Math.max(minuteMs, verdict.afterMs) * (1 + jitter / 10);
    return { id, state: "pending", reason: redactText(verdict.reason), retryInMs, isFree: true };
  }
  if (verdict !== null) return { id, state: verdict.kind, reason: redactText(verdict.reason) };
  const page = gather(item.mapped);
  const reasons = [...page.rejected, ...rejected];
  const reason = reasons.length === 0 ? null : redactText(reasons.slice(0, mostReasons).join("; "));
  return { id, state: hasNothing(page, rejected) ? "failed" : "done", reason };
}

const mostReasons = 5;

/** All of it was refused: an operator may try it again once the mapping is mended. */
function hasNothing(page: ReturnType<typeof gather>, rejected: readonly string[]): boolean {
  const { inputs, claims, deleted, merged, owners, tasks, users, suppressions } = page;
  const others = [claims, deleted, merged, owners, tasks, users, suppressions].reduce(
    (sum, each) => sum + each.length,
    0,
  );
  return others === 0 && page.rejected.length + rejected.length > 0 && inputs.length <= rejected.length;
}

/** Tried again after a minute, then two, up to six hours; given up after ten times. */
export function retryOf({ id, attempts }: ReadItem, reason: string, jitter: number): InboxSettlement {
  const words = redactText(reason);
  if (attempts >= mostAttempts) return { id, state: "failed", reason: `given up after ${attempts} tries: ${words}` };
  const waitMs = Math.min(minuteMs * 2 ** (attempts - 1), longestWaitMs);
  return { id, state: "pending", reason: words, retryInMs: waitMs * (1 + jitter / 10) };
}
