import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

const scopes = z.union([z.string(), z.array(z.string())]).transform((found) => [found].flat());
const context = z
  .looseObject({ requiredGranularScopes: scopes, requiredScopes: scopes, missingScopes: scopes })
  .partial()
  .catch({});

/** HubSpot's errors; every field may be absent. */
const errorSchema = z.looseObject({
  message: z.string().catch(""),
  category: z.string().nullish().catch(null),
  policyName: z.string().nullish().catch(null),
  context: context.nullish(),
  errors: z
    .array(z.looseObject({ message: z.string().catch(""), context: context.nullish() }).catch({ message: "" }))
    .catch([]),
});
type HubSpotError = z.infer<typeof errorSchema>;

const secondMs = 1_000;
/** "Migration in progress": the account moves to another data centre, for a day at most. */
const migrating = 477;

/** What an answer of HubSpot means. `clean` makes its words fit to be shown. */
export function classifyHubSpot(answer: Answer, now: Date, clean: (text: string) => string): Verdict {
  const error = errorOf(answer.text);
  const words = error === null ? null : clean(wordsOf(error));
  const verdict = classifyAnswer(answer, words === "" ? null : words, now);
  if (answer.status === migrating)
    return { kind: "retry", scope: "bucket", afterMs: null, reason: verdictWords(verdict) };
  if (verdict.kind === "forbidden" && error !== null) return { ...verdict, missing: missingScopes(error, clean) };
  if (verdict.kind !== "retry" || answer.status !== 429) return verdict;
  // The day ends at midnight of the HubSpot account's zone, which nobody tells here.
  if (error?.policyName === "DAILY") return { ...verdict, scope: "day", afterMs: null };
  const isSecond = error?.policyName === "SECONDLY" && answer.headers["retry-after"] === undefined;
  return isSecond ? { ...verdict, afterMs: secondMs } : verdict;
}

function verdictWords(verdict: Verdict): string {
  return verdict.kind === "ok" ? "" : verdict.reason;
}

function errorOf(text: string): HubSpotError | null {
  try {
    const found = errorSchema.safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}

/** What is wrong, and what is wrong with each part of it; the same words once. */
function wordsOf({ message, errors }: HubSpotError): string {
  return [...new Set([plain(message), ...errors.map((each) => plain(each.message))])].filter(Boolean).join("; ");
}

/** HubSpot puts faults of properties into the message, as JSON behind a sentence. */
function plain(message: string): string {
  const at = message.indexOf("[{");
  if (at === -1) return message;
  try {
    const faults = z.array(z.looseObject({ message: z.string() })).safeParse(JSON.parse(message.slice(at)));
    if (!faults.success) return message;
    return `${message.slice(0, at)}${faults.data.map((fault) => fault.message).join("; ")}`;
  } catch {
    return message;
  }
}

/** The scopes as HubSpot names them, the fine ones first: an app is given those. */
function missingScopes({ context: whole, errors }: HubSpotError, clean: (text: string) => string): string | null {
  const contexts = [whole, ...errors.map((each) => each.context)];
  for (const key of ["requiredGranularScopes", "missingScopes", "requiredScopes"] as const) {
    const names = contexts.flatMap((each) => each?.[key] ?? []);
    if (names.length > 0) return clean([...new Set(names)].join(", "));
  }
  return null;
}
