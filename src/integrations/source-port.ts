import type { Input, RecordInput, SourceKind, StreamKind } from "../scoring/records.ts";
import type { Hook } from "./hook-port.ts";
import type { Sink } from "./sink-port.ts";
import type { Tracking } from "./tracking-port.ts";

/** A connector: pulls pages, may receive webhooks, may take tasks and fields back. It makes one attempt at a time and stores nothing. */
export interface Source {
  /** As sources.json names it; also in the URL of its webhooks. */
  readonly id: string;
  /** The vendor or sort, such as "hubspot". */
  readonly kind: string;
  /** May an account that nobody knows be made by this source (`create`), or only be found among those there are (`match`)? */
  readonly accounts: "create" | "match";
  /** Whether its ids of accounts are our keys: then an unknown id is looked for among the keys, too. */
  readonly idsAreKeys: boolean;
  /** In the order in which they are pulled: accounts before what belongs to them. Empty for one that only receives. */
  readonly streams: readonly SourceStream[];
  /** The vendor's limits; the first one counts for every call that names none. */
  readonly limits: readonly Limit[];
  /** One page of a stream: no loops, no sleeps, no storing. Calls out by `context.call` only, or by its own connection (SQL, files). */
  pull(stream: string, cursor: unknown, context: PullContext): Promise<Page>;
  /** The present state of single things, for webhooks that only hint; ids the vendor no longer has come back as deleted. */
  fetch?(stream: string, ids: readonly string[], context: PullContext): Promise<FetchedPage>;
  /** What one raw thing of a stream means. Pure; never throws for what a vendor may send: what cannot be used is `skipped`, with why. */
  map(stream: string, raw: unknown, context: MapContext): Mapped;
  /** What an answer means that is not 2xx. Pure. */
  classify(answer: Answer, now: Date): Verdict;
  /** One attempt, without judgement; absent where nothing goes over HTTP. */
  send?(request: CallRequest, signal: AbortSignal): Promise<CallResult>;
  /** Drops a cached access token, so that the next pull gets a new one; absent where there is none to get. */
  forgetToken?(): void;
  /** Are credentials, scopes and objects there? Missing scopes are named in the vendor's words. For `sources check` and `doctor`. */
  check(context: PullContext): Promise<SourceCheck>;
  close?(): Promise<void>;
  /** What it receives at `POST /webhooks/<id>`. */
  readonly hook?: Hook | undefined;
  /** What it receives from tracked products at `POST /v1/<call>`; its `hook` reads what is kept. */
  readonly tracking?: Tracking | undefined;
  /** Where tasks and fields go back to. */
  readonly sink?: Sink | undefined;
}

/** One sort of thing that a source pulls. */
export interface SourceStream {
  /** Unique in the source, such as "tickets". */
  readonly name: string;
  /** The kinds of record its pages may hold: their measures are held while it fails. */
  readonly feeds: readonly StreamKind[];
  /** Milliseconds between two pulls once it is done. */
  readonly everyMs: number;
  /** `snapshot`: each sweep brings everything there is, so that what is missing at its end was deleted. */
  readonly mode: "incremental" | "snapshot" | "window";
}

/** At most `calls` in any `perMs` milliseconds, over all processes. */
export interface Limit {
  readonly bucket: string;
  readonly calls: number;
  readonly perMs: number;
}

/** What a pull may use. */
export interface PullContext {
  readonly now: Date;
  /** The company's zone, for days that a vendor counts in ours. */
  readonly zone: string;
  /** Fires when the process stops or the lease would run out. */
  readonly signal: AbortSignal;
  /**
   * Calls the vendor: waits for the limits, tries again what `classify` says is worth it, and answers 2xx only. Throws `SourceHalt` for
   * everything else, which a pull lets pass, unless it knows better what to do with the verdict.
   */
  readonly call: (request: CallRequest) => Promise<Answer>;
  /** How often this page was asked for with too large a window: halve it as often. */
  readonly shrink: number;
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

/** A page as the vendor gave it; its records are stored with its cursor in one transaction. */
export interface Page {
  /** What `map` takes, one by one. */
  readonly raw: readonly unknown[];
  /** Plain JSON, 2 kB at most; opaque to the engine. Null begins anew. */
  readonly cursor: unknown;
  /** Nothing more for now. */
  readonly done: boolean;
  /** The last complete day the stream has delivered with this page. */
  readonly coveredThrough?: string | undefined;
  /** The page holds history that was known as it happened; unless given, that is so until a stream is done for the first time. */
  readonly backfilled?: boolean | undefined;
  /** Names the sweep a page of a snapshot is part of: the same from its first page to the one that is done. */
  readonly sweep?: string | undefined;
}

/** Single things as they are now. */
export interface FetchedPage {
  readonly raw: readonly unknown[];
  /** Ids that the vendor no longer has. */
  readonly deleted: readonly string[];
}

/** What mapping may use. */
export interface MapContext {
  readonly now: Date;
  /** The company's zone, for days. */
  readonly zone: string;
  /** The id of our owner for a vendor's user; their address where owners.json does not know it; null where nothing is known of them. */
  readonly ownerOf: (externalId: string) => string | null;
}

/** What a raw thing comes to. */
export interface Mapped {
  /** Account names in them are the source's own ids. */
  readonly inputs?: readonly Input[] | undefined;
  /**
   * How records stood when they were seen (`at`), where the vendor does not say since when: of them only what differs from what is known
   * is kept. For sweeps and snapshots; whatever has a time of the vendor's own belongs into `inputs`.
   */
  readonly states?: readonly RecordInput[] | undefined;
  /** By what its accounts may be known as ours. */
  readonly claims?: readonly AccountClaim[] | undefined;
  readonly deleted?: readonly Deletion[] | undefined;
  readonly merged?: readonly AccountMerge[] | undefined;
  readonly owners?: readonly VendorOwner[] | undefined;
  /** How tasks of ours stand there. */
  readonly tasks?: readonly TaskReport[] | undefined;
  /** Which accounts users of a tracked product belong to; inputs name the account of a user by `accountOfUser`. */
  readonly users?: readonly UserAccount[] | undefined;
  /** Usage that is sent to us, and not pulled, is complete through this day. */
  readonly coveredThrough?: string | undefined;
  /** Why nothing was made of it, or of a part of it. */
  readonly skipped?: string | undefined;
}

/** By what an account of a source may be known as one of ours: its own field for our key first, then its domains. */
export interface AccountClaim {
  /** The source's id for the account. */
  readonly externalId: string;
  readonly name: string | null;
  /** Our key, where the vendor has a field for it. */
  readonly ourKey: string | null;
  /** As stated by the vendor, or taken from e-mail addresses: whoever settles the claim drops free-mail domains. */
  readonly domains: readonly string[];
}

/** A record that is gone in its source. Of an account: the account's own record and identity there. */
export interface Deletion {
  readonly kind: SourceKind;
  readonly id: string;
  readonly at: string;
}

/** Two accounts of a source became one there. */
export interface AccountMerge {
  readonly from: string;
  readonly into: string;
  readonly at: string;
}

/** A user of the vendor who may own accounts. */
export interface VendorOwner {
  readonly externalId: string;
  readonly email: string | null;
  readonly name: string | null;
}

/** The account that a user of a tracked product belongs to from then on. */
export interface UserAccount {
  readonly user: string;
  /** The source's id for the account. */
  readonly account: string;
  readonly at: string;
}

/** How a task of ours stands in the vendor. */
export interface TaskReport {
  /** Our key of it, as `CrmTask.key` had it. */
  readonly key: string;
  readonly state: "open" | "done";
  readonly at: string;
  /** In the vendor's words; null where there are none. */
  readonly outcome: string | null;
}

export interface SourceCheck {
  readonly ok: boolean;
  /** For people: the account it is connected to, or what is wrong. */
  readonly detail: string;
  /** Scopes or permissions that are missing, in the vendor's words. */
  readonly missing: readonly string[];
}
