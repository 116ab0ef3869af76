import type { Facts } from "../scoring/facts.ts";

/** What the loss of an account is reckoned from, beside score and risk. */
export const lossFacts: readonly string[] = ["billing.mrr", "contract.days_to_renewal"];

/** What may be lost with an account. */
export interface LossEstimate {
  /** A year of it, in major units of the reporting currency; null: not known. */
  readonly revenue: number | null;
  /** The share of it that is in danger: risk × nearness of the renewal, 0–1. */
  readonly danger: number;
}

/** Within so many days of a renewal it is as near as can be. */
const nearDays = 30;
/** From so many days on it is far. */
const farDays = 365;
const farNearness = 0.25;
/** As likely as not, and neither near nor far: where nothing is known. */
const unknownRisk = 0.5;
const unknownNearness = 0.5;

/** Revenue of a year, and the share of it in danger: the risk, or as long as there is none how far the score is from 100, times the nearness of the renewal. */
export function estimateLoss(facts: Facts): LossEstimate {
  const mrr = numberOf(facts, "billing.mrr");
  return {
    revenue: mrr === null ? null : Math.max(0, mrr * 12),
    danger: riskOf(facts) * nearnessOf(numberOf(facts, "contract.days_to_renewal")),
  };
}

/** 1 within 30 days of the renewal, from there in a straight line down to 0.25 at 365 days and more; 0.5 where it is not known. */
function nearnessOf(daysToRenewal: number | null): number {
  if (daysToRenewal === null) return unknownNearness;
  const share = Math.min(1, Math.max(0, (daysToRenewal - nearDays) / (farDays - nearDays)));
  return 1 - share * (1 - farNearness);
}

/** In the reporting currency a year; an account without known revenue is taken for a middling one. */
export function expectedLoss({ revenue, danger }: LossEstimate, medianRevenue: number | null): number {
  return (revenue ?? medianRevenue ?? 0) * danger;
}

/** The middle of what is known; null where nothing is. */
export function medianOf(revenues: readonly (number | null)[]): number | null {
  const known = revenues.filter((revenue) => revenue !== null).sort((one, other) => one - other);
  const half = known.length / 2;
  const [low, high] = [known[Math.ceil(half) - 1], known[Math.floor(half)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function riskOf(facts: Facts): number {
  const risk = numberOf(facts, "risk");
  const score = numberOf(facts, "score");
  const share = risk ?? (score === null ? unknownRisk : 1 - score / 100);
  return Math.min(1, Math.max(0, share));
}

function numberOf(facts: Facts, name: string): number | null {
  const value = facts.get(name);
  return typeof value === "number" ? value : null;
}
