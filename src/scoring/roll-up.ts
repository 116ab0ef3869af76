import { freshnessOf } from "./confidence.ts";
import type { Counted, CountedPart } from "./health/counted.ts";
import { type Mean, meanOf, shareOf } from "./health/mean.ts";
import type { Reading } from "./health/reading.ts";
import { type RollUp, revenueMetric } from "./health-model.ts";
import type { ChildScore, MetricValue } from "./history.ts";

/** A parent's own measures, where they count as one more child. */
export interface OwnPart {
  readonly counted: Counted;
  readonly minimumCoverage: number;
  /** In the reporting currency; null when unknown. */
  readonly mrr: number | null;
}

/** An account's MRR where it is known, for its parent. */
export function mrrOf(metrics: ReadonlyMap<string, MetricValue>): number | null {
  const metric = metrics.get(revenueMetric);
  return metric?.state === "value" && typeof metric.value === "number" ? metric.value : null;
}

interface Member {
  readonly part: CountedPart;
  readonly reading: Reading;
  readonly mrr: number | null;
}

/**
 * What a parent's score is made of: the scores of its children, in the order of their keys, and its own measures behind them where they
 * count. A child without a score, or by revenue without MRR, does not count and lowers coverage.
 */
export function rollUp(method: RollUp["method"], children: readonly ChildScore[], own: OwnPart | null): Counted {
  const sorted = [...children].sort((one, other) => (one.key < other.key ? -1 : 1));
  const members = [...sorted.map(childMember), ...(own === null ? [] : [ownMember(own)])];
  const judged = method === "revenue" ? members.map(needingMrr) : members;
  const parts = judged.map(({ part }) => ({ ...part, isRival: method === "worst" }));
  const readings = judged.map(({ reading }) => reading);
  const shares = method === "revenue" ? revenueShares(judged) : judged.map(() => 1);
  const mean = method === "worst" ? worstOf(readings) : weighBy(shares, readings);
  const coverage = coverageBy(shares, readings);
  return { parts, readings, mean, coverage, freshness: freshnessOf(parts, readings, mean.weights), noun: "accounts" };
}

function childMember({ key, name, score, mrr }: ChildScore): Member {
  return { part: partOf("children", key), reading: readingOf(score, name, `${name} has no score`), mrr };
}

function ownMember({ counted, minimumCoverage, mrr }: OwnPart): Member {
  const { mean, coverage } = counted;
  const score = mean.tenths === null || coverage < minimumCoverage ? null : mean.tenths / 10;
  const percent = Math.round(coverage * 100);
  const without = `its own measures have data for ${percent} % of their weight only`;
  return { part: partOf("self", "own-measures"), reading: readingOf(score, "its own measures", without), mrr };
}

function partOf(group: string, id: string): CountedPart {
  return { group, id, metric: "score", maxAgeDays: null, isRival: false };
}

function readingOf(score: number | null, name: string, without: string): Reading {
  if (score === null) return unknown(without);
  return { value: score, unit: "points", ageDays: 0, state: "value", points: score, reason: name };
}

function unknown(reason: string): Reading {
  return { value: null, unit: "points", ageDays: null, state: "no-data", points: null, reason };
}

function needingMrr(member: Member): Member {
  if (member.mrr !== null || member.reading.points === null) return member;
  return { ...member, reading: unknown(`${member.reading.reason} has no MRR to weigh it by`) };
}

/**
 * By MRR. For coverage one whose MRR is not known weighs as much as the others do on average. Where nobody pays, each weighs alike.
 */
function revenueShares(members: readonly Member[]): readonly number[] {
  const paid = members.flatMap(({ mrr }) => (mrr === null ? [] : [Math.max(0, mrr)]));
  const total = paid.reduce((sum, mrr) => sum + mrr, 0);
  if (total === 0) return members.map(() => 1);
  return members.map(({ mrr }) => (mrr === null ? total / paid.length : Math.max(0, mrr)));
}

function coverageBy(shares: readonly number[], readings: readonly Reading[]): number {
  let known = 0;
  let whole = 0;
  readings.forEach(({ points }, index) => {
    const share = shares[index] ?? 0;
    whole += share;
    if (points !== null) known += share;
  });
  return shareOf(known, whole);
}

function weighBy(shares: readonly number[], readings: readonly Reading[]): Mean {
  const counting = shares.map((share, index) => (readings[index]?.points == null ? 0 : share));
  const total = counting.reduce((sum, share) => sum + share, 0);
  const weights = counting.map((share) => (total === 0 ? 0 : share / total));
  return meanOf(weights, readings, total > 0);
}

function worstOf(readings: readonly Reading[]): Mean {
  let worst = -1;
  let fewest = Infinity;
  readings.forEach(({ points }, index) => {
    if (points === null || points >= fewest) return;
    worst = index;
    fewest = points;
  });
  const weights = readings.map((_, index) => (index === worst ? 1 : 0));
  return meanOf(weights, readings, worst !== -1);
}
