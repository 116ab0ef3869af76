import { parseDay } from "../days.ts";
import type { MetricValue } from "../history.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, measured, noData, notApplicable } from "./metric.ts";
import { type Contracts, contractsOf, type Subscription } from "./subscriptions.ts";

const ended = "the contract has ended";

/** `contract.*`. */
export const contractMetrics: readonly Metric[] = [
  {
    name: "contract.seats",
    unit: "seats",
    type: "number",
    source: "subscription",
    formula: "sum of the seats of paid subscriptions in force",
    missing: "no source delivers subscriptions, or none in force says its seats; not applicable without a contract",
    compute: (view) => withContract(view, "seats", sumSeats),
  },
  {
    name: "contract.days_to_renewal",
    unit: "days",
    type: "number",
    source: "subscription",
    formula: "days to the nearest end, or end of a period, of a paid subscription in force",
    missing:
      "no source delivers subscriptions, or none in force says when its period ends; not applicable without a contract",
    compute: (view) => withContract(view, "days", daysToRenewal),
  },
];

function withContract(
  view: AccountView,
  unit: string,
  compute: (contracts: Contracts, view: AccountView) => MetricValue,
): MetricValue {
  const contracts = contractsOf(view, unit);
  if ("state" in contracts) return contracts;
  return contracts.inForce.length === 0 ? notApplicable(unit, ended) : compute(contracts, view);
}

function sumSeats({ inForce, ageDays }: Contracts): MetricValue {
  let seats: number | null = null;
  for (const { fields } of inForce) if (fields.seats != null) seats = (seats ?? 0) + fields.seats;
  return seats === null
    ? noData("seats", "no subscription in force says its seats")
    : measured("seats", seats, ageDays);
}

function daysToRenewal({ inForce, ageDays }: Contracts, { today }: AccountView): MetricValue {
  let nearest = Infinity;
  for (const subscription of inForce) nearest = Math.min(nearest, nextEnd(subscription, today));
  return nearest === Infinity
    ? noData("days", "no subscription in force says when its period ends")
    : measured("days", nearest - today, ageDays);
}

/** A period end that has passed says nothing of the next one. */
function nextEnd({ fields }: Subscription, today: number): number {
  let next = Infinity;
  for (const text of [fields.periodEndsOn, fields.endsOn]) {
    const day = text == null ? Infinity : parseDay(text);
    if (day >= today) next = Math.min(next, day);
  }
  return next;
}
