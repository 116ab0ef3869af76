import type { Source } from "../../../src/integrations/source-port.ts";
import { zendeskSettings } from "../../../src/integrations/zendesk/settings.ts";
import { openZendeskSource } from "../../../src/integrations/zendesk/source.ts";

/** The source over a fake; every secret is `secret`. */
export function openDesk(baseUrl: string, secret = "a-token", more: Readonly<Record<string, unknown>> = {}): Source {
  const settings = zendeskSettings.parse({
    id: "desk",
    kind: "zendesk",
    subdomain: "acme",
    login: { email: "robot@example.com", apiToken: { env: "ZENDESK_TOKEN" } },
    webhookSecret: { env: "ZENDESK_HOOK_SECRET" },
    accountFields: ["plan", "seats_bought"],
    accounts: "create",
    baseUrl,
    allowPrivate: true,
    ...more,
  });
  return openZendeskSource(settings, () => secret);
}
