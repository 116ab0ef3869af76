import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

const minuteMs = 60_000;

/** `{ "error": "…", "status": "error" }`; some errors are plain text. */
const errorBody = z.looseObject({ error: z.string() });

/** What an answer of Mixpanel's means. `clean` makes its words fit for people. */
export function classifyMixpanel(answer: Answer, clean: (words: string) => string, now: Date): Verdict {
  const words = clean(wordsOf(answer.text));
  const verdict = classifyAnswer(answer, words === "" ? null : words, now);
  // It does not say for how long; its limits are by the hour.
  if (verdict.kind === "retry" && answer.status === 429 && answer.headers["retry-after"] === undefined) {
    return { ...verdict, afterMs: 5 * minuteMs };
  }
  return verdict;
}

function wordsOf(body: string): string {
  try {
    return errorBody.safeParse(JSON.parse(body)).data?.error ?? "";
  } catch {
    // A page of a proxy's says nothing.
    return /^\s*</.test(body) ? "" : body;
  }
}
