import { dayMs } from "../../scoring/duration.ts";
import type { AccountHistory, Instant } from "../../scoring/history.ts";
import type { AwaitedRecord, CompiledPlaybook, CompiledTrigger, Timetable } from "../playbook.ts";
import type { ArrivalKind } from "../schema/triggers.ts";
import { moment } from "../time-words.ts";
import { nextArrival } from "./arrivals.ts";
import { newestSlot, nextSlot } from "./slots.ts";
import type { Seen } from "./state.ts";

/** What records and times are looked for in. */
export interface Surroundings {
  readonly history: AccountHistory;
  readonly zone: string;
}

/** Where a trigger that waits for records or times stands at a moment. */
export interface Awaited {
  /** The next that has come and is not taken; null when there is none. */
  readonly next: Occurrence | null;
  /** When time alone brings another; null: it does not. */
  readonly wakesAt: Instant | null;
  /** For how long an episode goes on. */
  readonly lastsMs: number;
  /** What stands open while nothing comes. */
  readonly idle: Seen;
  /** What it waits for. */
  readonly words: string;
}

/** One that has come. */
export interface Occurrence {
  /** Once it is taken. */
  readonly seen: Seen;
  readonly words: string;
  /** It stands for those before it, which nobody needs any more. */
  readonly replaces: boolean;
}

/** A transaction that began before another may end behind it: until so long afterwards what it brings is still found. */
const latenessMs = 600_000;

/** Null where the trigger waits for nothing of the kind. */
export function awaitedOf(
  { awaits }: CompiledTrigger,
  seen: Seen | null,
  surroundings: Surroundings | undefined,
  now: Instant,
): Awaited | null {
  if (awaits === null) return null;
  const since = seen ?? seenSince(now);
  return awaits.kind === "record"
    ? awaitedRecord(awaits, since, surroundings, now)
    : awaitedSlot(awaits, since, surroundings, now);
}

/** The kinds of record that enabled playbooks wait for. */
export function awaitedKinds(playbooks: readonly CompiledPlaybook[]): readonly ArrivalKind[] {
  return playbooks.flatMap(({ enabled, trigger: { awaits } }) =>
    enabled && awaits?.kind === "record" ? [awaits.record] : [],
  );
}

/** From a moment on, whatever was there before. */
export function seenSince(now: Instant): Seen {
  return { floor: now, taken: [] };
}

function awaitedRecord(rule: AwaitedRecord, seen: Seen, around: Surroundings | undefined, now: Instant): Awaited {
  const arrival = around === undefined ? null : nextArrival(rule, seen, around.history, now);
  const what = article(rule.record);
  const why = arrival === null || rule.where === null ? "" : `: ${rule.where.why(arrival.facts)}`;
  return {
    next: arrival && { seen: take(seen, arrival), words: `${what} came${why}`, replaces: false },
    wakesAt: null,
    lastsMs: rule.withinMs,
    idle: forgetOld(seen, Math.max(rule.withinMs, latenessMs), now),
    words: `waits for ${what}${rule.where === null ? "" : " that is as asked"}`,
  };
}

function take({ floor, taken }: Seen, arrival: { readonly id: string; readonly at: Instant }): Seen {
  return above({ floor: Math.max(floor, arrival.at - latenessMs), taken: [...taken, arrival.id] });
}

/**
 * An import dates what it brings back to when it happened: with a floor that follows the clock at a distance, what happened before anybody
 * waited for it is no news. In great steps, as each is written.
 */
function forgetOld(seen: Seen, behindMs: number, now: Instant): Seen {
  return seen.floor >= now - 2 * behindMs ? seen : above({ ...seen, floor: now - behindMs });
}

function above({ floor, taken }: Seen): Seen {
  return { floor, taken: taken.filter((id) => Number(id.slice(id.indexOf("@") + 1)) > floor) };
}

function awaitedSlot(timetable: Timetable, seen: Seen, around: Surroundings | undefined, now: Instant): Awaited {
  const zone = around?.zone ?? null;
  const slot = zone === null ? null : newestSlot(timetable, zone, now);
  const isNew = zone !== null && slot !== null && slot > seen.floor;
  return {
    next: isNew ? { seen: seenSince(slot), words: `it was ${moment(slot, zone)}`, replaces: true } : null,
    wakesAt: zone === null ? null : nextSlot(timetable, zone, now),
    lastsMs: dayMs,
    idle: seen,
    words: "waits for its time",
  };
}

function article(record: AwaitedRecord["record"]): string {
  return /^[aeio]/.test(record) ? `an ${record}` : `a ${record}`;
}
