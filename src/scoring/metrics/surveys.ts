import { dayOfInstant } from "../days.ts";
import type { DayNumber, Instant, MetricValue } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, ageOf, type Reach, reachOf, recordsOf } from "./account-view.ts";
import { isWithin, windowEnding } from "./local-window.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";

type Survey = RecordState<"survey">;

const undelivered = "no source delivers survey answers";
/** An answer five half-lives old weighs a thirty-second of a fresh one. */
const mostHalfLives = 5;

interface SurveyType {
  readonly type: "nps" | "csat" | "ces";
  readonly unit: string;
  /** From the worst answer to the best; answers on another scale are stretched to it. */
  readonly scale: { readonly from: number; readonly to: number };
  /** How long it takes until an answer says half as much. */
  readonly halfLifeDays: number;
}

/** How satisfied, how easy it was, how likely to recommend: the first two speak of the last weeks, the third of the relationship. */
const surveyTypes: readonly SurveyType[] = [
  { type: "csat", unit: "1-5", scale: { from: 1, to: 5 }, halfLifeDays: 90 },
  { type: "ces", unit: "1-7", scale: { from: 1, to: 7 }, halfLifeDays: 90 },
  { type: "nps", unit: "points", scale: { from: 0, to: 10 }, halfLifeDays: 180 },
];

interface Answer {
  readonly at: Instant;
  /** On the scale of its type. */
  readonly score: number;
}

/** `csat.*`, `ces.*`, `nps.*` and `surveys.*`. */
export const surveyMetrics: readonly Metric[] = [
  ...surveyTypes.flatMap((of) => [latest(of), average(of, 90), average(of, 365), decayed(of)]),
  responseRate(90),
  responseRate(365),
];

function latest(of: SurveyType): Metric {
  const none = `no ${nameOf(of)} answer yet`;
  return {
    ...definition(`${of.type}.latest`, of.unit, `the newest ${wordsOf(of)}; its age is its own`, none),
    compute: (view) => {
      if (reachOf(view, "survey") === null) return noData(of.unit, undelivered);
      let newest: Answer | null = null;
      for (const answer of answersOf(view, of)) if (newest === null || answer.at >= newest.at) newest = answer;
      return newest === null ? noData(of.unit, none) : measured(of.unit, newest.score, ageOf(view, newest.at));
    },
  };
}

function average(of: SurveyType, days: number): Metric {
  const none = `no ${nameOf(of)} answer in the last ${days} days`;
  const formula = `mean ${wordsOf(of)} of the last ${days} complete, covered days`;
  return {
    ...definition(`${of.type}.avg_${days}d`, of.unit, formula, none),
    compute: (view) => weightedMean(view, of, { days, none, weightOf: () => 1 }),
  };
}

function decayed(of: SurveyType): Metric {
  const days = of.halfLifeDays * mostHalfLives;
  const none = `no ${nameOf(of)} answer in the last ${days} days`;
  const formula = `mean ${wordsOf(of)} of the last ${days} complete, covered days, each weighing 0.5^(its age ÷ ${of.halfLifeDays} days)`;
  return {
    ...definition(`${of.type}.decayed`, of.unit, formula, none),
    compute: (view) =>
      weightedMean(view, of, { days, none, weightOf: (ageDays) => 0.5 ** (ageDays / of.halfLifeDays) }),
  };
}

/** Who answers is not asked by type: a customer who no longer answers does so to all of them. */
function responseRate(days: number): Metric {
  const none = `no survey was sent in the last ${days} days`;
  const formula = `surveys of the last ${days} complete, covered days that were answered ÷ all of them; 1 where a source delivers answers only`;
  return {
    ...definition(`surveys.response_rate_${days}d`, "share", formula, none),
    compute: (view) =>
      overSurveys(view, "share", ({ end, ageDays }) => {
        const window = windowEnding(view, end, days);
        const asked = recordsOf(view, "survey").filter(({ firstAt }) => isWithin(window, firstAt));
        if (asked.length === 0) return noData("share", none);
        const answered = asked.filter(({ fields }) => fields.score !== undefined);
        return measured("share", answered.length / asked.length, ageDays);
      }),
  };
}

function definition(name: string, unit: string, formula: string, none: string): MetricDefinition {
  return { name, unit, type: "number", source: "survey", formula, missing: `${undelivered}, or ${none}` };
}

function nameOf({ type }: SurveyType): string {
  return type.toUpperCase();
}

function wordsOf(of: SurveyType): string {
  const { from, to } = of.scale;
  return `${nameOf(of)} answer, ${from}–${to}${of.type === "nps" ? "" : ", other scales stretched to that"}`;
}

function overSurveys(view: AccountView, unit: string, compute: (reach: Reach) => MetricValue): MetricValue {
  const reach = reachOf(view, "survey");
  return reach === null ? noData(unit, undelivered) : compute(reach);
}

function weightedMean(
  view: AccountView,
  of: SurveyType,
  how: { readonly days: number; readonly none: string; readonly weightOf: (ageDays: number) => number },
): MetricValue {
  return overSurveys(view, of.unit, ({ end, ageDays }) => {
    const window = windowEnding(view, end, how.days);
    let weights = 0;
    let sum = 0;
    for (const { at, score } of answersOf(view, of)) {
      if (!isWithin(window, at)) continue;
      const weight = how.weightOf(daysBetween(view, at, end));
      weights += weight;
      sum += weight * score;
    }
    return weights === 0 ? noData(of.unit, how.none) : measured(of.unit, sum / weights, ageDays);
  });
}

function daysBetween(view: AccountView, at: Instant, end: DayNumber): number {
  return end - dayOfInstant(view.zone, at);
}

/** A score off its scale is a fault in the data; counting it would bend the mean. */
function answersOf(view: AccountView, of: SurveyType): readonly Answer[] {
  const answers: Answer[] = [];
  for (const survey of recordsOf(view, "survey")) {
    if (survey.fields.type !== of.type) continue;
    const score = scoreOf(survey, of);
    if (score !== null) answers.push({ at: answeredAt(survey), score });
  }
  return answers;
}

/** The answer on its type's scale, null when there is none or it lies off its own. */
function scoreOf({ fields }: Survey, { type, scale: { from, to } }: SurveyType): number | null {
  const { score } = fields;
  const own = type === "nps" ? to : (fields.scale ?? to);
  if (score === undefined || own <= from || score < from || score > own) return null;
  return own === to ? score : from + ((score - from) * (to - from)) / (own - from);
}

/** When the score was last given: a comment added later does not make the answer newer. */
function answeredAt(survey: Survey): Instant {
  let at = survey.firstAt;
  for (const { set, occurredAt } of survey.changes) if (set.score !== undefined) at = occurredAt;
  return at;
}
