import { createHash } from "node:crypto";
import type { UsageInput } from "../scoring/records.ts";
import type { CountedUsage } from "./usage-rules.ts";

/** Whose event it was, and when. */
export interface EventPlace {
  readonly account: string;
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly user: string | null;
  /** The same whenever the same event comes again; unique in the source. */
  readonly eventId: string;
}

/** What an event adds to a day; null where users are counted and none is named. */
export function usageInput({ usage, value, oncePerUser }: CountedUsage, place: EventPlace): UsageInput | null {
  const { account, day, user, eventId } = place;
  if (oncePerUser && user === null) return null;
  // All events of a user on a day are the same one where users are counted.
  const id = oncePerUser ? [usage, day, account, user] : [usage, eventId];
  return {
    kind: "usage",
    mode: "event",
    account,
    name: usage,
    day,
    value,
    id: shortId(id.join(" ")),
    user: user ?? undefined,
  };
}

const longestId = 300;

function shortId(id: string): string {
  return id.length <= longestId ? id : createHash("sha256").update(id).digest("hex");
}
