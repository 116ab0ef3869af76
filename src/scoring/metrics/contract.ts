import { parseDay } from "../days.ts";
import { fiscalQuarter } from "../fiscal-year.ts";
import type { DayNumber, MetricValue } from "../history.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, type MetricDefinition, measured, noData, notApplicable } from "./metric.ts";
import { monthlyMinor } from "./mrr.ts";
import { type Contracts, contractsOf, type Subscription } from "./subscriptions.ts";
import { sumOfDays } from "./usage-series.ts";
import { windowOf } from "./usage-window.ts";

const ended = "the contract has ended";
const seatUseDays = 28;
const noSeats = "no subscription in force says its seats";
const noPeriodEnd = "no subscription in force says when its period ends";

/** `contract.*`. */
export const contractMetrics: readonly Metric[] = [
  {
    ...definition("contract.seats", "seats", "sum of the seats of paid subscriptions in force", "none says its seats"),
    compute: seatsOf,
  },
  {
    ...definition(
      "contract.seat_use",
      "ratio",
      `active users (the usage name that metrics.json gives) per day of the last ${seatUseDays} covered days since the account began ÷ seats`,
      "none says its seats, they are 0, or no source delivers the usage name",
    ),
    needs: ({ activeUsers }) => ({ kinds: ["subscription"], usage: [{ name: activeUsers, days: seatUseDays }] }),
    compute: seatUse,
  },
  {
    ...definition(
      "contract.days_to_renewal",
      "days",
      "days to the nearest end, or end of a period, of a paid subscription in force",
      "none says when its period ends",
    ),
    compute: (view) =>
      withContract(view, "days", (contracts) => {
        const end = nearestEnd(contracts, view.today);
        return end === null ? noData("days", noPeriodEnd) : measured("days", end - view.today, contracts.ageDays);
      }),
  },
  {
    ...definition(
      "contract.renewal_quarter",
      "text",
      "the fiscal quarter of that end, as FY2027-Q1; a fiscal year is named after the calendar year it ends in",
      "none says when its period ends",
    ),
    compute: (view) =>
      withContract(view, "text", (contracts) => {
        const end = nearestEnd(contracts, view.today);
        return end === null
          ? noData("text", noPeriodEnd)
          : measured("text", fiscalQuarter(view.company, end), contracts.ageDays);
      }),
  },
  {
    ...definition(
      "contract.auto_renew",
      "text",
      "no where a paid subscription in force does not renew by itself, else yes where one does",
      "none says whether it renews",
    ),
    compute: (view) => withContract(view, "text", autoRenew),
  },
  {
    ...definition(
      "contract.notice_given",
      "text",
      "yes where notice of a paid subscription in force has been given, else no",
    ),
    compute: (view) =>
      withContract(view, "text", (contracts) => {
        return measured("text", newestNotice(contracts, view.today) === null ? "no" : "yes", contracts.ageDays);
      }),
  },
  {
    ...definition(
      "contract.days_since_notice",
      "days",
      "days since the newest notice of a paid subscription in force",
      undefined,
      "before a notice",
    ),
    compute: (view) =>
      withContract(view, "days", (contracts) => {
        const notice = newestNotice(contracts, view.today);
        return notice === null
          ? notApplicable("days", "no notice has been given")
          : measured("days", view.today - notice, contracts.ageDays);
      }),
  },
  {
    ...definition(
      "contract.plan",
      "text",
      "the plan of the paid subscription in force that brings most per month, of those that name one",
      "none names its plan, or of several a price or a rate is missing",
    ),
    compute: (view) => withContract(view, "text", (contracts) => greatestPlan(contracts, view)),
  },
];

/** `contract.seats`, for what is measured per seat. */
export function seatsOf(view: AccountView): MetricValue {
  return withContract(view, "seats", ({ inForce, ageDays }) => {
    let seats: number | null = null;
    for (const { fields } of inForce) if (fields.seats != null) seats = (seats ?? 0) + fields.seats;
    return seats === null ? noData("seats", noSeats) : measured("seats", seats, ageDays);
  });
}

function definition(name: string, unit: string, formula: string, also?: string, unless?: string): MetricDefinition {
  const missing = `no source delivers subscriptions${also === undefined ? "" : `, or of those in force ${also}`}`;
  const notFor = `not applicable without a contract${unless === undefined ? "" : ` and ${unless}`}`;
  const type = unit === "text" ? "text" : "number";
  return { name, unit, type, source: "subscription", formula, missing: `${missing}; ${notFor}` };
}

function withContract(view: AccountView, unit: string, compute: (contracts: Contracts) => MetricValue): MetricValue {
  const contracts = contractsOf(view, unit);
  if ("state" in contracts) return contracts;
  return contracts.inForce.length === 0 ? notApplicable(unit, ended) : compute(contracts);
}

/** As old as the use: seats are true until they change. */
function seatUse(view: AccountView): MetricValue {
  const seats = seatsOf(view);
  if (typeof seats.value !== "number") return { ...seats, unit: "ratio" };
  if (seats.value === 0) return noData("ratio", "the contract has 0 seats");
  const window = windowOf(view, {
    name: view.settings.activeUsers,
    days: seatUseDays,
    lookbackDays: seatUseDays,
  });
  if (typeof window === "string") return noData("ratio", window);
  const { series, since, end, ageDays } = window;
  return measured("ratio", sumOfDays(series, since, end) / (end - since + 1) / seats.value, ageDays);
}

function nearestEnd({ inForce }: Contracts, today: DayNumber): DayNumber | null {
  let nearest = Infinity;
  for (const subscription of inForce) nearest = Math.min(nearest, nextEnd(subscription, today));
  return nearest === Infinity ? null : nearest;
}

/** A period end that has passed says nothing of the next one. */
function nextEnd({ fields }: Subscription, today: DayNumber): number {
  let next = Infinity;
  for (const text of [fields.periodEndsOn, fields.endsOn]) {
    const day = text == null ? Infinity : parseDay(text);
    if (day >= today) next = Math.min(next, day);
  }
  return next;
}

function autoRenew({ inForce, ageDays }: Contracts): MetricValue {
  const known = inForce.flatMap(({ fields }) => fields.autoRenew ?? []);
  if (known.length === 0) return noData("text", "no subscription in force says whether it renews by itself");
  return measured("text", known.includes(false) ? "no" : "yes", ageDays);
}

/** A day that has not come is an intention, not a notice. */
function newestNotice({ inForce }: Contracts, today: DayNumber): DayNumber | null {
  let newest: DayNumber | null = null;
  for (const { fields } of inForce) {
    const day = fields.noticeOn == null ? null : parseDay(fields.noticeOn);
    if (day !== null && day <= today && (newest === null || day > newest)) newest = day;
  }
  return newest;
}

/** Of equal prices the one known first counts. */
function greatestPlan({ inForce, ageDays }: Contracts, view: AccountView): MetricValue {
  const named = inForce.filter(({ fields }) => fields.plan != null);
  const [first] = named;
  if (first === undefined) return noData("text", "no subscription in force names its plan");
  let greatest = { plan: first.fields.plan ?? "", minor: -Infinity };
  for (const subscription of named.length === 1 ? [] : named) {
    const minor = monthlyMinor(view, [subscription]);
    if (typeof minor === "string") return noData("text", `several plans: ${minor}`);
    if (minor > greatest.minor) greatest = { plan: subscription.fields.plan ?? "", minor };
  }
  return measured("text", greatest.plan, ageDays);
}
