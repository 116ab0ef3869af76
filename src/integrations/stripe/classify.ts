import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";
import { redactor } from "../redact.ts";

const errorSchema = z.looseObject({
  error: z.looseObject({
    type: z.string().nullish(),
    code: z.string().nullish(),
    message: z.string().nullish(),
    param: z.string().nullish(),
  }),
});

/** Stripe masks a key in its messages, but not all of it. */
const keyShape = /\b[rsp]k_(?:live|test)_[A-Za-z0-9*]+/g;
const clean = redactor([], 300);

/**
 * What an answer of Stripe means. "There is no such thing" is no failure: the answer is handed on, but for a cursor that is gone.
 * Messages are Stripe's own, without keys.
 */
export function classifyStripe(answer: Answer, now: Date): Verdict {
  const error = errorOf(answer);
  if (error === null) return classifyAnswer(answer, null, now);
  const words = clean((error.message ?? error.code ?? error.type ?? "no reason given").replace(keyShape, "the key"));
  if (error.code === "resource_missing" && (answer.status === 400 || answer.status === 404)) {
    const isCursor = error.param === "starting_after" || error.param === "ending_before";
    return isCursor ? { kind: "reset-cursor", reason: `the cursor is gone: ${words}` } : { kind: "ok" };
  }
  // Two callers met over one object: that is no limit for the others.
  if (error.code === "lock_timeout") return { kind: "retry", scope: "call", afterMs: null, reason: words };
  const verdict = classifyAnswer(answer, words, now);
  return verdict.kind === "forbidden" ? { ...verdict, missing: permissionIn(words) } : verdict;
}

function errorOf({ text }: Answer): z.infer<typeof errorSchema>["error"] | null {
  try {
    return errorSchema.parse(JSON.parse(text)).error;
  } catch {
    return null;
  }
}

/** As in "Having the 'rak_customer_read' permission would allow this request to continue." */
function permissionIn(words: string): string | null {
  return /'([a-z0-9_]+)' permission/.exec(words)?.[1] ?? null;
}
