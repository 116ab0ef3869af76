import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

/** A scroll that nobody goes on with ends after a minute. */
const scrollIdleMs = 60_000;
/** A clock that is wrong may not stop us for longer. */
const longestPauseMs = 15 * 60_000;

const errorBody = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string().catch(""), message: z.string().nullish().catch(null) })).catch([]),
});

/** What an answer of Intercom's means. `clean` makes its words fit for people. */
export function classifyIntercom(answer: Answer, clean: (words: string) => string, now: Date): Verdict {
  const [first] = errorsOf(answer.text);
  const code = first?.code ?? "";
  const words = clean([code, first?.message ?? ""].filter(Boolean).join(": "));
  const verdict = classifyAnswer(answer, words === "" ? null : words, now);
  if (verdict.kind === "ok") return verdict;
  if (code === "scroll_exists" && answer.status < 500) {
    const reason = `${verdict.reason} (another scroll is open; it ends by itself)`;
    return { kind: "retry", scope: "call", afterMs: scrollIdleMs, reason };
  }
  if (verdict.kind === "retry" && answer.status === 429) {
    return { ...verdict, afterMs: pauseOf(answer, now) ?? verdict.afterMs };
  }
  if (verdict.kind === "forbidden") {
    const message = clean(first?.message ?? "");
    return { ...verdict, missing: message === "" ? null : message };
  }
  return verdict;
}

/** Intercom names the second at which its limit is fresh again. */
function pauseOf({ headers }: Answer, now: Date): number | null {
  const reset = headers["x-ratelimit-reset"];
  if (headers["retry-after"] !== undefined || typeof reset !== "string" || !/^\d{1,12}$/.test(reset)) return null;
  return Math.min(Math.max(Number(reset) * 1_000 - now.getTime(), 1_000), longestPauseMs);
}

function errorsOf(body: string): z.infer<typeof errorBody>["errors"] {
  try {
    return errorBody.safeParse(JSON.parse(body)).data?.errors ?? [];
  } catch {
    return [];
  }
}
