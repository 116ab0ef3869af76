import type { Source, SourceStream } from "../../src/integrations/source-port.ts";
import { createLog } from "../../src/log.ts";
import { inputSchema, streamKinds } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import type { CollectDeps } from "../../src/worker/collect/deps.ts";

const hourMs = 3_600_000;

/** A source whose raw things are records already; streams named after a kind feed that kind. */
export function plainSource(
  parts: Pick<Source, "pull"> & Partial<Omit<Source, "streams">> & { readonly streams: readonly string[] },
): Source {
  return {
    id: "crm",
    kind: "plain",
    accounts: "create",
    idsAreKeys: true,
    limits: [],
    map: (_stream, raw) => ({ inputs: [inputSchema.parse(raw)] }),
    classify: () => ({ kind: "fatal", reason: "refused" }),
    check: async () => ({ ok: true, detail: "", missing: [] }),
    ...parts,
    streams: parts.streams.map(
      (name): SourceStream => ({
        name,
        feeds: streamKinds.filter((kind) => kind === name),
        everyMs: hourMs,
        mode: "incremental",
      }),
    ),
  };
}

/** What a collect pass needs, for a company in UTC without owners. Waits are not waited for. */
export function collectDeps(db: Db, sources: readonly Source[]): CollectDeps {
  return {
    db,
    sources,
    zone: "UTC",
    owners: { owners: [], onOwnerChange: "move" },
    log: createLog({ level: "silent", format: "json" }),
    jitter: () => 0,
    sleep: async () => undefined,
    stopping: new AbortController().signal,
  };
}
