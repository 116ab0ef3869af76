import { intercomSettings } from "../../../src/integrations/intercom/settings.ts";
import { openIntercomSource } from "../../../src/integrations/intercom/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";

/** The source over a fake; every secret is `secret`. */
export function openWorkspace(
  baseUrl: string,
  secret = "a-token",
  more: Readonly<Record<string, unknown>> = {},
): Source {
  const settings = intercomSettings.parse({
    id: "chat",
    kind: "intercom",
    token: { env: "INTERCOM_TOKEN" },
    clientSecret: { env: "INTERCOM_CLIENT_SECRET" },
    accountFields: ["tier", "plan", "size"],
    accounts: "create",
    baseUrl,
    allowPrivate: true,
    ...more,
  });
  return openIntercomSource(settings, () => secret);
}
