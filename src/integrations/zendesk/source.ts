import { openHttpClient } from "../http-client.ts";
import type { Mapped } from "../mapped-port.ts";
import { readAnswer } from "../read-answer.ts";
import { redactor } from "../redact.ts";
import type { FetchedPage, Page, PullContext, Source, SourceStream } from "../source-port.ts";
import { everyOf, type ReadSecret, readSecrets } from "../source-settings.ts";
import { idsAtOnce, limitsOf, openApi, readLogin, type ZendeskApi } from "./api.ts";
import { checkZendesk } from "./check.ts";
import { classifyZendesk } from "./classify.ts";
import { pullExport, pullOrganizations } from "./exports.ts";
import { openZendeskHook } from "./hook.ts";
import { mapOrganization, type OrganizationOptions } from "./mapping/organization.ts";
import { mapSurvey } from "./mapping/survey.ts";
import { mapTicket } from "./mapping/ticket.ts";
import { mapUser } from "./mapping/user.ts";
import { idOf, lookups } from "./pages.ts";
import type { ZendeskSettings } from "./settings.ts";
import { pullSurveys } from "./surveys.ts";

const minuteMs = 60_000;

/** Organizations first: the rest belongs to them. Four calls a quarter of an hour leave room within ten exports a minute. */
const streams = [
  { name: "organizations", feeds: ["account"], everyMs: 15 * minuteMs, mode: "incremental" },
  { name: "users", feeds: ["contact"], everyMs: 15 * minuteMs, mode: "incremental" },
  { name: "tickets", feeds: ["ticket"], everyMs: 15 * minuteMs, mode: "incremental" },
  { name: "surveys", feeds: ["survey"], everyMs: 60 * minuteMs, mode: "window" },
] as const satisfies readonly SourceStream[];
type StreamName = (typeof streams)[number]["name"];

/** Opens a Zendesk account as a source. Throws when a secret is not set. */
export function openZendeskSource(settings: ZendeskSettings, read: ReadSecret): Source {
  const login = readLogin(settings, read);
  const api = openApi(settings, login);
  const hookSecrets = settings.webhookSecret === undefined ? [] : readSecrets(settings.webhookSecret, read);
  const clean = redactor([...login.secrets, ...hookSecrets]);
  const accounts = settings.accounts ?? "match";
  const options = { isAuthority: accounts === "create", accountFields: settings.accountFields };
  return {
    id: settings.id,
    kind: "zendesk",
    accounts,
    idsAreKeys: false,
    streams: streams.map((stream) => ({ ...stream, everyMs: everyOf(settings.every, stream.everyMs) })),
    limits: limitsOf(settings),
    pull: (stream, cursor, context) => pull(api, nameOf(stream), cursor, context),
    fetch: (stream, ids, context) => fetch(api, nameOf(stream), ids, context),
    map: (stream, raw) => map(nameOf(stream), raw, options),
    classify: (answer, now) => classifyZendesk(answer, clean, now),
    send: openHttpClient({ allowPrivate: settings.allowPrivate }),
    check: (context) => checkZendesk(api, settings.subdomain, context),
    hook: hookSecrets.length === 0 ? undefined : openZendeskHook(hookSecrets),
  };
}

function nameOf(stream: string): StreamName {
  const known = streams.find(({ name }) => name === stream);
  if (known === undefined) throw new Error(`Zendesk has no stream "${stream}"`);
  return known.name;
}

function pull(api: ZendeskApi, stream: StreamName, cursor: unknown, context: PullContext): Promise<Page> {
  switch (stream) {
    case "organizations":
      return pullOrganizations(api, cursor, context);
    case "surveys":
      return pullSurveys(api, cursor, context);
    default:
      return pullExport(api, stream, cursor, context);
  }
}

/** A lookup leaves out what is gone. */
async function fetch(
  api: ZendeskApi,
  stream: StreamName,
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  if (stream === "surveys") throw new Error("surveys are not looked up one by one");
  const raw: unknown[] = [];
  for (let first = 0; first < ids.length; first += idsAtOnce) {
    const answer = await context.call(api.byIds(stream, ids.slice(first, first + idsAtOnce)));
    raw.push(...readAnswer(answer, lookups[stream]));
  }
  const found = new Set(raw.map(idOf));
  return { raw, deleted: ids.filter((id) => !found.has(id)) };
}

function map(stream: StreamName, raw: unknown, options: OrganizationOptions): Mapped {
  switch (stream) {
    case "organizations":
      return mapOrganization(raw, options);
    case "users":
      return mapUser(raw);
    case "tickets":
      return mapTicket(raw);
    case "surveys":
      return mapSurvey(raw);
    default:
      return stream satisfies never;
  }
}
