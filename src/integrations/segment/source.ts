import { receivingSource } from "../receiving-source.ts";
import type { Source } from "../source-port.ts";
import { type ReadSecret, readSecrets } from "../source-settings.ts";
import { openHook } from "./hook.ts";
import { openReader } from "./mapping.ts";
import type { SegmentSettings } from "./settings.ts";
import { openTracking } from "./tracking.ts";

/** Takes what products track over the Segment protocol; pulls nothing. Throws when a secret is not set. */
export function openSegmentSource(settings: SegmentSettings, secretFor: ReadSecret): Source {
  const { id, kind, accounts = "create", idsAreKeys, writeKeys, webhookSecret, batchSecret } = settings;
  const read = openReader(settings);
  const signing = webhookSecret === undefined ? [] : readSecrets(webhookSecret, secretFor);
  const batch = batchSecret === undefined ? [] : readSecrets(batchSecret, secretFor);
  const source = receivingSource({ id, kind, accounts, idsAreKeys, hook: openHook({ signing, batch }, read) });
  return {
    ...source,
    check: async () => ({ ok: true, detail: "takes events at /v1; asks nobody", missing: [] }),
    tracking: openTracking(readSecrets(writeKeys, secretFor)),
  };
}
