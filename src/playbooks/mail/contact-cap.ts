import type { Instant } from "../../scoring/history.ts";
import { span } from "../time-words.ts";
import type { PauseOf } from "./customer-mail.ts";

/** So many mails to one person within a sliding time, of all playbooks together. */
export interface ContactCap {
  readonly mails: number;
  readonly perMs: number;
}

/** Counts mails by address, from when earlier ones were made (oldest first; addresses in small letters) and those that are let through here. */
export function capMails(
  { mails, perMs }: ContactCap,
  madeAt: ReadonlyMap<string, readonly Instant[]>,
  now: Instant,
): PauseOf {
  const counted = new Map<string, readonly Instant[]>();
  return (address) => {
    const key = address.toLowerCase();
    const times = (counted.get(key) ?? madeAt.get(key) ?? []).filter((at) => at > now - perMs);
    // Until so many have left the time that there is room for one.
    const leaving = times.at(-mails);
    if (leaving !== undefined && times.length >= mails) {
      return { until: leaving + perMs, words: `${times.length} of ${mails} mails within ${span(perMs)}` };
    }
    counted.set(key, [...times, now]);
    return null;
  };
}
