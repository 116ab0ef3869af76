import { escapeHtml } from "../playbooks/escape.ts";
import { scoresOf, surveyScales } from "../playbooks/survey/scale.ts";
import { dayIn, fillWords } from "../playbooks/survey/words.ts";
import type { SurveyRequest } from "../store/survey-requests.ts";
import type { CustomerPage } from "./customer-page.ts";

/** Characters of a comment. */
export const longestComment = 5_000;

/** What a survey's page is to show. */
export interface SurveyView {
  readonly request: SurveyRequest;
  /** The answer that stands in the link; null: none that there is. */
  readonly chosen: number | null;
  /** Of the account, else of the company. */
  readonly zone: string;
}

/** The page of a survey that takes an answer: the question, the answer of the link preselected, a box for a comment, one button. */
export function surveyPage({ request, chosen, zone }: SurveyView, status = 200): CustomerPage {
  const { type, question, words, answeredAt, score, comment, expiresAt } = request;
  const until = dayIn(words.language, expiresAt, zone);
  const note =
    answeredAt === null
      ? ""
      : `<p class="note" role="status">${escapeHtml(fillWords(words.thanks, { score }))} ${escapeHtml(fillWords(words.changeable, { date: until }))}</p>`;
  const choice = scoresOf(type).map(
    (each) =>
      `<label><input type="radio" name="score" value="${each}" required${each === (chosen ?? score) ? " checked" : ""}>${each}</label>`,
  );
  const { from, to } = surveyScales[type];
  const content = [
    `${note}<form method="post"><fieldset><legend>${lines(question)}</legend>`,
    `<div class="scores">${choice.join("")}</div>`,
    // With their numbers: on a phone the answers take two rows.
    `<p class="ends"><span>${from} – ${escapeHtml(words.low)}</span><span>${to} – ${escapeHtml(words.high)}</span></p></fieldset>`,
    `<label for="comment">${escapeHtml(words.comment)}</label>`,
    // A first line break in it is not shown, so one more stands there.
    `<textarea id="comment" name="comment" rows="5" maxlength="${longestComment}">\n${escapeHtml(comment ?? "")}</textarea>`,
    `<button type="submit">${escapeHtml(words.send)}</button></form>`,
  ];
  return { status, language: words.language, title: question, content: content.join("\n") };
}

/** The page of a survey that takes no answer any more; what was answered is shown. */
export function endedPage({ request, zone }: Omit<SurveyView, "chosen">): CustomerPage {
  const { question, words, score, expiresAt } = request;
  const ended = fillWords(words.ended, { date: dayIn(words.language, expiresAt, zone) });
  const thanks = score === null ? "" : `<p>${escapeHtml(fillWords(words.thanks, { score }))}</p>`;
  const content = `<h1>${lines(question)}</h1>${thanks}<p>${escapeHtml(ended)}</p>`;
  return { status: 410, language: words.language, title: question, content };
}

function lines(text: string): string {
  return escapeHtml(text).replaceAll("\n", "<br>");
}
