import { paragraphsOf } from "../email-message.ts";
import { escapeHtml } from "../escape.ts";
import { type SurveyType, scoresOf } from "./scale.ts";
import type { SurveyWords } from "./words.ts";

/** A survey as its mail shows it, all texts rendered. */
export interface SurveyContent {
  readonly type: SurveyType;
  /** Stands above the question; empty where there is none. */
  readonly intro: string;
  readonly question: string;
  readonly words: SurveyWords;
  /** Where an answer leads to. */
  readonly linkOf: (score: number) => string;
}

/** The mail as plain text: a link for each answer. */
export function surveyText({ type, intro, question, words, linkOf }: SurveyContent): string {
  const scores = scoresOf(type);
  const ends = new Map([
    [scores.at(0), ` (${words.low})`],
    [scores.at(-1), ` (${words.high})`],
  ]);
  const answers = scores.map((score) => `${score}${ends.get(score) ?? ""}: ${linkOf(score)}`);
  return [...(intro === "" ? [] : [intro]), question, answers.join("\n")].join("\n\n");
}

/** The same as HTML for the body of a mail. Tables and styles at each element: what mail programs show alike. */
export function surveyHtml({ type, intro, question, words, linkOf }: SurveyContent): string {
  const scores = scoresOf(type);
  const width = Math.floor(100 / scores.length);
  const cells = scores.map(
    (score) =>
      `<td width="${width}%" align="center" bgcolor="#f2f4f7" style="border:2px solid #ffffff"><a href="${escapeHtml(linkOf(score))}" style="${button}">${score}</a></td>`,
  );
  const [low, high] = [words.low, words.high].map(escapeHtml);
  const half = Math.floor(scores.length / 2);
  return [
    ...(intro === "" ? [] : [paragraphsOf(intro)]),
    `<p style="margin:0 0 0.6em"><strong>${lines(question)}</strong></p>`,
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;table-layout:fixed">',
    `<tr>${cells.join("")}</tr>`,
    `<tr><td colspan="${half}" align="left" style="${label}">${low}</td>`,
    `<td colspan="${scores.length - half}" align="right" style="${label}">${high}</td></tr>`,
    "</table>",
  ].join("\n");
}

const button = "display:block;padding:11px 0;color:#1a4fb4;font-weight:bold;text-decoration:none";
const label = "padding:4px 2px 0;color:#555;font-size:12px";

function lines(text: string): string {
  return escapeHtml(text).replaceAll("\n", "<br>");
}
