import type { MetricValue } from "../history.ts";
import { toMajor } from "../money.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, measured, noData, notApplicable } from "./metric.ts";
import { inMajor, sumInReportingCurrency } from "./reporting-currency.ts";
import { type Contracts, contractsAtEndOf, contractsOf, type Subscription } from "./subscriptions.ts";

const perYear = { month: 12, quarter: 4, year: 1 } as const;
const missing =
  "no source delivers subscriptions, a rate or a price is missing; not applicable before the first contract";

interface MrrChange {
  readonly contracts: Contracts;
  /** Whole minor units of the reporting currency. */
  readonly before: number;
  readonly now: number;
}

/** `billing.mrr` and how it changed. */
export const mrrMetrics: readonly Metric[] = [
  {
    name: "billing.mrr",
    unit: "reporting currency",
    type: "number",
    source: "subscription",
    formula:
      "sum of the prices of paid subscriptions in force, per month, at the day's rates; 0 once the last one has ended",
    missing,
    compute: (view) => {
      const unit = view.company.reportingCurrency;
      const contracts = contractsOf(view, unit);
      if ("state" in contracts) return contracts;
      const minor = monthlyMinor(view, contracts.inForce);
      return typeof minor === "string" ? noData(unit, minor) : measured(unit, inMajor(view, minor), contracts.ageDays);
    },
  },
  ...[30, 90].flatMap((days) => [mrrChange(days), mrrChangeRatio(days)]),
];

/** What the subscriptions bring in a month, in minor units of the reporting currency at today's rates, not rounded; or why nobody can say. */
export function monthlyMinor(view: AccountView, subscriptions: readonly Subscription[]): number | string {
  const yearly = new Map<string, number>();
  for (const subscription of subscriptions) {
    const { amountMinor, currency, interval } = subscription.fields;
    if (amountMinor === undefined || currency === undefined || interval === undefined) {
      return `a subscription has no ${missingPart(subscription)}`;
    }
    yearly.set(currency, (yearly.get(currency) ?? 0) + amountMinor * perYear[interval]);
  }
  const sum = sumInReportingCurrency(view, yearly);
  return typeof sum === "string" ? sum : sum / 12;
}

function mrrChange(days: number): Metric {
  return {
    name: `billing.mrr_change_${days}d`,
    unit: "reporting currency",
    type: "number",
    source: "subscription",
    formula: `MRR − MRR at the end of the day ${days} days ago, from what is known now, both at today's rates`,
    missing: `${missing}, and while there was none ${days} days ago`,
    compute: (view) => {
      const unit = view.company.reportingCurrency;
      const change = changeOf(view, unit, days);
      if ("state" in change) return change;
      return measured(unit, toMajor(change.now - change.before, unit), change.contracts.ageDays);
    },
  };
}

function mrrChangeRatio(days: number): Metric {
  return {
    name: `billing.mrr_change_pct_${days}d`,
    unit: "ratio",
    type: "number",
    source: "subscription",
    formula: `billing.mrr_change_${days}d ÷ MRR at the end of the day ${days} days ago; −0.5 is a loss of half`,
    missing: `${missing}, and while there was none ${days} days ago; MRR was 0 then`,
    compute: (view) => {
      const change = changeOf(view, "ratio", days);
      if ("state" in change) return change;
      if (change.before === 0) return noData("ratio", `MRR was 0 ${days} days ago`);
      return measured("ratio", (change.now - change.before) / change.before, change.contracts.ageDays);
    },
  };
}

function changeOf(view: AccountView, unit: string, days: number): MrrChange | MetricValue {
  const contracts = contractsOf(view, unit);
  if ("state" in contracts) return contracts;
  const earlier = contractsAtEndOf(view, view.today - days);
  if (earlier === null) return notApplicable(unit, `no contract yet ${days} days ago`);
  const now = monthlyMinor(view, contracts.inForce);
  if (typeof now === "string") return noData(unit, now);
  const before = monthlyMinor(view, earlier);
  if (typeof before === "string") return noData(unit, `${days} days ago: ${before}`);
  return { contracts, before: Math.round(before), now: Math.round(now) };
}

function missingPart({ fields }: Subscription): string {
  if (fields.amountMinor === undefined) return "price";
  return fields.currency === undefined ? "currency" : "interval";
}
