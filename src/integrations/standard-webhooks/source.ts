import { receivingSource } from "../receiving-source.ts";
import type { Source } from "../source-port.ts";
import { type ReadSecret, readSecrets } from "../source-settings.ts";
import { secretKey } from "../webhook-secret.ts";
import { openHook } from "./hook.ts";
import { openReader } from "./reader.ts";
import type { StandardWebhooksSettings } from "./settings.ts";

/** Takes deliveries signed by Standard Webhooks. Throws when a secret is not set, or is none. */
export function openStandardWebhooksSource(settings: StandardWebhooksSettings, secretFor: ReadSecret): Source {
  const { id, kind, accounts = "match", idsAreKeys, secret } = settings;
  const keys = readSecrets(secret, secretFor).map((text) => secretKey(text, `the secret of the source "${id}"`));
  return receivingSource({ id, kind, accounts, idsAreKeys, hook: openHook(keys, openReader(settings)) });
}
