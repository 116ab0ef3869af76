import { DateTime } from "luxon";
import { addWorkingDays } from "../../scoring/calendar.ts";
import { dayOfInstant, formatDay, timeOfDay } from "../../scoring/days.ts";
import { dayMs } from "../../scoring/duration.ts";
import type { DayNumber, Instant } from "../../scoring/history.ts";
import type { UntilDate, WaitStep } from "../playbook.ts";
import { moment, span } from "../time-words.ts";
import type { Occasion } from "./occasion.ts";

/** How a wait stands. */
export type WaitView =
  | { readonly kind: "over"; readonly dueAt: Instant; readonly reason: string }
  /** `dueAt`: when it is over at the latest; null: nobody knows. `isSettled`: nothing but time ends it. */
  | {
      readonly kind: "waiting";
      readonly dueAt: Instant | null;
      readonly isSettled: boolean;
      readonly reason: string;
    };

/** Looks at a wait that began at `since`. What ends it may change until then: a condition, or a day that is moved. */
export function lookAtWait(step: WaitStep, since: Instant, occasion: Occasion): WaitView {
  const { subject, now } = occasion;
  const zone = subject.zone;
  if (step.workingDays !== null) {
    return settled(workingDaysAfter(step.workingDays, since, occasion), `${step.workingDays} working days`, occasion);
  }
  const { forMs } = step;
  const longest = forMs === null ? null : since + forMs;
  if (step.until === null && step.untilDate === null) return settled(longest ?? since, span(forMs ?? 0), occasion);
  const view = step.until === null ? untilDate(step.untilDate, since, occasion) : untilTrue(step, occasion);
  if (view.kind === "over") return longest === null ? view : { ...view, dueAt: Math.min(view.dueAt, longest) };
  if (longest === null) return view;
  if (longest <= now) {
    return { kind: "over", dueAt: longest, reason: `waited ${span(forMs ?? 0)} at the most: ${view.reason}` };
  }
  const dueAt = Math.min(longest, view.dueAt ?? longest);
  return { ...view, dueAt, reason: `${view.reason}, until ${moment(longest, zone)} at the latest` };
}

function settled(dueAt: Instant, what: string, { subject, now }: Occasion): WaitView {
  if (dueAt <= now) return { kind: "over", dueAt, reason: `waited ${what}` };
  return { kind: "waiting", dueAt, isSettled: true, reason: `waiting until ${moment(dueAt, subject.zone)}` };
}

function untilTrue({ until }: WaitStep, { subject, missingReason, now }: Occasion): WaitView {
  const truth = until?.truth(subject.facts) ?? null;
  const why = until?.why(subject.facts, missingReason) ?? "";
  if (truth === true) return { kind: "over", dueAt: now, reason: why };
  const reason = truth === null ? `waiting, because it is not known: ${why}` : `waiting: ${why}`;
  return { kind: "waiting", dueAt: null, isSettled: false, reason };
}

function untilDate(date: UntilDate | null, since: Instant, { subject, missingReason, now }: Occasion): WaitView {
  const fact = date?.fact ?? "";
  const day = dayOf(subject.facts.get(fact));
  const name = fact.replace(/~ends$/, "");
  if (date === null || day === null) {
    const why = missingReason?.(fact) ?? `${name} is unknown`;
    return { kind: "waiting", dueAt: null, isSettled: false, reason: `waiting for a day that is not known: ${why}` };
  }
  const dueAt = timeOfDay(subject.zone, day + date.offsetDays, date.atMinute);
  const words = `${moment(dueAt, subject.zone)} (${offsetWords(date.offsetDays)}${formatDay(day)} of ${name})`;
  if (dueAt <= now) return { kind: "over", dueAt: Math.max(dueAt, since), reason: `${words} is past` };
  return { kind: "waiting", dueAt, isSettled: false, reason: `waiting until ${words}` };
}

/** What stands in a field of the account may be anything. */
function dayOf(value: unknown): DayNumber | null {
  if (typeof value !== "string") return null;
  const day = Date.parse(value) / dayMs;
  return Number.isInteger(day) && formatDay(day) === value ? day : null;
}

function offsetWords(days: number): string {
  if (days === 0) return "";
  return `${Math.abs(days)} day${Math.abs(days) === 1 ? "" : "s"} ${days < 0 ? "before" : "after"} `;
}

/** At the same time of day, so many working days of the owner later. */
function workingDaysAfter(count: number, since: Instant, { subject }: Occasion): Instant {
  const { zone, owner } = subject;
  const calendar = subject.calendarOf(owner?.country ?? null, owner?.region ?? null);
  const today = dayOfInstant(zone, since);
  const { hour, minute } = DateTime.fromMillis(since, { zone });
  return timeOfDay(zone, addWorkingDays(calendar, today, count), hour * 60 + minute);
}
