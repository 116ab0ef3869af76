import { z } from "zod";
import { openHttpClient } from "../http-client.ts";
import { readAnswer } from "../read-answer.ts";
import { redactor } from "../redact.ts";
import type { Page, PullContext, Source } from "../source-port.ts";
import { type ReadSecret, readSecrets } from "../source-settings.ts";
import { type HubSpotApi, limitsOf, openApi, pageSchema } from "./api.ts";
import { checkHubSpot } from "./check.ts";
import { classifyHubSpot } from "./classify.ts";
import { openHook } from "./hook.ts";
import { mapArchived, mapOwner, mapThing } from "./mapping/thing.ts";
import { isObjectName } from "./objects.ts";
import { type HubSpotSettings, writtenProperties } from "./settings.ts";
import { fetchThings } from "./single.ts";
import { openSink } from "./sink.ts";
import { type HubSpotStream, streamsOf } from "./streams.ts";
import { withSurroundings } from "./surroundings.ts";
import { sweepOn } from "./sweep.ts";

const listSize = "100";
/** A sentence of HubSpot's and the faults of a few properties. */
const longestWords = 500;

/** HubSpot: companies and what belongs to them come in, by pulls and by webhooks; tasks and fields go back. */
export function openHubSpotSource(settings: HubSpotSettings, read: ReadSecret): Source {
  const token = read(settings.token);
  const clientSecrets = settings.clientSecret === undefined ? [] : readSecrets(settings.clientSecret, read);
  const { id, baseUrl, allowPrivate, allowOldSignatures, limits } = settings;
  const api = openApi({ baseUrl, token });
  const clean = redactor([token, ...clientSecrets], longestWords);
  const streams = streamsOf(settings);
  const names = streams.map(({ name }) => name);
  const written = writtenProperties(settings);
  const streamOf = (name: string): HubSpotStream => {
    const found = streams.find((stream) => stream.name === name);
    if (found === undefined) throw new Error(`the source "${id}" has no stream "${name}", only ${names.join(", ")}`);
    return found;
  };
  return {
    id,
    kind: "hubspot",
    accounts: settings.accounts ?? "create",
    idsAreKeys: false,
    streams,
    limits: limitsOf(limits),
    pull: (name, cursor, context) => pullPage({ api, settings }, streamOf(name), cursor, context),
    fetch: (name, ids, context) => {
      if (!isObjectName(name)) throw new Error(`single things of the stream "${name}" cannot be fetched`);
      return fetchThings({ api, settings }, name, ids, context);
    },
    map: (name, raw, context) => {
      const stream = streamOf(name);
      if (stream.way === "owners") return mapOwner(raw);
      return stream.way === "archived"
        ? mapArchived(stream.object, raw)
        : mapThing(stream.object, raw, settings, context);
    },
    classify: (answer, now) => classifyHubSpot(answer, now, clean),
    send: openHttpClient({ allowPrivate }),
    check: (context) => checkHubSpot(api, settings, names, context),
    hook:
      clientSecrets.length === 0
        ? undefined
        : openHook({ secrets: clientSecrets, allowOldSignatures, written, streams: names }),
    sink: openSink(api, settings),
  };
}

async function pullPage(
  deps: { readonly api: HubSpotApi; readonly settings: HubSpotSettings },
  stream: HubSpotStream,
  cursor: unknown,
  context: PullContext,
): Promise<Page> {
  if (stream.way !== "sweep") return listPage(deps.api, stream, cursor, context);
  const { things, ...page } = await sweepOn(deps, stream.object, cursor, context);
  return { ...page, raw: await withSurroundings(deps.api, stream.object, things, context) };
}

const listCursor = z.strictObject({ after: z.string() });

/** A page of a list that is read from end to end, each time anew. */
async function listPage(
  api: HubSpotApi,
  stream: Exclude<HubSpotStream, { way: "sweep" }>,
  stored: unknown,
  context: PullContext,
): Promise<Page> {
  const cursor = listCursor.safeParse(stored);
  const query = { limit: listSize, ...(cursor.success ? { after: cursor.data.after } : {}) };
  const request = stream.way === "owners" ? api.owners(query) : api.list(stream.object, { ...query, archived: "true" });
  const { results, paging } = readAnswer(await context.call(request), pageSchema);
  const after = paging?.next?.after;
  return after === undefined || after === query.after
    ? { raw: results, cursor: null, done: true }
    : { raw: results, cursor: { after }, done: false };
}
