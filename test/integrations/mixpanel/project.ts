import { mixpanelSettings } from "../../../src/integrations/mixpanel/settings.ts";
import { openMixpanelSource } from "../../../src/integrations/mixpanel/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { type ExportLine, projectId } from "./fake.ts";

/** The source over a fake, from 1 March on; user and secret are `secret`. */
export function openProject(baseUrl: string, secret = "mp-secret", more: object = {}): Source {
  const settings = mixpanelSettings.parse({
    id: "product",
    kind: "mixpanel",
    baseUrl,
    allowPrivate: true,
    projectId,
    login: { user: { env: "MIXPANEL_USER" }, secret: { env: "MIXPANEL_SECRET" } },
    accountProperty: "company_id",
    startOn: "2026-03-01",
    ...more,
  });
  return openMixpanelSource(settings, () => secret);
}

/** An event at a moment, of a company, in the form of an export. */
export function lineOf(event: string, at: string, more: Readonly<Record<string, unknown>> = {}): ExportLine {
  const time = Date.parse(at) / 1000;
  return { event, properties: { time, $insert_id: `${event}-${at}`, distinct_id: "u1", company_id: "acme", ...more } };
}
