import type { Reading } from "./health/reading.ts";
import type { Confidence } from "./history.ts";

/** A quarter: every season of a customer's week and month has been seen. */
const fullHistoryDays = 90;
/** Where a measure has no `maxAge`, what is older than a month says little of today. */
const usualMaxAgeDays = 30;
/** What is held may have changed since, and nobody would know. */
const heldShare = 0.5;

/** A part of a score, as far as the age of its data goes. */
interface AgingPart {
  readonly maxAgeDays: number | null;
}

/**
 * How far a score can be relied on: the product of coverage, freshness and history, each 0–1 with three digits. Freshness is the mean,
 * by weight, over the parts that are known: 1 up to a day of age, then falling to 0 over `maxAge` (30 days where there is none); half of
 * that while held. History is the share of 90 days since the account began.
 */
export function confidenceOf(
  coverage: number,
  freshness: number,
  /** Days since the account's first day; null when that is not known. */
  historyDays: number | null,
): Confidence {
  const history = Math.min(1, Math.max(0, historyDays ?? 0) / fullHistoryDays);
  return {
    value: threeDigits(coverage * freshness * history),
    coverage: threeDigits(coverage),
    freshness: threeDigits(freshness),
    history: threeDigits(history),
  };
}

/** Mean freshness of what is known, by weight, 0–1; 0 when nothing is. */
export function freshnessOf(
  parts: readonly AgingPart[],
  readings: readonly Reading[],
  weights: readonly number[],
): number {
  let sum = 0;
  let total = 0;
  for (let index = 0; index < parts.length; index += 1) {
    const weight = weights[index] ?? 0;
    const reading = readings[index];
    if (weight === 0 || reading === undefined) continue;
    if (reading.state !== "value" && reading.state !== "held") continue;
    const fresh = freshnessAt(reading.ageDays ?? 0, parts[index]?.maxAgeDays ?? usualMaxAgeDays);
    sum += weight * (reading.state === "held" ? fresh * heldShare : fresh);
    total += weight;
  }
  return total === 0 ? 0 : sum / total;
}

function freshnessAt(ageDays: number, maxAgeDays: number): number {
  return ageDays <= 1 ? 1 : Math.max(0, 1 - (ageDays - 1) / maxAgeDays);
}

function threeDigits(share: number): number {
  return Math.round(share * 1000) / 1000;
}
