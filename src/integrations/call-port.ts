/** At most `calls` in any `perMs` milliseconds, over all processes. */
export interface Limit {
  readonly bucket: string;
  readonly calls: number;
  readonly perMs: number;
}

/** One request to a vendor. */
export interface CallRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Which limits count for it; the source's first one unless given. */
  readonly buckets?: readonly string[] | undefined;
  /** Makes something anew each time it arrives: it is not tried again at once, and whoever asks looks first whether it is there. */
  readonly once?: boolean | undefined;
  /** More of an answer than this is an error; 32 MB unless given. */
  readonly longestAnswerBytes?: number | undefined;
}

/** A vendor's whole answer. Header names are in small letters. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What came of one attempt. */
export type CallResult =
  | ({ readonly kind: "answered" } & Answer)
  /** Surely nothing of it left. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** It may have arrived. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** What an answer means for the pull. Reasons are for people and hold no secret. */
export type Verdict =
  | { readonly kind: "ok" }
  /**
   * Not now. `call`: this one; `bucket`: everything under the same limit, for everybody; `day`: the day's budget is used up. `afterMs` is
   * what the vendor asks for, null where it says nothing.
   */
  | {
      readonly kind: "retry";
      readonly scope: "call" | "bucket" | "day";
      readonly afterMs: number | null;
      readonly reason: string;
    }
  /** The access token is no good (any more). */
  | { readonly kind: "reauthenticate"; readonly reason: string }
  /** The cursor is no good any more: from the beginning. */
  | { readonly kind: "reset-cursor"; readonly reason: string }
  /** Too much at once. */
  | { readonly kind: "shrink-window"; readonly reason: string }
  /** `missing`: the scope or permission in the vendor's words, where it says. */
  | { readonly kind: "forbidden"; readonly missing: string | null; readonly reason: string }
  | { readonly kind: "fatal"; readonly reason: string };

/** A pull cannot go on: the engine decides what to do by the verdict. */
export class SourceHalt extends Error {
  readonly verdict: Exclude<Verdict, { kind: "ok" }>;
  constructor(verdict: Exclude<Verdict, { kind: "ok" }>) {
    super(verdict.reason);
    this.name = "SourceHalt";
    this.verdict = verdict;
  }
}
