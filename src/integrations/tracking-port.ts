import type { InboundItem } from "./hook-port.ts";

/** What a tracked product may call, by the last part of the path: a single event of that type, or several at once. */
export const trackingCalls = ["identify", "group", "track", "page", "screen", "alias", "batch"] as const;
export type TrackingCall = (typeof trackingCalls)[number];

/** What a source receives from products that track their users over the Segment protocol at `POST /v1/<call>`. Everything here is pure. */
export interface Tracking {
  /** Whether a write key is one of its own; judged over all of them, in constant time. */
  isOwnKey(presented: string): boolean;
  /** What is kept of a body and applied later by the source's `hook.read`. Throws `UnreadableBody`, or `TooLargeEvent`. */
  keep(call: TrackingCall, body: TrackedBody, receivedAt: Date): InboundItem;
}

/** A body of JSON: the text as it came, and its value. */
export interface TrackedBody {
  readonly text: string;
  readonly value: unknown;
}

/** One event of a body is larger than any may be: answered 413. */
export class TooLargeEvent extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TooLargeEvent";
  }
}
