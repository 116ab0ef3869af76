import { parseDay, startOfDay } from "../../scoring/days.ts";
import type { CallRequest } from "../call-port.ts";
import { type DaySlice, daysAfter, pullByDay } from "../day-slices.ts";
import { openHttpClient } from "../http-client.ts";
import { redactor } from "../redact.ts";
import type { Page, PullContext, Source, SourceCheck } from "../source-port.ts";
import { everyOf, type ReadSecret } from "../source-settings.ts";
import { tryCall } from "../tried-call.ts";
import { lastWholeDay } from "../whole-days.ts";
import { classifyMixpanel } from "./classify.ts";
import { type ExportedEvent, placeOf, readExport } from "./export.ts";
import { openMapping, propertiesOf } from "./mapping.ts";
import type { MixpanelSettings } from "./settings.ts";

const hourMs = 3_600_000;
const hosts = { us: "data", eu: "data-eu", in: "data-in" } as const;
/** An export takes events in for days after they happened. */
const daysAgain = 3;
const daysAtFirst = 90;
const eventsPerPage = 2_000;
/** A day of some 200,000 events; a project that has more names those it wants in its rules. */
const longestExportBytes = 128 * 1024 * 1024;

/** Exports the events of a project. Throws when a secret is not set. */
export function openMixpanelSource(settings: MixpanelSettings, read: ReadSecret): Source {
  const secret = read(settings.login.secret);
  const login = Buffer.from(`${read(settings.login.user)}:${secret}`, "utf8").toString("base64");
  const clean = redactor([secret, login]);
  const request = openRequests(settings, login);
  const pullSlice = openSlices(settings, request);
  const { callsPerHour, callsPerSecond } = settings.limits;
  return {
    id: settings.id,
    kind: "mixpanel",
    accounts: settings.accounts ?? "match",
    idsAreKeys: settings.idsAreKeys,
    streams: [{ name: "usage", feeds: ["usage"], everyMs: everyOf(settings.every, 6 * hourMs), mode: "window" }],
    limits: [
      { bucket: "hour", calls: callsPerHour, perMs: hourMs },
      { bucket: "second", calls: callsPerSecond, perMs: 1_000 },
    ],
    pull: (_stream, cursor, context) => pullEvents(settings, cursor, context, pullSlice),
    map: openMap(settings),
    classify: (answer, now) => classifyMixpanel(answer, clean, now),
    send: openHttpClient({ allowPrivate: settings.allowPrivate }),
    check: (context) => check(settings, context, request),
  };
}

function openMap(settings: MixpanelSettings): Source["map"] {
  const map = openMapping(settings);
  return (_stream, raw, context) => map(raw, context);
}

type Requests = (day: string, most?: number) => CallRequest;

function openRequests({ baseUrl, region, projectId, rules }: MixpanelSettings, login: string): Requests {
  const base = (baseUrl ?? `https://${hosts[region]}.mixpanel.com`).replace(/\/+$/, "");
  const names = rules?.map(({ event }) => event) ?? ["*"];
  const isNamed = names.every((name) => typeof name === "string" && name !== "*");
  return (day, most) => {
    const query = new URLSearchParams({
      from_date: day,
      to_date: day,
      project_id: String(projectId),
      ...(isNamed && { event: JSON.stringify([...new Set(names)]) }),
      ...(most !== undefined && { limit: String(most) }),
    });
    return {
      method: "GET",
      url: `${base}/api/2.0/export?${query}`,
      headers: { authorization: `Basic ${login}`, accept: "text/plain" },
      buckets: ["hour", "second"],
      longestAnswerBytes: longestExportBytes,
    };
  };
}

async function pullEvents(
  { zone, startOn }: MixpanelSettings,
  cursor: unknown,
  context: PullContext,
  pullSlice: PullSlice,
): Promise<Page> {
  const last = lastWholeDay(zone, context.now);
  const plan = { start: startOn ?? daysAfter(last, 1 - daysAtFirst), last, again: daysAgain };
  const page = await pullByDay(cursor, plan, (day, after) => pullSlice(day, after, context));
  if (page.coveredThrough === undefined) return page;
  // Days are the company's in our tables: one that ends later than the project's is not whole yet.
  const end = new Date(startOfDay(zone, parseDay(page.coveredThrough) + 1));
  return { ...page, coveredThrough: lastWholeDay(context.zone, end) };
}

type PullSlice = (day: string, after: string | null, context: PullContext) => Promise<DaySlice>;

/** A day is exported once and handed out page by page; whoever goes on elsewhere exports it again and finds the place by its order. */
function openSlices(settings: MixpanelSettings, request: Requests): PullSlice {
  const wanted = propertiesOf(settings);
  let latest: { readonly day: string; readonly events: readonly ExportedEvent[] } | null = null;
  return async (day, after, context) => {
    if (latest?.day !== day || after === null) {
      const answer = await context.call(request(day));
      latest = { day, events: readExport(answer, wanted) };
    }
    const rest = after === null ? latest.events : latest.events.filter((event) => placeOf(event) > after);
    const raw = rest.slice(0, eventsPerPage);
    const end = raw.at(-1);
    if (rest.length > raw.length && end !== undefined) return { raw, after: placeOf(end) };
    latest = null;
    return { raw, after: null };
  };
}

async function check(settings: MixpanelSettings, context: PullContext, request: Requests): Promise<SourceCheck> {
  const { projectId, zone } = settings;
  const tried = await tryCall(request(lastWholeDay(zone, context.now), 1), context);
  if ("answer" in tried) return { ok: true, detail: `project ${projectId}`, missing: [] };
  return { ok: false, detail: `project ${projectId}: ${tried.halt.message}`, missing: [] };
}
