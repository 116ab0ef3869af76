import type { MapContext } from "../../src/integrations/mapped-port.ts";
import type { PullContext, Source } from "../../src/integrations/source-port.ts";
import { type CallDeps, openCall } from "../../src/worker/calls/call.ts";

/** What a pull gets from the engine, with the engine's own `call`; waits are not waited for, only counted. */
export function pullContext(source: Source, now: Date, waits: number[] = []): PullContext {
  return contextOf(source, now, {
    jitter: () => 0,
    sleep: async (milliseconds) => void waits.push(milliseconds),
  });
}

/** The same without tries at once: every wait is longer than it may be. */
export function impatientContext(source: Source, now: Date): PullContext {
  return contextOf(source, now, { jitter: () => 1_000, sleep: async () => undefined });
}

function contextOf(source: Source, now: Date, { jitter, sleep }: Pick<CallDeps, "jitter" | "sleep">): PullContext {
  const { signal } = new AbortController();
  const limits = { reserve: async () => ({ waitMs: 0, reason: null }), block: async () => undefined };
  const call = openCall({ source, limits, signal, now: () => now, jitter, sleep });
  return { now, zone: "UTC", signal, shrink: 0, call };
}

/** What mapping gets: owners are known as `owner-<id>`. */
export function mapContext(now: Date): MapContext {
  return { now, zone: "UTC", ownerOf: (externalId) => `owner-${externalId}` };
}
