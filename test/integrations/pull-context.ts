import type { MapContext, PullContext, Source } from "../../src/integrations/source-port.ts";
import { openCall } from "../../src/worker/collect/call.ts";

/** What a pull gets from the engine, with the engine's own `call`; waits are not waited for, only counted. */
export function pullContext(source: Source, now: Date, waits: number[] = []): PullContext {
  const { signal } = new AbortController();
  return {
    now,
    zone: "UTC",
    signal,
    shrink: 0,
    call: openCall({
      source,
      limits: { reserve: async () => ({ waitMs: 0, reason: null }), block: async () => undefined },
      signal,
      now: () => now,
      jitter: () => 0,
      sleep: async (milliseconds) => void waits.push(milliseconds),
    }),
  };
}

/** What mapping gets: owners are known as `owner-<id>`. */
export function mapContext(now: Date): MapContext {
  return { now, zone: "UTC", ownerOf: (externalId) => `owner-${externalId}` };
}
