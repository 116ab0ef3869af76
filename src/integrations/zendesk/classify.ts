import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

/** Exports end a minute before now: what asks for later is told so. */
const exportDelayMs = 60_000;

const text = z.string().catch("");
/** `{ "error": "InvalidCursor", "description": "…" }`, or the error as an object with a title. */
const errorBody = z.looseObject({
  error: z.union([z.string(), z.looseObject({ title: text, message: text })]).catch(""),
  description: text,
});

/** What an answer of Zendesk's means. `clean` makes its words fit for people. */
export function classifyZendesk(answer: Answer, clean: (words: string) => string, now: Date): Verdict {
  const { code, description } = errorOf(answer.text);
  const words = clean([code, description].filter(Boolean).join(": "));
  const verdict = classifyAnswer(withPause(answer), words === "" ? null : words, now);
  const { status } = answer;
  if (status === 404) return { kind: "forbidden", missing: null, reason: reasonOf(verdict) };
  if (verdict.kind === "forbidden") {
    const missing = /scope|permission|admin|access/i.test(description) ? clean(description) : null;
    return { ...verdict, missing };
  }
  if (status === 400 || status === 422) return refusedQuery(code + description, verdict);
  return verdict;
}

/** Too new a start comes right with time; a cursor never does. */
function refusedQuery(said: string, verdict: Verdict): Verdict {
  if (/cursor/i.test(said)) return { kind: "reset-cursor", reason: reasonOf(verdict) };
  if (/start_?time|too recent/i.test(said)) {
    return { kind: "retry", scope: "call", afterMs: exportDelayMs, reason: reasonOf(verdict) };
  }
  return verdict;
}

/** Where Retry-After is missing, the seconds until the limit is fresh again stand in for it. */
function withPause(answer: Answer): Answer {
  const reset = answer.headers["ratelimit-reset"];
  if (answer.status !== 429 || answer.headers["retry-after"] !== undefined || reset === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": reset } };
}

function reasonOf(verdict: Verdict): string {
  return verdict.kind === "ok" ? "" : verdict.reason;
}

function errorOf(body: string): { code: string; description: string } {
  const parsed = errorBody.safeParse(jsonOf(body));
  if (!parsed.success) return { code: "", description: "" };
  const { error, description } = parsed.data;
  if (typeof error === "string") return { code: error, description };
  return { code: error.title, description: description === "" ? error.message : description };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
