import type { Hook } from "./hook-port.ts";
import type { Source } from "./source-port.ts";

/** A source that is only sent to: it pulls nothing and calls nobody. */
export function receivingSource(
  parts: Pick<Source, "id" | "kind" | "accounts" | "idsAreKeys"> & { hook: Hook },
): Source {
  const { id } = parts;
  return {
    ...parts,
    streams: [],
    limits: [],
    pull: () => Promise.reject(new Error(`the source "${id}" is sent to, there is nothing to pull`)),
    map: () => ({ skipped: "the source has no streams" }),
    classify: () => ({ kind: "fatal", reason: "the source calls nobody" }),
    check: async () => ({ ok: true, detail: `takes deliveries at /webhooks/${id}; asks nobody`, missing: [] }),
  };
}
