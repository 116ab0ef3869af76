import { z } from "zod";
import { openHttpClient } from "../http-client.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { readAnswer } from "../read-answer.ts";
import { emailOf, labelOf } from "../record-values.ts";
import { redactor } from "../redact.ts";
import type { FetchedPage, Page, PullContext, Source, SourceStream } from "../source-port.ts";
import { everyOf, type ReadSecret, readSecrets } from "../source-settings.ts";
import { type IntercomApi, limitsOf, openApi } from "./api.ts";
import { checkIntercom } from "./check.ts";
import { classifyIntercom } from "./classify.ts";
import { type CompanyScroll, openCompanyScroll, withoutRepeats } from "./companies.ts";
import { pullDeleted } from "./deleted.ts";
import { openIntercomHook } from "./hook.ts";
import { lookUp } from "./lookup.ts";
import { type CompanyOptions, mapCompany } from "./mapping/company.ts";
import { mapContact } from "./mapping/contact.ts";
import { mapConversation } from "./mapping/conversation.ts";
import { mapDeletedConversation } from "./mapping/deletion.ts";
import { idText } from "./mapping/values.ts";
import { adminsPage } from "./pages.ts";
import { pullUpdated } from "./search.ts";
import type { IntercomSettings } from "./settings.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Companies can only be read all at once, and are the fewest to change. */
const streams = [
  { name: "admins", feeds: [], everyMs: 24 * hourMs, mode: "window" },
  { name: "companies", feeds: ["account"], everyMs: 6 * hourMs, mode: "snapshot" },
  { name: "contacts", feeds: ["contact"], everyMs: hourMs, mode: "incremental" },
  { name: "conversations", feeds: ["ticket", "survey"], everyMs: 15 * minuteMs, mode: "incremental" },
  { name: "deleted-conversations", feeds: [], everyMs: hourMs, mode: "incremental" },
] as const satisfies readonly SourceStream[];
type StreamName = (typeof streams)[number]["name"];

/** Opens an Intercom workspace as a source. Throws when a secret is not set. */
export function openIntercomSource(settings: IntercomSettings, read: ReadSecret): Source {
  const token = read(settings.token);
  const hookSecrets = settings.clientSecret === undefined ? [] : readSecrets(settings.clientSecret, read);
  const clean = redactor([token, ...hookSecrets]);
  const api = openApi(settings, token);
  const scroll = openCompanyScroll(api);
  const accounts = settings.accounts ?? "match";
  const { ownerAttribute, accountFields } = settings;
  const options = { isAuthority: accounts === "create", ownerAttribute, accountFields };
  return {
    id: settings.id,
    kind: "intercom",
    accounts,
    idsAreKeys: false,
    streams: streams.map((stream) => ({ ...stream, everyMs: everyOf(settings.every, stream.everyMs) })),
    limits: limitsOf(settings),
    pull: (stream, cursor, context) => pull({ api, scroll }, nameOf(stream), cursor, context),
    fetch: (stream, ids, context) => fetch(api, nameOf(stream), ids, context),
    map: (stream, raw, context) => map(nameOf(stream), raw, options, context),
    classify: (answer, now) => classifyIntercom(answer, clean, now),
    send: withoutRepeats(openHttpClient({ allowPrivate: settings.allowPrivate })),
    check: (context) => checkIntercom(api, context),
    hook: hookSecrets.length === 0 ? undefined : openIntercomHook(hookSecrets, options),
  };
}

function nameOf(stream: string): StreamName {
  const known = streams.find(({ name }) => name === stream);
  if (known === undefined) throw new Error(`Intercom has no stream "${stream}"`);
  return known.name;
}

async function pull(
  { api, scroll }: { readonly api: IntercomApi; readonly scroll: CompanyScroll },
  stream: StreamName,
  cursor: unknown,
  context: PullContext,
): Promise<Page> {
  switch (stream) {
    case "admins":
      return { raw: readAnswer(await context.call(api.admins()), adminsPage), cursor: null, done: true };
    case "companies":
      return scroll.pull(cursor, context);
    case "deleted-conversations":
      return pullDeleted(api, cursor, context);
    default:
      return pullUpdated(api, stream, cursor, context);
  }
}

function fetch(
  api: IntercomApi,
  stream: StreamName,
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  if (stream === "contacts" || stream === "conversations") return lookUp(api, stream, ids, context);
  throw new Error(`"${stream}" are not looked up one by one`);
}

function map(stream: StreamName, raw: unknown, options: CompanyOptions, context: MapContext): Mapped {
  switch (stream) {
    case "admins":
      return mapAdmin(raw);
    case "companies":
      return mapCompany(raw, options, context);
    case "contacts":
      return mapContact(raw);
    case "conversations":
      return mapConversation(raw);
    case "deleted-conversations":
      return mapDeletedConversation(raw);
    default:
      return stream satisfies never;
  }
}

const adminSchema = z.looseObject({
  id: idText,
  name: z.string().nullish().catch(null),
  email: z.string().nullish().catch(null),
});

function mapAdmin(raw: unknown): Mapped {
  const parsed = adminSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a teammate without an id" };
  const { id, name, email } = parsed.data;
  return { owners: [{ externalId: id, name: labelOf(name), email: emailOf(email) }] };
}
