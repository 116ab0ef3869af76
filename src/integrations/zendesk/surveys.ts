import { z } from "zod";
import type { Answer, CallRequest } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import { lastWholeDay } from "../whole-days.ts";
import { idsAtOnce, type ZendeskApi } from "./api.ts";
import { type RawSurvey, ratingSchema, responseSchema, ticketOfResponse } from "./mapping/survey.ts";
import { idText } from "./mapping/values.ts";
import { lookups, ratingsPage, responsesPage } from "./pages.ts";

/** An account has one way of asking at a time; whoever moved from one to the other has answers of both. */
const parts = ["ratings", "responses"] as const;
type Part = (typeof parts)[number];

const dayMs = 86_400_000;
/** Lists are by when something was asked; as long afterwards an answer may come or change. */
const answerableMs = 30 * dayMs;
/** Answers that came before the last sweep are known; a day of grace for clocks that differ. */
const graceMs = dayMs;

const sweepSchema = z.looseObject({
  part: z.enum(parts),
  after: z.string().nullable(),
  /** When the last sweep that came to its end began, and when this one did. */
  since: z.iso.datetime().nullable(),
  began: z.iso.datetime(),
  /** Which ones have ever had answers, and which one was refused in this sweep. */
  used: z.array(z.enum(parts)),
  refused: z.array(z.enum(parts)),
});
type Sweep = z.infer<typeof sweepSchema>;

/** One page of survey answers. Where one of the two ways is not there, it is passed over; it fails where it had answers before, or both are missing. */
export async function pullSurveys(api: ZendeskApi, cursor: unknown, context: PullContext): Promise<Page> {
  const sweep = sweepSchema.nullable().catch(null).parse(cursor) ?? firstSweep(context.now);
  const since = sweep.since === null ? null : new Date(Date.parse(sweep.since) - answerableMs);
  const answer = await ask(sweep, requestOf(api, sweep, since), context);
  if (answer === null) return pageAfter({ ...sweep, refused: [...sweep.refused, sweep.part] }, [], null, context);
  const { answers, after } = readAnswer(answer, sweep.part === "ratings" ? ratingsPage : responsesPage);
  const fresh = answers.filter((each) => isFresh(sweep, each));
  const raw = await withOrganizations(api, sweep.part, fresh, context);
  const used = answers.length > 0 ? [...new Set([...sweep.used, sweep.part])] : sweep.used;
  return pageAfter({ ...sweep, used }, raw, after, context);
}

function firstSweep(now: Date): Sweep {
  return { part: "ratings", after: null, since: null, began: now.toISOString(), used: [], refused: [] };
}

function requestOf(api: ZendeskApi, { part, after }: Sweep, since: Date | null): CallRequest {
  return part === "ratings" ? api.ratings(since, after) : api.surveyResponses(since, after);
}

/** Null where this way of asking is not used here. */
async function ask(sweep: Sweep, request: CallRequest, context: PullContext): Promise<Answer | null> {
  const tried = await tryCall(request, context);
  if ("answer" in tried) return tried.answer;
  const isRefused = tried.halt.verdict.kind === "forbidden";
  if (!isRefused || sweep.used.includes(sweep.part) || sweep.refused.length > 0) throw tried.halt;
  return null;
}

function pageAfter(sweep: Sweep, raw: readonly RawSurvey[], after: string | null, context: PullContext): Page {
  if (after !== null) return { raw, cursor: { ...sweep, after }, done: false };
  if (sweep.part === "ratings") return { raw, cursor: { ...sweep, part: "responses", after: null }, done: false };
  const next: Sweep = { ...firstSweep(context.now), since: sweep.began, used: sweep.used };
  return { raw, cursor: next, done: true, coveredThrough: lastWholeDay(context.zone, context.now) };
}

const times = z.looseObject({
  updated_at: z.string().nullish().catch(null),
  created_at: z.string().nullish().catch(null),
  answers: z.array(z.looseObject({ updated_at: z.string().nullish().catch(null) })).catch([]),
});

/** Whatever tells no time is looked at again. */
function isFresh({ since }: Sweep, answer: unknown): boolean {
  const parsed = times.safeParse(answer);
  if (since === null || !parsed.success) return true;
  const { updated_at: updatedAt, created_at: createdAt, answers } = parsed.data;
  const told = [updatedAt, createdAt, ...answers.map((each) => each.updated_at)].flatMap((text) => text ?? []);
  return told.length === 0 || Math.max(...told.map(Date.parse)) > Date.parse(since) - graceMs;
}

const ticketSchema = z.looseObject({ id: idText, organization_id: idText.nullish().catch(null) });

/** Answers name their ticket; whose it is stands there. */
async function withOrganizations(
  api: ZendeskApi,
  part: Part,
  answers: readonly unknown[],
  context: PullContext,
): Promise<RawSurvey[]> {
  const tickets = [...new Set(answers.flatMap((answer) => ticketOf(part, answer) ?? []))];
  const organizationOf = new Map<string, string | null>();
  for (let first = 0; first < tickets.length; first += idsAtOnce) {
    const ids = tickets.slice(first, first + idsAtOnce);
    for (const ticket of readAnswer(await context.call(api.byIds("tickets", ids)), lookups.tickets)) {
      const parsed = ticketSchema.safeParse(ticket);
      if (parsed.success) organizationOf.set(parsed.data.id, parsed.data.organization_id ?? null);
    }
  }
  return answers.map((answer): RawSurvey => {
    const organization = organizationOf.get(ticketOf(part, answer) ?? "") ?? null;
    return part === "ratings"
      ? { kind: "rating", rating: answer, organization }
      : { kind: "response", response: answer, organization };
  });
}

function ticketOf(part: Part, answer: unknown): string | null {
  if (part === "ratings") return ratingSchema.safeParse(answer).data?.ticket_id ?? null;
  const response = responseSchema.safeParse(answer);
  return response.success ? ticketOfResponse(response.data) : null;
}
