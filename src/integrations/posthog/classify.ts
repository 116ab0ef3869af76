import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

/** `{ "type": "authentication_error", "code": "permission_denied", "detail": "…" }` */
const errorBody = z.looseObject({ detail: z.string() });

/** What an answer of PostHog's means. `clean` makes its words fit for people. */
export function classifyPosthog(answer: Answer, clean: (words: string) => string, now: Date): Verdict {
  const detail = detailOf(answer.text);
  const verdict = classifyAnswer(withPause(answer, detail), detail === "" ? null : clean(detail), now);
  if (verdict.kind !== "forbidden") return verdict;
  const scope = /scope\s+'?([a-z_]+:[a-z_]+)'?/i.exec(detail)?.[1] ?? null;
  return { ...verdict, missing: scope };
}

/** Where Retry-After is missing, the words say it: "Expected available in 23 seconds." */
function withPause(answer: Answer, detail: string): Answer {
  const seconds = /available in (\d+) seconds?/i.exec(detail)?.[1];
  if (answer.status !== 429 || answer.headers["retry-after"] !== undefined || seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": seconds } };
}

function detailOf(body: string): string {
  try {
    return errorBody.safeParse(JSON.parse(body)).data?.detail ?? "";
  } catch {
    return "";
  }
}
