import type { Limit } from "../call-port.ts";
import type { Hook } from "../hook-port.ts";
import { openHttpClient } from "../http-client.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { redactor } from "../redact.ts";
import type { Source, SourceStream } from "../source-port.ts";
import { everyOf, type ReadSecret, readSecrets } from "../source-settings.ts";
import { checkSalesforce } from "./check.ts";
import { classifySalesforce } from "./classify.ts";
import { type HookOptions, openSalesforceHook } from "./hook.ts";
import { mapAccount } from "./mapping/account.ts";
import { mapCase } from "./mapping/case.ts";
import { mapContact } from "./mapping/contact.ts";
import { mapOpportunity } from "./mapping/opportunity.ts";
import { mapTask } from "./mapping/task.ts";
import { mapUser } from "./mapping/user.ts";
import { type PulledObject, pulledObjects } from "./objects.ts";
import { fetchRows, pullChanges } from "./pull.ts";
import { openRest } from "./rest.ts";
import type { SalesforceSettings } from "./settings.ts";
import { openSalesforceSink } from "./sink.ts";
import { openVisibleFields } from "./visible-fields.ts";

const usuallyEveryMs = 15 * 60_000;
/** Salesforce counts by the day and by what runs long at once; this keeps bursts small. */
const limits: readonly Limit[] = [{ bucket: "calls", calls: 10, perMs: 1_000 }];
/** A validation rule's words may be long. */
const longestWords = 500;

/** Salesforce: accounts and what belongs to them come in, by pulls and by messages; tasks and fields go back. */
export function openSalesforceSource(settings: SalesforceSettings, read: ReadSecret): Source {
  const { id, domain, baseUrl, apiVersion, allowPrivate } = settings;
  const [clientId, clientSecret] = [read(settings.clientId), read(settings.clientSecret)];
  const loginUrl = (baseUrl ?? `https://${domain}`).replace(/\/+$/, "");
  const rest = openRest({ loginUrl, clientId, clientSecret, apiVersion });
  const deps = { rest, visible: openVisibleFields(rest) };
  const clean = redactor([clientId, clientSecret], longestWords);
  const objects = pulledObjects(settings);
  const objectOf = (stream: string): PulledObject => {
    const pulled = objects.find((each) => each.stream === stream);
    if (pulled === undefined) throw new Error(`the source "${id}" has no stream "${stream}"`);
    return pulled;
  };
  const map = (stream: string, raw: unknown, context: MapContext) => mapRow(settings, objectOf(stream), raw, context);
  return {
    id,
    kind: "salesforce",
    accounts: settings.accounts ?? "create",
    idsAreKeys: false,
    streams: objects.map((pulled) => streamOf(pulled, settings)),
    limits,
    pull: (stream, cursor, context) => pullChanges(deps, objectOf(stream), cursor, context),
    fetch: (stream, ids, context) => fetchRows(deps, objectOf(stream), ids, context),
    map,
    classify: (answer, now) => classifySalesforce(answer, now, clean),
    send: openHttpClient({ allowPrivate }),
    forgetToken: rest.forgetToken,
    check: (context) => checkSalesforce(deps, objects, settings, context),
    hook: hookOf(settings, read, { objects, map, ownUser: rest.ownUser }),
    sink: openSalesforceSink({ ...deps, clean }, settings),
  };
}

function streamOf({ stream, feeds }: PulledObject, { every }: SalesforceSettings): SourceStream {
  const everyMs = everyOf(every, usuallyEveryMs);
  return { name: stream, feeds, everyMs, mode: "incremental" };
}

function mapRow(
  settings: SalesforceSettings,
  { object, stream }: PulledObject,
  raw: unknown,
  context: MapContext,
): Mapped {
  switch (stream) {
    case "owners":
      return mapUser(raw);
    case "accounts":
      return mapAccount(settings, raw, context);
    case "contacts":
      return mapContact(raw);
    case "opportunities":
      return mapOpportunity(settings, raw, context);
    case "cases":
      return mapCase(settings, raw);
    case "tasks":
      return mapTask(settings.tasks?.keyField ?? "", raw);
    default:
      return { skipped: `nothing is made of ${object}` };
  }
}

/** Undefined where the settings name no secret for what would come in. */
function hookOf(
  { outboundMessages, callouts }: SalesforceSettings,
  read: ReadSecret,
  rest: Pick<HookOptions, "objects" | "map" | "ownUser">,
): Hook | undefined {
  if (outboundMessages === undefined && callouts === undefined) return undefined;
  return openSalesforceHook({
    ...rest,
    messageKeys: outboundMessages === undefined ? [] : readSecrets(outboundMessages.keys, read),
    calloutTokens: callouts === undefined ? [] : readSecrets(callouts.tokens, read),
    organizations: outboundMessages?.organizations ?? [],
    clientCertificate: outboundMessages?.clientCertificate ?? null,
  });
}
