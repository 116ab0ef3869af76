import type { RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { momentText } from "./calendar.ts";
import { valueOn } from "./course.ts";
import { openRandom } from "./random.ts";
import { firstDayOf, isWithin, type Span } from "./span.ts";
import { csatInputs } from "./tickets.ts";

/** A question that each account is asked once in so many days, each on its own day. */
interface Question {
  readonly type: "nps" | "ces";
  readonly purpose: number;
  readonly everyDays: number;
  /** Days from the beginning of the contract. */
  readonly notBefore: number;
  readonly offset: number;
  /** The share of the questions that are answered. */
  readonly answered: number;
  readonly draw: (content: number, normal: number) => number;
}

const questions: readonly Question[] = [
  { type: "nps", purpose: 6, everyDays: 60, notBefore: 30, offset: 12, answered: 0.75, draw: drawNps },
  { type: "ces", purpose: 9, everyDays: 90, notBefore: 45, offset: 31, answered: 0.55, draw: drawCes },
];

/** Answers to the questions of every few weeks, and to the one after each solved ticket. */
export function surveyInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return [
    ...questions.flatMap((question) => questionInputs(question, seed, account, span)),
    ...csatInputs(seed, account, span),
  ];
}

function questionInputs(question: Question, seed: number, account: SampleAccount, span: Span): RecordInput[] {
  const { type, everyDays, offset } = question;
  const inputs: RecordInput[] = [];
  for (let day = firstDayOf(span, account.beganOn + question.notBefore, 0); day <= span.to; day += 1) {
    if (!isWithin(day, span) || (day - span.firstDay + account.index * 7 + offset) % everyDays !== 0) continue;
    const random = openRandom(seed, question.purpose, account.index, day);
    // Asked and not answered: a survey without a score.
    const score = random.chance(question.answered)
      ? { score: question.draw(valueOn(account.satisfaction, day - span.firstDay), random.normal()) }
      : {};
    const at = momentText(day + Math.min(23.8, account.opensAt + random.between(1, 8)) / 24);
    inputs.push({
      kind: "survey",
      id: `${type}-${account.key}-${day}`,
      account: account.key,
      at,
      set: { type, ...score },
    });
  }
  return inputs;
}

/** 0 to 10; content customers answer 8 and up. */
function drawNps(content: number, normal: number): number {
  return Math.max(0, Math.min(10, Math.round(0.8 + content * 9.6 + normal * 1.1)));
}

/** 1 to 7; content customers find it easy. */
function drawCes(content: number, normal: number): number {
  return Math.max(1, Math.min(7, Math.round(1.4 + content * 5.4 + normal * 0.8)));
}
