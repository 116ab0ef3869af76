import type { Instant } from "../../scoring/history.ts";
import { type LastAsked, pauseWords } from "./pause.ts";

/** Who was asked, so that nobody is asked too often. */
export interface AskedPeople {
  /** Why the person is not asked now, in words; null when nothing speaks against it. */
  pauseOf(address: string, zone: string): string | null;
  /** The person is being asked: counts from now on. */
  ask(address: string, openUntil: Instant): void;
}

/** Goes by when each address was asked last, of all accounts and surveys. */
export function askedPeople(last: ReadonlyMap<string, LastAsked>, pauseMs: number, now: Instant): AskedPeople {
  const known = new Map(last);
  return {
    pauseOf: (address, zone) => pauseWords(known.get(address.toLowerCase()) ?? null, pauseMs, zone, now),
    ask: (address, openUntil) => known.set(address.toLowerCase(), { at: now, openUntil }),
  };
}
