import { startOfDay } from "../days.ts";
import type { Instant } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, ageOf, reachOf, recordsOf } from "./account-view.ts";
import { type Metric, measured, noData } from "./metric.ts";

const undelivered = "no source delivers survey answers";
const noCsat = "no CSAT answer in the last 90 days";
const noNps = "no NPS answer yet";

interface Answer {
  readonly at: Instant;
  readonly score: number;
  readonly scale: number;
}

/** `csat.*` and `nps.*`. */
export const surveyMetrics: readonly Metric[] = [
  {
    name: "csat.avg_90d",
    unit: "1-5",
    type: "number",
    source: "survey",
    formula: "mean CSAT answer of the last 90 complete, covered days, other scales stretched to 1–5",
    missing: `${undelivered}, or ${noCsat}`,
    compute: (view) => {
      const reach = reachOf(view, "survey");
      if (reach === null) return noData("1-5", undelivered);
      const from = startOfDay(view.zone, reach.end - 89);
      const until = startOfDay(view.zone, reach.end + 1);
      let answers = 0;
      let sum = 0;
      for (const { at, score, scale } of answersOf(view, "csat")) {
        // A score off its scale is a fault in the data; counting it would bend the mean.
        if (at < from || at >= until || scale <= 1 || score < 1 || score > scale) continue;
        answers += 1;
        sum += scale === 5 ? score : 1 + ((score - 1) * 4) / (scale - 1);
      }
      return answers === 0 ? noData("1-5", noCsat) : measured("1-5", sum / answers, reach.ageDays);
    },
  },
  {
    name: "nps.latest",
    unit: "points",
    type: "number",
    source: "survey",
    formula: "the newest NPS answer, 0–10; its age is its own",
    missing: `${undelivered}, or ${noNps}`,
    compute: (view) => {
      if (reachOf(view, "survey") === null) return noData("points", undelivered);
      let newest: Answer | null = null;
      for (const answer of answersOf(view, "nps")) {
        if (answer.score < 0 || answer.score > 10) continue;
        if (newest === null || answer.at >= newest.at) newest = answer;
      }
      return newest === null ? noData("points", noNps) : measured("points", newest.score, ageOf(view, newest.at));
    },
  },
];

function answersOf(view: AccountView, type: "nps" | "csat"): readonly Answer[] {
  const answers: Answer[] = [];
  for (const survey of recordsOf(view, "survey")) {
    const { score, scale } = survey.fields;
    if (survey.fields.type !== type || score === undefined) continue;
    answers.push({ at: answeredAt(survey), score, scale: scale ?? 5 });
  }
  return answers;
}

/** When the score was last given: a comment added later does not make the answer newer. */
function answeredAt(survey: RecordState<"survey">): Instant {
  let at = survey.firstAt;
  for (const { set, occurredAt } of survey.changes) if (set.score !== undefined) at = occurredAt;
  return at;
}
