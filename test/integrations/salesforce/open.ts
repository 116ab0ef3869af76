import { type SalesforceSettings, salesforceSettings } from "../../../src/integrations/salesforce/settings.ts";
import { openSalesforceSource } from "../../../src/integrations/salesforce/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { credentials } from "./fake.ts";

/** Settings of an organization whose secrets are their variables' values in `secrets`. */
export function settingsOf(over: Readonly<Record<string, unknown>> = {}): SalesforceSettings {
  return salesforceSettings.parse({
    id: "salesforce",
    kind: "salesforce",
    domain: "acme.my.salesforce.com",
    clientId: { env: "CLIENT_ID" },
    clientSecret: { env: "CLIENT_SECRET" },
    currency: "EUR",
    allowPrivate: true,
    ...over,
  });
}

/** Opens it over a fake. */
export function openOver(
  baseUrl: string,
  over: Readonly<Record<string, unknown>> = {},
  secrets: Readonly<Record<string, string>> = {},
): Source {
  const known: Readonly<Record<string, string>> = {
    CLIENT_ID: credentials.id,
    CLIENT_SECRET: credentials.secret,
    ...secrets,
  };
  return openSalesforceSource(settingsOf({ baseUrl, ...over }), ({ env }) => known[env] ?? "");
}
