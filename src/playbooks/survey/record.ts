import type { RecordInput } from "../../scoring/records.ts";
import { type SurveyType, surveyScales } from "./scale.ts";

/** The source of the records that our own surveys make; no source of sources.json can have this name. */
export const surveySource = "keepwell:surveys";

/** A survey that somebody was asked. */
export interface AskedSurvey {
  readonly id: number;
  /** The key of the account. */
  readonly account: string;
  readonly type: SurveyType;
  /** Whom; null once the person was erased. */
  readonly email: string | null;
}

/** That it was asked: a survey without a score. */
export function askedRecord(survey: AskedSurvey, at: Date): RecordInput {
  return { ...frameOf(survey), at: at.toISOString(), set: setOf(survey) };
}

/** What came back. */
export function answeredRecord(
  survey: AskedSurvey,
  answer: { readonly score: number; readonly comment: string | null },
  at: Date,
): RecordInput {
  return { ...frameOf(survey), at: at.toISOString(), set: { ...setOf(survey), ...answer } };
}

function frameOf({ id, account }: AskedSurvey) {
  return { kind: "survey", id: String(id), account } as const;
}

function setOf({ type, email }: AskedSurvey) {
  return { type, scale: type === "nps" ? null : surveyScales[type].to, ...(email !== null && { contact: email }) };
}
