import type { Source } from "../source-port.ts";
import { type ReadSecret, readSecrets } from "../source-settings.ts";
import { openHook } from "./hook.ts";
import { openReader } from "./mapping.ts";
import type { SegmentSettings } from "./settings.ts";
import { openTracking } from "./tracking.ts";

/** Takes what products track over the Segment protocol; pulls nothing. Throws when a secret is not set. */
export function openSegmentSource(settings: SegmentSettings, secretFor: ReadSecret): Source {
  const { id, accounts = "create", idsAreKeys, writeKeys, webhookSecret, batchSecret } = settings;
  const read = openReader(settings);
  const signing = webhookSecret === undefined ? [] : readSecrets(webhookSecret, secretFor);
  const batch = batchSecret === undefined ? [] : readSecrets(batchSecret, secretFor);
  return {
    id,
    kind: "segment",
    accounts,
    idsAreKeys,
    streams: [],
    limits: [],
    pull: () => Promise.reject(new Error(`the source "${id}" is sent to, there is nothing to pull`)),
    map: () => ({ skipped: "the source has no streams" }),
    classify: () => ({ kind: "fatal", reason: "the source calls nobody" }),
    check: async () => ({ ok: true, detail: "takes events at /v1; asks nobody", missing: [] }),
    // Without a signing secret nobody could be believed there: the hook still reads what came in at /v1.
    hook: openHook({ signing, batch }, read),
    tracking: openTracking(readSecrets(writeKeys, secretFor)),
  };
}
