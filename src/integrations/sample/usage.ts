import type { UsageInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { type Day, dayText, workShare } from "./calendar.ts";
import { type Period, periodsOf } from "./contracts.ts";
import { valueOn } from "./course.ts";
import { openRandom, type Random } from "./random.ts";
import { firstDayOf, type Span } from "./span.ts";

const usagePurpose = 4;

/** What the product counts: how much of it one active user makes on a day. */
const countedPerUser = [
  ["sessions", 2.4],
  ["reports_created", 0.45],
  ["exports", 0.16],
] as const;

/** The daily totals of one account. A day without usage has no row: silence is what the stream's coverage makes of it. */
export function usageInputs(seed: number, account: SampleAccount, span: Span): UsageInput[] {
  const periods = periodsOf(seed, account, span.to);
  const inputs: UsageInput[] = [];
  for (let day = firstDayOf(span, account.beganOn, 0); day <= span.to; day += 1) {
    const random = openRandom(seed, usagePurpose, account.index, day);
    const users = activeUsers(account, day, span.firstDay, seatsOn(periods, day), random);
    if (users === 0) continue;
    inputs.push(daily(account, "active_users", day, users));
    for (const [name, perUser] of countedPerUser) {
      const value = Math.round(users * perUser * random.between(0.8, 1.2));
      if (value > 0) inputs.push(daily(account, name, day, value));
    }
  }
  return inputs;
}

function daily(account: SampleAccount, name: string, day: Day, value: number): UsageInput {
  return { kind: "usage", mode: "daily", account: account.key, name, day: dayText(day), value };
}

function activeUsers(account: SampleAccount, day: Day, firstDay: Day, seats: number, random: Random): number {
  const noise = 1 + random.normal() * 0.07;
  const usual = seats * adoptionOn(account, day, firstDay) * workShare(day, account.country) * noise;
  const told = account.story === null ? 1 : valueOn(account.story.usage, day - firstDay);
  // Whole people: the rest is a chance, so that small accounts keep their average.
  const whole = Math.floor(usual * told + random.unit());
  return Math.max(0, Math.min(seats, whole));
}

/** Growth over the first year and half as fast after it, slow waves, and the weeks it takes to get going. */
function adoptionOn(account: SampleAccount, day: Day, firstDay: Day): number {
  const years = (day - firstDay) / 365;
  const grown = 1 + account.growth * (years < 0 ? years : years / 2);
  const wave = 1 + account.wave.height * Math.sin(account.wave.phase + (2 * Math.PI * day) / account.wave.days);
  const begun = account.story?.ageDays === undefined ? Math.min(1, (day - account.beganOn + 4) / 25) : 1;
  return Math.max(0.03, Math.min(0.95, account.adoption * grown * wave)) * begun;
}

function seatsOn(periods: readonly Period[], day: Day): number {
  return periods.findLast((period) => period.startsOn <= day)?.seats ?? 0;
}
