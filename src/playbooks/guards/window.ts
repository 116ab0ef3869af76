import { formatDay, timeOfDay } from "../../scoring/days.ts";
import { dayMs } from "../../scoring/duration.ts";
import type { DayNumber, Instant, WorkCalendar } from "../../scoring/history.ts";
import { minuteOf } from "../compile/compilation.ts";
import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import { resolveOwner } from "../owners.ts";
import { weekdayMoment } from "../time-words.ts";
import type { AskingAccount, GuardKnowledge } from "./knowledge.ts";

/** Where somebody works on a day, and when: minutes after midnight. */
export interface WorkPlace {
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  readonly calendar: WorkCalendar;
}

/** Whether working hours let a run begin now. Those of guards.json hold no escalation back. */
export function windowVerdict(
  { playbook, priority }: GuardQuestion,
  account: AskingAccount,
  knowledge: GuardKnowledge,
  now: Instant,
): GuardVerdict {
  const ofHouse = priority === "escalation" ? "any" : knowledge.house.window;
  const window = playbook.guards.window ?? ofHouse;
  if (window === "any") return { kind: "go" };
  const placeOn =
    window === "owner-working-hours" ? ownerPlace(account, knowledge) : () => accountPlace(account, knowledge);
  const until = nextOpening(placeOn, now);
  if (until <= now) return { kind: "go" };
  const whose = window === "owner-working-hours" ? "the owner" : "the account";
  const words = `waiting for working hours of ${whose} until ${weekdayMoment(until, account.zone)}`;
  return { kind: "defer", guard: "window", until, words };
}

/**
 * The first moment from `now` on that lies within working hours. Local days are asked for in turn: who works there may change from day to day.
 *
 * @internal
 */
export function nextOpening(placeOn: (day: DayNumber) => WorkPlace, now: Instant): Instant {
  // In the furthest zones the local day is the one before or behind that of UTC.
  for (let day = Math.floor(now / dayMs) - 1; ; day += 1) {
    const { zone, from, to, calendar } = placeOn(day);
    if (!calendar.isWorkingDay(day)) continue;
    if (timeOfDay(zone, day, to) > now) return Math.max(now, timeOfDay(zone, day, from));
  }
}

/** Of whoever acts for the account's owner on a day; where there is nobody, as the account works. */
function ownerPlace(account: AskingAccount, knowledge: GuardKnowledge): (day: DayNumber) => WorkPlace {
  const { owners, company, house } = knowledge;
  return (day) => {
    const { owner } = resolveOwner(owners, account.ownerId, formatDay(day));
    if (owner === null) return accountPlace(account, knowledge);
    const { from, to } = owner.workingHours ?? house.workingHours;
    const calendar = company.calendarOf(owner.country ?? null, owner.region ?? null);
    return { zone: owner.zone ?? company.zone, from: minuteOf(from), to: minuteOf(to), calendar };
  };
}

function accountPlace({ zone }: AskingAccount, { house, company }: GuardKnowledge): WorkPlace {
  const { from, to } = house.workingHours;
  return { zone, from: minuteOf(from), to: minuteOf(to), calendar: company.calendarOf(null, null) };
}
