import type { MapContext, Mapped } from "./mapped-port.ts";

/** What a source receives at `POST /webhooks/<id>`. Everything here is pure. */
export interface Hook {
  /** Does it come from the vendor? Judged on the bytes as they came, over all active secrets, in constant time. */
  verify(request: InboundRequest): Verification;
  /** Splits a verified body into what is kept and applied one by one. Throws `UnreadableBody`. */
  split(request: InboundRequest): readonly InboundItem[];
  /** What the sender is answered once everything is stored; 200 and nothing unless given. */
  readonly reply?: { readonly status: number; readonly contentType: string; readonly body: string } | undefined;
  /** What a kept item means; never throws for what a vendor may send. */
  read(body: string, context: MapContext): HookReading;
}

/** A delivery before anything is believed of it. */
export interface InboundRequest {
  readonly raw: Buffer;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly method: string;
  /** What the sender called: the public URL of this server from its settings, never from a header, with path and query. */
  readonly url: string;
  readonly now: Date;
}

/** The reasons are few: they are labels of a metric. Whoever was refused is told none of them. */
export type Verification =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "unsigned" | "bad signature" | "stale" | "not allowed" };

/** One thing of a delivery. */
export interface InboundItem {
  /** The same whenever the same thing is delivered again; unique in the source. At most 200 characters. */
  readonly dedupeKey: string;
  /** The vendor's own time, where it gives one. */
  readonly occurredAt: Date | null;
  /** What `read` takes; without credentials that came with it. */
  readonly body: string;
}

/** A verified body that cannot be read: answered 400. The message holds nothing of the body. */
export class UnreadableBody extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnreadableBody";
  }
}

export interface HookReading {
  /** Complete enough to be applied as it is, at the vendor's own time. */
  readonly mapped?: Mapped | undefined;
  /** Only a hint: the present state is fetched. Streams by name. */
  readonly refetch?: readonly { readonly stream: string; readonly id: string }[] | undefined;
  /** Why nothing is to be done. */
  readonly ignored?: string | undefined;
}
