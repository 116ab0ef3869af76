import { z } from "zod";
import type { CallRequest } from "../call-port.ts";
import { daysAfter, pullByDay } from "../day-slices.ts";
import { openHttpClient } from "../http-client.ts";
import { readAnswer } from "../read-answer.ts";
import { redactor } from "../redact.ts";
import type { Page, PullContext, Source, SourceCheck, SourceStream } from "../source-port.ts";
import { everyOf, type ReadSecret } from "../source-settings.ts";
import { tryCall } from "../tried-call.ts";
import { lastWholeDay } from "../whole-days.ts";
import { classifyPosthog } from "./classify.ts";
import { groupsQuery, rowsPerPage, usageQuery } from "./hogql.ts";
import { mapGroup, mapUsage, type UsageRow } from "./mapping.ts";
import type { PosthogSettings } from "./settings.ts";

const hourMs = 3_600_000;
const groupsStream = { name: "groups", feeds: ["account"], everyMs: 24 * hourMs, mode: "incremental" } as const;
const usageStream = { name: "usage", feeds: ["usage"], everyMs: 6 * hourMs, mode: "window" } as const;

/** Events of phones and of offline clients come late. */
const daysAgain = 3;
const daysAtFirst = 90;

const answerSchema = z.looseObject({ results: z.array(z.array(z.unknown())) });
const groupsCursor = z.object({ after: z.string().nullable() });

/** Asks a project with HogQL. Throws when a secret is not set. */
export function openPosthogSource(settings: PosthogSettings, read: ReadSecret): Source {
  const key = read(settings.apiKey);
  const clean = redactor([key]);
  const request = openRequests(settings, key);
  const ask: Ask = async (query, context) => readAnswer(await context.call(request(query)), answerSchema).results;
  const streams: readonly SourceStream[] = settings.groups ? [groupsStream, usageStream] : [usageStream];
  return {
    id: settings.id,
    kind: "posthog",
    accounts: settings.accounts ?? "match",
    idsAreKeys: settings.idsAreKeys,
    streams: streams.map((stream) => ({ ...stream, everyMs: everyOf(settings.every, stream.everyMs) })),
    limits: [{ bucket: "queries", calls: settings.callsPerHour, perMs: hourMs }],
    pull: (stream, cursor, context) =>
      stream === "groups" ? pullGroups(settings, cursor, context, ask) : pullUsage(settings, cursor, context, ask),
    map: (stream, raw, context) =>
      stream === "groups" ? mapGroup(raw, context, settings.idsAreKeys) : mapUsage(raw, settings.rules),
    classify: (answer, now) => classifyPosthog(answer, clean, now),
    send: openHttpClient({ allowPrivate: settings.allowPrivate }),
    check: (context) => check(settings, context, request),
  };
}

type Requests = (query: string) => CallRequest;
type Ask = (query: string, context: PullContext) => Promise<readonly (readonly unknown[])[]>;

function openRequests({ baseUrl, projectId }: PosthogSettings, key: string): Requests {
  const base = (baseUrl ?? "https://us.posthog.com").replace(/\/+$/, "");
  return (query) => ({
    method: "POST",
    url: `${base}/api/projects/${projectId}/query/`,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ query: { kind: "HogQLQuery", query } }),
  });
}

function pullUsage(settings: PosthogSettings, cursor: unknown, context: PullContext, ask: Ask): Promise<Page> {
  const { rules, groupType, startOn } = settings;
  const last = lastWholeDay(settings.zone ?? context.zone, context.now);
  const plan = { start: startOn ?? daysAfter(last, 1 - daysAtFirst), last, again: daysAgain };
  return pullByDay(cursor, plan, async (day, after) => {
    const rows = await ask(usageQuery(rules, { groupType, day, after }), context);
    const raw = rows.map(
      ([account, ...values]) => ({ day, account, values }) satisfies Record<keyof UsageRow, unknown>,
    );
    return { raw, after: placeAfter(rows) };
  });
}

async function pullGroups(settings: PosthogSettings, cursor: unknown, context: PullContext, ask: Ask): Promise<Page> {
  const after = groupsCursor.safeParse(cursor).data?.after ?? null;
  const rows = await ask(groupsQuery({ groupType: settings.groupType, after }), context);
  const next = placeAfter(rows);
  return {
    raw: rows.map(([key, properties, updatedAt]) => ({ key, properties, updatedAt })),
    cursor: { after: next },
    done: next === null,
  };
}

/** The first column of a full page's last row; null where there is no further page. */
function placeAfter(rows: readonly (readonly unknown[])[]): string | null {
  const last = rows.at(-1)?.[0];
  return rows.length < rowsPerPage || typeof last !== "string" ? null : last;
}

async function check({ projectId }: PosthogSettings, context: PullContext, request: Requests): Promise<SourceCheck> {
  const tried = await tryCall(request("SELECT 1"), context);
  if ("answer" in tried) return { ok: true, detail: `project ${projectId}`, missing: [] };
  const { verdict } = tried.halt;
  const missing = verdict.kind === "forbidden" && verdict.missing !== null ? [verdict.missing] : [];
  return { ok: false, detail: `project ${projectId}: ${verdict.reason}`, missing };
}
