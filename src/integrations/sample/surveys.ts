import type { RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { momentText } from "./calendar.ts";
import { valueOn } from "./course.ts";
import { openRandom } from "./random.ts";
import { firstDayOf, isWithin, type Span } from "./span.ts";
import { csatInputs } from "./tickets.ts";

const npsPurpose = 6;
/** Each account is asked once in so many days, each on its own day. */
const npsEveryDays = 60;

/** Answers to the quarterly question and to the one after each solved ticket. */
export function surveyInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return [...npsInputs(seed, account, span), ...csatInputs(seed, account, span)];
}

function npsInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  const inputs: RecordInput[] = [];
  for (let day = firstDayOf(span, account.beganOn + 30, 0); day <= span.to; day += 1) {
    if (!isWithin(day, span) || (day - span.firstDay + account.index * 7 + 12) % npsEveryDays !== 0) continue;
    const random = openRandom(seed, npsPurpose, account.index, day);
    if (!random.chance(0.75)) continue;
    const score = drawNps(valueOn(account.satisfaction, day - span.firstDay), random.normal());
    const at = momentText(day + Math.min(23.8, account.opensAt + random.between(1, 8)) / 24);
    inputs.push({
      kind: "survey",
      id: `nps-${account.key}-${day}`,
      account: account.key,
      at,
      set: { type: "nps", score },
    });
  }
  return inputs;
}

/** 0 to 10; content customers answer 8 and up. */
function drawNps(content: number, normal: number): number {
  return Math.max(0, Math.min(10, Math.round(0.8 + content * 9.6 + normal * 1.1)));
}
