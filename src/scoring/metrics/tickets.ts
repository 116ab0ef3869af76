import { dayOfInstant } from "../days.ts";
import type { Instant, MetricValue } from "../history.ts";
import { type AccountView, type Reach, reachOf, recordsOf } from "./account-view.ts";
import { seatsOf } from "./contract.ts";
import { isWithin, windowEnding } from "./local-window.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { escalationsOf, reopeningsOf, type Ticket, type TicketFacts, ticketsOf } from "./ticket-facts.ts";

const hourMs = 3_600_000;
const undelivered = "no source delivers tickets";
const perSeatsUnit = "per 100 seats";

/** `tickets.*`. */
export const ticketMetrics: readonly Metric[] = [
  openCount("tickets.open", "tickets not solved or closed now", () => true),
  openCount("tickets.open_urgent", "tickets of priority urgent not solved or closed now", ({ isUrgent }) => isUrgent),
  openCount("tickets.escalated_open", "escalated tickets not solved or closed now", ({ isEscalated }) => isEscalated),
  {
    ...definition(
      "tickets.oldest_open_days",
      "days",
      "days since the day on which the oldest ticket that is not solved or closed was opened, 0 when none is open",
      undelivered,
    ),
    compute: (view) => overTickets(view, "days", (reach) => measured("days", oldestOpenDays(view), reach.ageDays)),
  },
  {
    ...definition("tickets.created_28d", "count", "tickets opened in the last 28 complete, covered days", undelivered),
    compute: (view) =>
      overTickets(view, "count", (reach) => measured("count", createdIn(view, reach, 28), reach.ageDays)),
  },
  {
    ...definition(
      "tickets.per_100_seats_28d",
      perSeatsUnit,
      "tickets opened in the last 28 complete, covered days ÷ seats × 100",
      `${undelivered}, or the seats are not known or 0; not applicable without a contract`,
    ),
    needs: () => ({ kinds: ["ticket", "subscription"] }),
    compute: (view) => overTickets(view, perSeatsUnit, (reach) => perSeats(view, reach)),
  },
  turnCount("tickets.reopened_90d", "opened again", reopeningsOf),
  turnCount("tickets.escalated_90d", "escalated", escalationsOf),
  meanHours("tickets.first_response_hours_90d", "first answered", ({ respondedAt }) => respondedAt),
  meanHours("tickets.resolution_hours_90d", "solved", ({ solvedAt }) => solvedAt),
];

function definition(name: string, unit: string, formula: string, missing: string): MetricDefinition {
  return { name, unit, type: "number", source: "ticket", formula, missing };
}

function overTickets(view: AccountView, unit: string, compute: (reach: Reach) => MetricValue): MetricValue {
  const reach = reachOf(view, "ticket");
  return reach === null ? noData(unit, undelivered) : compute(reach);
}

function openCount(name: string, formula: string, counts: (ticket: TicketFacts) => boolean): Metric {
  return {
    ...definition(name, "count", formula, undelivered),
    compute: (view) =>
      overTickets(view, "count", ({ ageDays }) => {
        const open = ticketsOf(view).filter((ticket) => ticket.isOpen && counts(ticket));
        return measured("count", open.length, ageDays);
      }),
  };
}

/** How many tickets something happened to in the last 90 days; one to which it happened twice counts once. */
function turnCount(name: string, verb: string, turnsOf: (ticket: Ticket) => readonly Instant[]): Metric {
  return {
    ...definition(name, "count", `tickets ${verb} in the last 90 complete, covered days`, undelivered),
    compute: (view) =>
      overTickets(view, "count", ({ end, ageDays }) => {
        const window = windowEnding(view, end, 90);
        const turned = recordsOf(view, "ticket").filter((ticket) =>
          turnsOf(ticket).some((moment) => isWithin(window, moment)),
        );
        return measured("count", turned.length, ageDays);
      }),
  };
}

/** The mean time from opening to `reached`, over the tickets that got there in the last 90 days. */
function meanHours(name: string, verb: string, reached: (ticket: TicketFacts) => Instant | null): Metric {
  const formula = `mean hours from opening, over tickets ${verb} in the last 90 complete, covered days`;
  const none = `no ticket was ${verb} in the last 90 days`;
  return {
    ...definition(name, "hours", formula, `${undelivered}, or ${none}`),
    compute: (view) =>
      overTickets(view, "hours", ({ end, ageDays }) => {
        const window = windowEnding(view, end, 90);
        let tickets = 0;
        let sum = 0;
        for (const ticket of ticketsOf(view)) {
          const at = reached(ticket);
          // An answer before the question is a fault in the data, not a quick answer.
          if (at === null || !isWithin(window, at) || at < ticket.openedAt) continue;
          tickets += 1;
          sum += at - ticket.openedAt;
        }
        return tickets === 0 ? noData("hours", none) : measured("hours", sum / tickets / hourMs, ageDays);
      }),
  };
}

function oldestOpenDays(view: AccountView): number {
  let oldest = 0;
  for (const { isOpen, openedAt } of ticketsOf(view)) {
    if (isOpen) oldest = Math.max(oldest, view.today - dayOfInstant(view.zone, openedAt));
  }
  return oldest;
}

function createdIn(view: AccountView, { end }: Reach, days: number): number {
  const window = windowEnding(view, end, days);
  let created = 0;
  for (const { openedAt } of ticketsOf(view)) if (isWithin(window, openedAt)) created += 1;
  return created;
}

function perSeats(view: AccountView, reach: Reach): MetricValue {
  const seats = seatsOf(view);
  if (typeof seats.value !== "number") return { ...seats, unit: perSeatsUnit };
  if (seats.value === 0) return noData(perSeatsUnit, "the contract has 0 seats");
  return measured(perSeatsUnit, (createdIn(view, reach, 28) / seats.value) * 100, reach.ageDays);
}
