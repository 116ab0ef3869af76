import type { Instant, MetricValue } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, type Reach, reachOf, recordsOf } from "./account-view.ts";
import { isWithin, windowEnding } from "./local-window.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { inMajor, sumInReportingCurrency } from "./reporting-currency.ts";

type Opportunity = RecordState<"opportunity">;

const undelivered = "no source delivers opportunities";

/** `opportunities.*`. */
export const opportunityMetrics: readonly Metric[] = [
  {
    ...definition("opportunities.open_expansion", "count", "opportunities of type expansion, neither won nor lost now"),
    compute: (view) =>
      overOpportunities(view, "count", ({ ageDays }) => measured("count", openExpansions(view).length, ageDays)),
  },
  {
    ...definition(
      "opportunities.open_expansion_amount",
      "reporting currency",
      "the sum of their amounts at the day's rates, 0 where there is none",
      ", one of them has no amount or currency, a rate is missing",
    ),
    compute: (view) => {
      const unit = view.company.reportingCurrency;
      return overOpportunities(view, unit, ({ ageDays }) => {
        const amount = expansionMinor(view);
        return typeof amount === "string" ? noData(unit, amount) : measured(unit, inMajor(view, amount), ageDays);
      });
    },
  },
  closedCount("lost"),
  closedCount("won"),
];

function definition(name: string, unit: string, formula: string, also = ""): MetricDefinition {
  return { name, unit, type: "number", source: "opportunity", formula, missing: `${undelivered}${also}` };
}

function closedCount(outcome: "lost" | "won"): Metric {
  const formula = `opportunities of any type that are ${outcome}, and came to be in the last 365 complete, covered days`;
  return {
    ...definition(`opportunities.${outcome}_365d`, "count", formula),
    compute: (view) =>
      overOpportunities(view, "count", ({ end, ageDays }) => {
        const window = windowEnding(view, end, 365);
        const closed = recordsOf(view, "opportunity").filter((opportunity) => {
          const since = opportunity.fields.outcome === outcome ? outcomeSince(opportunity) : null;
          return since !== null && isWithin(window, since);
        });
        return measured("count", closed.length, ageDays);
      }),
  };
}

function overOpportunities(view: AccountView, unit: string, compute: (reach: Reach) => MetricValue): MetricValue {
  const reach = reachOf(view, "opportunity");
  return reach === null ? noData(unit, undelivered) : compute(reach);
}

function openExpansions(view: AccountView): readonly Opportunity[] {
  return recordsOf(view, "opportunity").filter(
    ({ fields }) => fields.type === "expansion" && (fields.outcome ?? "open") === "open",
  );
}

/** The sum in minor units of the reporting currency, not rounded; or why nobody can say. */
function expansionMinor(view: AccountView): number | string {
  const amounts = new Map<string, number>();
  for (const { fields } of openExpansions(view)) {
    const { amountMinor, currency } = fields;
    if (amountMinor == null) return "an open expansion has no amount";
    if (currency == null) return "an open expansion has no currency";
    amounts.set(currency, (amounts.get(currency) ?? 0) + amountMinor);
  }
  return sumInReportingCurrency(view, amounts);
}

/** When the outcome last came to be what it is. */
function outcomeSince({ changes }: Opportunity): Instant | null {
  let since: Instant | null = null;
  let outcome: Opportunity["fields"]["outcome"];
  for (const { set, occurredAt } of changes) {
    if (set.outcome === undefined || set.outcome === outcome) continue;
    outcome = set.outcome;
    since = occurredAt;
  }
  return since;
}
