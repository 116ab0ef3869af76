import type { SurveyStep } from "../../playbook.ts";
import { standardQuestion, surveyWords } from "../../survey/words.ts";
import { domainOf, emailChannel, milliseconds, sendingOf, templateAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `survey` step, or null with its faults told. */
export function compileSurvey(step: StepOf<"survey">, { at, frame, compilation }: Site): SurveyStep | null {
  const { survey, to, expiresAfter } = step;
  const subject = templateAt(step.subject, "line", `${at}.subject`, compilation);
  const intro = step.intro === undefined ? null : templateAt(step.intro, "text", `${at}.intro`, compilation);
  const question = templateAt(step.question ?? standardQuestion(survey), "text", `${at}.question`, compilation);
  const channel = emailChannel(step.via, at, compilation);
  const expiresMs = milliseconds(expiresAfter);
  if (subject === null || question === null || channel === null) return null;
  const words = surveyWords(survey, step.words);
  const domain = domainOf(channel.from);
  const customers = sendingOf(channel);
  return {
    ...{ ...frame, kind: "survey", survey, to, subject, intro, question, words },
    ...{ channel: channel.id, domain, customers, expiresMs },
  };
}
