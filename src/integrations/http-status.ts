import { STATUS_CODES } from "node:http";

/** What an HTTP status says about a delivery, before a channel decides what it makes of it. */
export interface StatusVerdict {
  readonly kind: "accepted" | "redirected" | "refused" | "gone" | "busy" | "broken";
  /** For people: `answered 404 Not Found`. */
  readonly words: string;
  /** The receiver asked to be left alone for this long. */
  readonly afterMs?: number;
}

export type HttpHeaders = Readonly<Record<string, unknown>>;

/** Statuses that say "not now": request timeout, too early, too many requests, and the gateway's three. */
const busyStatuses: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** Longer than the whole retry schedule (72 h): whatever asks for more gets this. */
const longestWaitMs = 7 * 24 * 3_600_000;

/** Sorts any HTTP status into one of six kinds. Headers (lower case) and `now` are read for `Retry-After` only. */
export function classifyStatus(status: number, headers: HttpHeaders, now: Date): StatusVerdict {
  const name = STATUS_CODES[status];
  const words = name === undefined ? `answered ${status}` : `answered ${status} ${name}`;
  const kind = kindOf(status);
  if (kind !== "busy" && kind !== "broken") return { kind, words };
  const afterMs = retryAfterMs(headers, now);
  return afterMs === null ? { kind, words } : { kind, words, afterMs };
}

function kindOf(status: number): StatusVerdict["kind"] {
  if (status >= 200 && status < 300) return "accepted";
  if (status >= 300 && status < 400) return "redirected";
  if (status === 410) return "gone";
  if (busyStatuses.has(status)) return "busy";
  return status >= 400 && status < 500 ? "refused" : "broken";
}

/** Milliseconds from `now` that `Retry-After` asks for, in seconds or as an HTTP date; null when it is absent or not understood. */
function retryAfterMs(headers: HttpHeaders, now: Date): number | null {
  const value = headers["retry-after"];
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1_000), longestWaitMs);
  // Without a weekday's comma and a zone `Date.parse` would guess.
  const at = /^[A-Za-z]{3,9},? .*GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(at - now.getTime(), 0), longestWaitMs);
}
