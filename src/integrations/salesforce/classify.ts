import { z } from "zod";
import type { Answer, Verdict } from "../call-port.ts";
import { classifyAnswer } from "../classify-answer.ts";

/** Bodies of errors: a list from the data API, an object from the login. */
const dataError = z.looseObject({ errorCode: z.string().regex(/^[A-Z_]{1,80}$/), message: z.string().catch("") });
const dataErrors = z.tuple([dataError], z.unknown());
const loginError = z.looseObject({ error: z.string(), error_description: z.string().catch("") });

/** The day's budget is one over 24 hours past: some of it is back within the hour. */
const budgetPauseMs = 3_600_000;

const passing = ["UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG"];
const tooMuch = ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"];
/** Not of the data asked for, but of what this user may do at all. */
const withheld = [
  "API_CURRENTLY_DISABLED",
  "API_DISABLED_FOR_ORG",
  "FUNCTIONALITY_NOT_ENABLED",
  "INSUFFICIENT_ACCESS",
  "INSUFFICIENT_ACCESS_OR_READONLY",
  "INVALID_FIELD",
  "INVALID_TYPE",
  "NOT_FOUND",
];

/** What an answer of Salesforce means. Its words are kept as `clean` leaves them, without tokens. */
export function classifySalesforce(answer: Answer, now: Date, clean: (words: string) => string): Verdict {
  const body = parse(answer.text);
  const data = dataErrors.safeParse(body);
  if (data.success) {
    const [first] = data.data;
    return classifyError({ code: first.errorCode, message: withoutToken(first.message, clean) }, answer, now);
  }
  const login = loginError.safeParse(body);
  if (login.success && [400, 401, 403].includes(answer.status)) {
    const said = withoutToken(`${login.data.error}: ${login.data.error_description}`, clean);
    return { kind: "forbidden", missing: null, reason: `the login was refused: ${said}` };
  }
  // 414 and 431: the query is too long for a URL.
  if (answer.status === 414 || answer.status === 431)
    return { kind: "fatal", reason: "the query is too long for a URL" };
  return classifyAnswer(answer, null, now);
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

function classifyError({ code, message }: Refusal, answer: Answer, now: Date): Verdict {
  const words = `${code}: ${message}`;
  const reason = `Salesforce: ${words}`;
  if (code === "INVALID_SESSION_ID" || answer.status === 401) return { kind: "reauthenticate", reason };
  if (code === "REQUEST_LIMIT_EXCEEDED") return { kind: "retry", scope: "day", afterMs: budgetPauseMs, reason };
  if (code === "INVALID_QUERY_LOCATOR") return { kind: "reset-cursor", reason };
  if (tooMuch.includes(code)) return { kind: "shrink-window", reason };
  if (isPassing(code)) return { kind: "retry", scope: "call", afterMs: null, reason };
  if (withheld.includes(code)) return { kind: "forbidden", missing: missingOf(message) ?? code, reason };
  return classifyAnswer(answer, words, now);
}

/** Another transaction holds the row, or the server is busy: the same may go well a little later. */
export function isPassing(code: string): boolean {
  return passing.includes(code);
}

/** The field or object an error names: `No such column 'X' on entity 'Y'`, `sObject type 'X' is not supported`. */
function missingOf(message: string): string | null {
  const [, field, object] = /No such column '([\w.]+)' on (?:entity|sobject of type) '?(\w+)/i.exec(message) ?? [];
  if (field !== undefined) return `${object}.${field}`;
  return /sObject type '(\w+)'/.exec(message)?.[1] ?? null;
}

/** Session ids are the organization's id, an exclamation mark and the secret. */
function withoutToken(words: string, clean: (words: string) => string): string {
  return clean(words.replace(/00D\w{9,15}!\S+/g, "[redacted]"));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
