import { formatDay, parseDay } from "../days.ts";
import type { Instant, MetricValue } from "../history.ts";
import { convertMinor, rateOn, toMajor } from "../money.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, reachOf, recordsOf } from "./account-view.ts";
import { type Metric, measured, noData } from "./metric.ts";
import { contractsOf, type Subscription } from "./subscriptions.ts";

const perYear = { month: 12, quarter: 4, year: 1 } as const;
const noInvoices = "no source delivers invoices";

/** `billing.*`. */
export const billingMetrics: readonly Metric[] = [
  {
    name: "billing.mrr",
    unit: "reporting currency",
    type: "number",
    source: "subscription",
    formula:
      "sum of the prices of paid subscriptions in force, per month, at the day's rates; 0 once the last one has ended",
    missing: "no source delivers subscriptions, a rate or a price is missing; not applicable before the first contract",
    compute: computeMrr,
  },
  {
    name: "billing.overdue_days",
    unit: "days",
    type: "number",
    source: "invoice",
    formula: "days since the due day of the open invoice that is longest overdue, 0 when none is",
    missing: noInvoices,
    compute: (view) => {
      const reach = reachOf(view, "invoice");
      if (reach === null) return noData("days", noInvoices);
      let longest = 0;
      for (const invoice of recordsOf(view, "invoice")) {
        if (isOwed(invoice, view.now)) longest = Math.max(longest, view.today - dueDay(invoice, view.today));
      }
      return measured("days", longest, reach.ageDays);
    },
  },
];

function computeMrr(view: AccountView): MetricValue {
  const unit = view.company.reportingCurrency;
  const contracts = contractsOf(view, unit);
  if ("state" in contracts) return contracts;
  const yearly = new Map<string, number>();
  for (const subscription of contracts.inForce) {
    const { amountMinor, currency, interval } = subscription.fields;
    if (amountMinor === undefined || currency === undefined || interval === undefined) {
      return noData(unit, `a subscription has no ${missingPart(subscription)}`);
    }
    yearly.set(currency, (yearly.get(currency) ?? 0) + amountMinor * perYear[interval]);
  }
  let yearlyMinor = 0;
  for (const [currency, minor] of yearly) {
    const rate = rateOn(view.company, currency, view.today);
    if (rate === null) return noData(unit, `no rate for ${currency} on ${formatDay(view.today)}`);
    yearlyMinor += convertMinor(minor, currency, unit, rate);
  }
  return measured(unit, toMajor(Math.round(yearlyMinor / 12), unit), contracts.ageDays);
}

function missingPart({ fields }: Subscription): string {
  if (fields.amountMinor === undefined) return "price";
  return fields.currency === undefined ? "currency" : "interval";
}

/** `uncollectible` is written off: nobody waits for it any more, and it would hold the account down for ever. */
function isOwed({ fields }: RecordState<"invoice">, now: Instant): boolean {
  if (fields.status !== undefined && fields.status !== "open") return false;
  if (fields.amountMinor !== undefined && fields.amountMinor <= 0) return false;
  return fields.paidAt == null || Date.parse(fields.paidAt) > now;
}

function dueDay({ fields }: RecordState<"invoice">, otherwise: number): number {
  return fields.dueOn === undefined ? otherwise : parseDay(fields.dueOn);
}
