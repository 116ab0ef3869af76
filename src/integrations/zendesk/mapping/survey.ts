import { z } from "zod";
import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf, textOf } from "../../record-values.ts";
import { idText, momentText } from "./values.ts";

/** Good and bad are the two points of a scale of two. */
const ratingScale = 2;
const ratingScores: Readonly<Record<string, number>> = { bad: 1, good: 2 };
const responseScale = 5;

const anyId = idText.nullish().catch(null);

/** A rating of the older way of asking. */
export const ratingSchema = z.looseObject({
  id: idText,
  ticket_id: anyId,
  requester_id: anyId,
  /** `offered`, `unoffered`, `good`, `bad`. */
  score: z.string(),
  comment: z.string().nullish().catch(null),
  created_at: momentText,
  updated_at: momentText.nullish().catch(null),
});

const answerSchema = z.looseObject({
  type: z.string(),
  rating: z.number().nullish().catch(null),
  value: z.string().nullish().catch(null),
  question: z
    .looseObject({ sub_type: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  created_at: momentText.nullish().catch(null),
  updated_at: momentText.nullish().catch(null),
});

/** A response of the newer surveys: the moment it was offered is not told, only those of its answers. */
export const responseSchema = z.looseObject({
  id: idText,
  responder_id: anyId,
  subjects: z.array(z.looseObject({ id: idText, type: z.string() })).catch([]),
  subject_zrns: z.array(z.string()).catch([]),
  answers: z.array(z.unknown()).catch([]),
});

type Answer = z.infer<typeof answerSchema>;
type SurveyFields = FieldsOf<"survey">;

const rawSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("rating"), rating: z.unknown(), organization: z.string().nullable() }),
  z.looseObject({ kind: z.literal("response"), response: z.unknown(), organization: z.string().nullable() }),
]);
/** An answer of either kind of survey, with the organization of the ticket it is about. */
export type RawSurvey = z.infer<typeof rawSchema>;

/** Either kind as a CSAT survey. */
export function mapSurvey(raw: unknown): Mapped {
  const parsed = rawSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "neither a rating nor a survey response" };
  const { data } = parsed;
  return data.kind === "rating"
    ? mapRating(data.rating, data.organization)
    : mapResponse(data.response, data.organization);
}

function mapRating(raw: unknown, account: string | null): Mapped {
  const parsed = ratingSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a rating without an id or a time" };
  const { id, score: word, created_at: askedAt, requester_id: contact } = parsed.data;
  const score = ratingScores[word];
  // Nobody was asked, or we do not know what was said.
  if (score === undefined && word !== "offered") return {};
  if (account === null) return { skipped: "a rating of a ticket without an organization" };
  const asked = surveyAt(id, account, askedAt, { type: "csat", contact: labelOf(contact) });
  if (score === undefined) return { inputs: [asked] };
  const answer = { type: "csat", score, scale: ratingScale, comment: textOf(parsed.data.comment) } as const;
  return { inputs: [asked, surveyAt(id, account, parsed.data.updated_at ?? askedAt, answer)] };
}

function mapResponse(raw: unknown, account: string | null): Mapped {
  const parsed = responseSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a survey response without an id" };
  const { id, responder_id: contact } = parsed.data;
  const answers = parsed.data.answers.flatMap((answer) => {
    const read = answerSchema.safeParse(answer);
    return read.success ? [read.data] : [];
  });
  const rated = answers.find(isSatisfaction);
  const at = rated?.updated_at ?? rated?.created_at;
  if (rated?.rating == null || at == null) return {};
  if (account === null) return { skipped: "a survey response about no ticket of an organization" };
  const comment = answers.find(({ type, value }) => type === "open_ended" && value != null)?.value;
  const set = { type: "csat", score: rated.rating, scale: responseScale } as const;
  return {
    inputs: [surveyAt(id, account, at, { ...set, comment: textOf(comment), contact: labelOf(contact) })],
  };
}

/** A survey may ask for more ratings than this one. */
function isSatisfaction({ type, question }: Answer): boolean {
  return type === "rating_scale" && (question?.sub_type ?? "customer_satisfaction") === "customer_satisfaction";
}

function surveyAt(id: string, account: string, at: string, set: SurveyFields): RecordInput {
  return { kind: "survey", id, account, at, set };
}

/** The ticket that a response is about; null where it is about something else. */
export function ticketOfResponse(response: z.infer<typeof responseSchema>): string | null {
  const subject = response.subjects.find(({ type }) => type === "ticket");
  if (subject !== undefined) return subject.id;
  const zrn = response.subject_zrns.find((name) => /^(zen|zrn):ticket:\d+$/.test(name));
  return zrn?.split(":").at(-1) ?? null;
}
