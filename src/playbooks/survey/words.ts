import { z } from "zod";
import type { SurveyType } from "./scale.ts";

const words = z.string().min(1).max(300);

/** What a survey says beside its question. `{score}` and `{date}` stand for the answer and a day. */
const wholeWordsSchema = z.strictObject({
  /** For screen readers, and for how days are written: `en`, `de-AT`. */
  language: z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'expected a language, such as "en" or "de-AT"'),
  /** The ends of the scale. */
  low: words,
  high: words,
  /** Above the box for a comment. */
  comment: words,
  send: words,
  thanks: words,
  changeable: words,
  ended: words,
});
export type SurveyWords = z.infer<typeof wholeWordsSchema>;

/** In a playbook: those that are to be others. */
export const surveyWordsSchema = wholeWordsSchema.partial();

const common = {
  language: "en",
  comment: "Would you like to add anything?",
  send: "Send",
  thanks: "Thank you. Your answer is {score}.",
  changeable: "You can change it until {date}.",
  ended: "This survey ended on {date}.",
} as const;

const standard = {
  nps: {
    question: "How likely are you to recommend us to a friend or colleague?",
    words: { ...common, low: "Not at all likely", high: "Extremely likely" },
  },
  csat: {
    question: "How satisfied are you with us?",
    words: { ...common, low: "Very dissatisfied", high: "Very satisfied" },
  },
  ces: {
    question: "It was easy to get done what I wanted.",
    words: { ...common, low: "Strongly disagree", high: "Strongly agree" },
  },
} as const satisfies Record<SurveyType, { readonly question: string; readonly words: SurveyWords }>;

/** The question as it is usually asked. */
export function standardQuestion(type: SurveyType): string {
  return standard[type].question;
}

/** The standard words, with those of a playbook in their place. */
export function surveyWords(type: SurveyType, own: z.infer<typeof surveyWordsSchema> = {}): SurveyWords {
  const { words: base } = standard[type];
  return wholeWordsSchema.parse({ ...base, ...own });
}

/** Words as the database has kept them. */
export function readSurveyWords(kept: unknown): SurveyWords {
  return wholeWordsSchema.parse(kept);
}

/** A text with the answer and the day in their places. */
export function fillWords(text: string, values: { readonly score?: number | null; readonly date?: string }): string {
  return text.replaceAll("{score}", String(values.score ?? "")).replaceAll("{date}", values.date ?? "");
}

/** A day as the survey's language writes it: `3 May 2026`. */
export function dayIn(language: string, at: Date, zone: string): string {
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: zone }).format(at);
}
