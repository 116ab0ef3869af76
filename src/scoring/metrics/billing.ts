import { parseDay } from "../days.ts";
import type { DayNumber, Instant, MetricValue } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, type Reach, reachOf, recordsOf } from "./account-view.ts";
import { isWithin, type LocalWindow, windowEnding } from "./local-window.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { mrrMetrics } from "./mrr.ts";
import { inMajor, sumInReportingCurrency } from "./reporting-currency.ts";

type Invoice = RecordState<"invoice">;

const undelivered = "no source delivers invoices";

/** `billing.*`. */
export const billingMetrics: readonly Metric[] = [
  ...mrrMetrics,
  {
    ...definition(
      "billing.overdue_days",
      "days",
      "days since the due day of the open invoice that is longest overdue, 0 when none is",
    ),
    compute: (view) =>
      overInvoices(view, "days", ({ ageDays }) => {
        let longest = 0;
        for (const invoice of owedBy(view)) longest = Math.max(longest, view.today - dueDay(invoice, view.today));
        return measured("days", longest, ageDays);
      }),
  },
  {
    ...definition(
      "billing.overdue_amount",
      "reporting currency",
      "what is not paid of the open invoices that are overdue, at the day's rates, 0 when none is",
      "an overdue invoice has no amount or currency, a rate is missing",
    ),
    compute: (view) => {
      const unit = view.company.reportingCurrency;
      return overInvoices(view, unit, ({ ageDays }) => {
        const amount = overdueMinor(view);
        return typeof amount === "string" ? noData(unit, amount) : measured(unit, inMajor(view, amount), ageDays);
      });
    },
  },
  {
    ...definition("billing.open_invoices", "count", "invoices that are not paid, void or written off, overdue or not"),
    compute: (view) => overInvoices(view, "count", ({ ageDays }) => measured("count", owedBy(view).length, ageDays)),
  },
  {
    ...definition(
      "billing.failed_payments_90d",
      "count",
      "attempts to collect an invoice that failed in the last 90 complete, covered days",
    ),
    compute: (view) =>
      overInvoices(view, "count", ({ end, ageDays }) => {
        const window = windowEnding(view, end, 90);
        let failed = 0;
        for (const invoice of recordsOf(view, "invoice")) failed += failuresIn(invoice, window);
        return measured("count", failed, ageDays);
      }),
  },
];

function definition(name: string, unit: string, formula: string, also?: string): MetricDefinition {
  const missing = also === undefined ? undelivered : `${undelivered}, ${also}`;
  return { name, unit, type: "number", source: "invoice", formula, missing };
}

function overInvoices(view: AccountView, unit: string, compute: (reach: Reach) => MetricValue): MetricValue {
  const reach = reachOf(view, "invoice");
  return reach === null ? noData(unit, undelivered) : compute(reach);
}

/** The sum in minor units of the reporting currency, not rounded; or why nobody can say. */
function overdueMinor(view: AccountView): number | string {
  const unpaid = new Map<string, number>();
  for (const invoice of owedBy(view)) {
    if (dueDay(invoice, view.today) >= view.today) continue;
    const { amountMinor, amountPaidMinor, currency } = invoice.fields;
    if (amountMinor === undefined) return "an overdue invoice has no amount";
    if (currency === undefined) return "an overdue invoice has no currency";
    unpaid.set(currency, (unpaid.get(currency) ?? 0) + amountMinor - (amountPaidMinor ?? 0));
  }
  return sumInReportingCurrency(view, unpaid);
}

function owedBy(view: AccountView): readonly Invoice[] {
  return recordsOf(view, "invoice").filter((invoice) => isOwed(invoice, view.now));
}

/** `uncollectible` is written off: nobody waits for it any more, and it would hold the account down for ever. */
function isOwed({ fields }: Invoice, now: Instant): boolean {
  const { status, amountMinor, amountPaidMinor, paidAt } = fields;
  if (status !== undefined && status !== "open") return false;
  if (amountMinor !== undefined && amountMinor <= (amountPaidMinor ?? 0)) return false;
  return paidAt == null || Date.parse(paidAt) > now;
}

function dueDay({ fields }: Invoice, otherwise: DayNumber): DayNumber {
  return fields.dueOn === undefined ? otherwise : parseDay(fields.dueOn);
}

/** Each attempt is a change of its own; the same one told twice counts once. */
function failuresIn({ changes }: Invoice, window: LocalWindow): number {
  const failures = new Set<Instant>();
  for (const { set } of changes) {
    const moment = set.paymentFailedAt == null ? null : Date.parse(set.paymentFailedAt);
    if (moment !== null && isWithin(window, moment)) failures.add(moment);
  }
  return failures.size;
}
