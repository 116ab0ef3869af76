import type { StreamKind } from "../scoring/records.ts";
import type { Answer, CallRequest, CallResult, Limit, Verdict } from "./call-port.ts";
import type { Hook } from "./hook-port.ts";
import type { MapContext, Mapped } from "./mapped-port.ts";
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

export interface SourceCheck {
  readonly ok: boolean;
  /** For people: the account it is connected to, or what is wrong. */
  readonly detail: string;
  /** Scopes or permissions that are missing, in the vendor's words. */
  readonly missing: readonly string[];
}
