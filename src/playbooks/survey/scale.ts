/** How likely to recommend, how satisfied, how easy it was. */
export type SurveyType = "nps" | "csat" | "ces";

/** From the worst answer to the best, in whole numbers. */
export const surveyScales = {
  nps: { from: 0, to: 10 },
  csat: { from: 1, to: 5 },
  ces: { from: 1, to: 7 },
} as const satisfies Record<SurveyType, { readonly from: number; readonly to: number }>;

/** Every answer there is, the worst first. */
export function scoresOf(type: SurveyType): readonly number[] {
  const { from, to } = surveyScales[type];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** An answer as a link or a form spells it; null for what is none. */
export function readScore(type: SurveyType, text: string): number | null {
  const score = /^\d{1,2}$/.test(text) ? Number(text) : null;
  return score !== null && scoresOf(type).includes(score) ? score : null;
}
