import { readSecret } from "./config.ts";
import { openFilesSource } from "./integrations/files/folder-source.ts";
import { openHttpJsonSource } from "./integrations/http-json/source.ts";
import { openHubSpotSource } from "./integrations/hubspot/source.ts";
import { openIntercomSource } from "./integrations/intercom/source.ts";
import { openJsonHookSource } from "./integrations/json-hook/source.ts";
import { openMailEventsSource } from "./integrations/mail-events/source.ts";
import { openMixpanelSource } from "./integrations/mixpanel/source.ts";
import { openOutboxChannel } from "./integrations/outbox/channel.ts";
import type { Channel } from "./integrations/ports.ts";
import { openPosthogSource } from "./integrations/posthog/source.ts";
import { openSalesforceSource } from "./integrations/salesforce/source.ts";
import { openSampleSource } from "./integrations/sample/source.ts";
import { openSegmentSource } from "./integrations/segment/source.ts";
import { openSlackChannel } from "./integrations/slack/channel.ts";
import { openSmtpChannel } from "./integrations/smtp/channel.ts";
import type { Source } from "./integrations/source-port.ts";
import type { SourceSettings } from "./integrations/sources-schema.ts";
import { openSqlSource } from "./integrations/sql/source.ts";
import { openStandardWebhooksSource } from "./integrations/standard-webhooks/source.ts";
import { openStripeSource } from "./integrations/stripe/source.ts";
import { openWebhookChannel } from "./integrations/webhook/channel.ts";
import { openZendeskSource } from "./integrations/zendesk/source.ts";
import type { ChannelConfig, FromEnvironment } from "./playbooks/channels.ts";
import { configFaultText } from "./queries/configuration/config-fault.ts";
import { loadConfiguration } from "./queries/configuration.ts";
import type { Db } from "./store/db.ts";
import { readRevisionKey } from "./store/documents.ts";
import type { LiveConfiguration } from "./worker/worker.ts";

/** Opens the receivers that channels.json names. Throws when a secret is not set or an address cannot be used. */
function openChannels(configs: readonly ChannelConfig[]): Map<string, Channel> {
  return new Map(configs.map((config) => [config.id, openChannel(config)]));
}

/** Opens what sources.json names. Throws when a secret is not set. */
function openSource(settings: SourceSettings): Source {
  const read = (secret: FromEnvironment): string => secretFor(`source "${settings.id}"`, secret);
  switch (settings.kind) {
    case "sample":
      return openSampleSource(settings);
    case "files":
      return openFilesSource(settings);
    case "http-json":
      return openHttpJsonSource(settings, read);
    case "json-hook":
      return openJsonHookSource(settings, read);
    case "standard-webhooks":
      return openStandardWebhooksSource(settings, read);
    case "hubspot":
      return openHubSpotSource(settings, read);
    case "salesforce":
      return openSalesforceSource(settings, read);
    case "sql":
      return openSqlSource(settings, read);
    case "stripe":
      return openStripeSource(settings, read);
    case "segment":
      return openSegmentSource(settings, read);
    case "posthog":
      return openPosthogSource(settings, read);
    case "mixpanel":
      return openMixpanelSource(settings, read);
    case "zendesk":
      return openZendeskSource(settings, read);
    case "intercom":
      return openIntercomSource(settings, read);
    case "mail-events":
    case "ses":
    case "postmark":
      return openMailEventsSource(settings, read);
  }
}

/** Reads the live documents whenever they have changed since the last time, and keeps what they name open in between. */
export function followConfiguration(db: Db): { live(): Promise<LiveConfiguration>; close(): Promise<void> } {
  let current: LiveConfiguration | null = null;
  let loading: Promise<LiveConfiguration> | null = null;

  const load = async (): Promise<LiveConfiguration> => {
    const key = await readRevisionKey(db);
    if (current !== null && current.configuration.revisionKey === key) return current;
    const compiled = await loadConfiguration(db);
    if ("faults" in compiled) {
      const list = compiled.faults.map((fault) => `\n  ${configFaultText(fault)}`).join("");
      throw new Error(`The live documents cannot be used:${list}`);
    }
    const { configuration } = compiled;
    const next = {
      configuration,
      channels: openChannels(configuration.channels),
      sources: configuration.sources.map(openSource),
      tell: configuration.tell,
    };
    const last = current;
    current = next;
    await closeAll(last);
    return next;
  };

  return {
    live() {
      loading ??= load().finally(() => {
        loading = null;
      });
      return loading;
    },
    close: () => closeAll(current),
  };
}

async function closeAll(live: LiveConfiguration | null): Promise<void> {
  for (const channel of live?.channels.values() ?? []) await channel.close?.();
  for (const source of live?.sources ?? []) await source.close?.();
}

function openChannel(config: ChannelConfig): Channel {
  if ("transport" in config) return openOutboxChannel({ id: config.id, kind: config.kind });
  const value = (setting: string | FromEnvironment) => resolve(setting, config.id);
  switch (config.kind) {
    case "slack":
      return openSlackChannel({ id: config.id, url: value(config.url) });
    case "email": {
      const { id, from, port, replyTo } = config;
      const user = config.user === undefined ? undefined : value(config.user);
      const password = config.password === undefined ? undefined : value(config.password);
      const host = value(config.host);
      return openSmtpChannel({ id, from, port, replyTo, host, user, password, secure: config.secure ?? false });
    }
    case "webhook": {
      // Several secrets, newest first and separated by spaces, sign together while one replaces another.
      const secrets = value(config.secret).split(/\s+/).filter(Boolean);
      return openWebhookChannel({ id: config.id, url: value(config.url), secrets, allowPrivate: config.allowPrivate });
    }
    default:
      return config satisfies never;
  }
}

function resolve(setting: string | FromEnvironment, channel: string): string {
  return typeof setting === "string" ? setting : secretFor(`channel "${channel}"`, setting);
}

function secretFor(whom: string, { env }: FromEnvironment): string {
  const secret = readSecret(env);
  if (secret === undefined) throw new Error(`The ${whom} needs the environment variable ${env}, which is not set.`);
  return secret;
}
