import type { DayNumber } from "../../scoring/history.ts";
import { returnDays } from "../../scoring/retention/customer-life.ts";
import { type CountedShare, countedShare } from "./counted-share.ts";
import type { JudgedFire, Walked, WalkedAccount } from "./walked.ts";

/** How far behind a run a churn may lie to have been foreseen by it. */
export const horizons = [30, 60, 90] as const;
export type Horizon = (typeof horizons)[number];

/** How runs stand against who churned within so many days after them. */
export interface Verdict {
  readonly days: Horizon;
  /** Of the runs that count, those whose account churned in time. */
  readonly precision: CountedShare;
  /** Of the churns that could have been foreseen, those that a run came before. */
  readonly recall: CountedShare;
  /** Days from the first run in time to the churn, over the foreseen churns; null where there is none. */
  readonly medianLeadDays: number | null;
  readonly falseAlarms: number;
  /** CSMs times the weeks in which runs count. */
  readonly csmWeeks: number;
  readonly falseAlarmsPerCsmWeek: number | null;
  /** Runs that do not count: too near the end of what is known, of accounts that were no customers, of accounts without known contracts. */
  readonly left: { readonly tooRecent: number; readonly noCustomer: number; readonly unknown: number };
}

/** Judges the runs of one version against what is known today. */
export function verdictOf(
  walked: Walked,
  version: number,
  range: { readonly fromDay: DayNumber; readonly toDay: DayNumber },
  days: Horizon,
): Verdict {
  const fires = walked.notable.flatMap((account) => firesOf(account, version).map((fire) => ({ account, fire })));
  const sorted = fires.map(({ account, fire }) => ({ fire, standing: standingOf(account, fire, days) }));
  const counted = sorted.filter(({ standing }) => standing === "counts");
  const right = counted.filter(({ fire }) => fire.churnedOn !== null && fire.churnedOn - fire.day <= days);
  const leads = walked.notable.flatMap((account) => leadsOf(account, version, range, days));
  const foreseen = leads.filter((lead) => lead !== null);
  const falseAlarms = counted.length - right.length;
  const csmWeeks = walked.owners.length * weeksThatCount(walked, range, days);
  const left = (standing: Standing) => sorted.filter((one) => one.standing === standing).length;
  return {
    days,
    precision: countedShare(right.length, counted.length),
    recall: countedShare(foreseen.length, leads.length),
    medianLeadDays: median(foreseen),
    falseAlarms,
    csmWeeks,
    falseAlarmsPerCsmWeek: csmWeeks === 0 ? null : falseAlarms / csmWeeks,
    left: { tooRecent: left("too-recent"), noCustomer: left("no-customer"), unknown: left("unknown") },
  };
}

type Standing = "counts" | "too-recent" | "no-customer" | "unknown";

/** Only after the horizon, and the time within which a customer may come back, is it known whether a run was right. */
function standingOf({ knownThrough }: WalkedAccount, fire: JudgedFire, days: number): Standing {
  if (knownThrough === null || fire.isCustomer === null) return "unknown";
  if (!fire.isCustomer) return "no-customer";
  return fire.day + days + returnDays <= knownThrough ? "counts" : "too-recent";
}

/**
 * Of each churn that could have been foreseen, by how many days it was; null: not at all. A churn counts where all of the days before it
 * were judged, and the time to come back has passed.
 */
function leadsOf(
  account: WalkedAccount,
  version: number,
  { fromDay, toDay }: { readonly fromDay: DayNumber; readonly toDay: DayNumber },
  days: number,
): readonly (number | null)[] {
  return account.churns
    .filter((churn) => churn - days >= fromDay && churn - 1 <= toDay)
    .map((churn) => {
      const first = firesOf(account, version).find(({ day }) => churn - days <= day && day < churn);
      return first === undefined ? null : churn - first.day;
    });
}

function weeksThatCount(
  { knownThrough }: Walked,
  { fromDay, toDay }: { readonly fromDay: DayNumber; readonly toDay: DayNumber },
  days: number,
): number {
  if (knownThrough === null) return 0;
  return Math.max(0, Math.min(toDay, knownThrough - days - returnDays) - fromDay + 1) / 7;
}

/** In order of time. */
function firesOf({ fires }: WalkedAccount, version: number): readonly JudgedFire[] {
  return fires.filter(({ playbook }) => playbook === version);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
