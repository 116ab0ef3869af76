import { startOfDay } from "../days.ts";
import type { DayNumber, Instant } from "../history.ts";
import { type AccountView, reachOf } from "./account-view.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";
import { type TicketFacts, ticketsOf } from "./ticket-facts.ts";

const hourMs = 3_600_000;
const undelivered = "no source delivers tickets";

/** `tickets.*`. */
export const ticketMetrics: readonly Metric[] = [
  count("tickets.open", "tickets not solved or closed now", (tickets) => tickets.filter(({ isOpen }) => isOpen)),
  count("tickets.open_urgent", "tickets of priority urgent not solved or closed now", (tickets) =>
    tickets.filter(({ isOpen, isUrgent }) => isOpen && isUrgent),
  ),
  count("tickets.created_28d", "tickets opened in the last 28 complete, covered days", (tickets, view, end) => {
    const { from, until } = boundsOf(view, end, 28);
    return tickets.filter(({ openedAt }) => openedAt >= from && openedAt < until);
  }),
  meanHours("tickets.first_response_hours_90d", "first answered", ({ respondedAt }) => respondedAt),
  meanHours("tickets.resolution_hours_90d", "solved", ({ solvedAt }) => solvedAt),
];

function definition(name: string, unit: string, formula: string, missing: string): MetricDefinition {
  return { name, unit, type: "number", source: "ticket", formula, missing };
}

function count(
  name: string,
  formula: string,
  select: (tickets: readonly TicketFacts[], view: AccountView, end: DayNumber) => readonly TicketFacts[],
): Metric {
  return {
    ...definition(name, "count", formula, undelivered),
    compute: (view) => {
      const reach = reachOf(view, "ticket");
      if (reach === null) return noData("count", undelivered);
      return measured("count", select(ticketsOf(view), view, reach.end).length, reach.ageDays);
    },
  };
}

/** The mean time from opening to `reached`, over the tickets that got there in the last 90 days. */
function meanHours(name: string, verb: string, reached: (ticket: TicketFacts) => Instant | null): Metric {
  const formula = `mean hours from opening, over tickets ${verb} in the last 90 complete, covered days`;
  const none = `no ticket was ${verb} in the last 90 days`;
  return {
    ...definition(name, "hours", formula, `${undelivered}, or ${none}`),
    compute: (view) => {
      const reach = reachOf(view, "ticket");
      if (reach === null) return noData("hours", undelivered);
      const { from, until } = boundsOf(view, reach.end, 90);
      let tickets = 0;
      let sum = 0;
      for (const ticket of ticketsOf(view)) {
        const at = reached(ticket);
        // An answer before the question is a fault in the data, not a quick answer.
        if (at === null || at < from || at >= until || at < ticket.openedAt) continue;
        tickets += 1;
        sum += at - ticket.openedAt;
      }
      return tickets === 0 ? noData("hours", none) : measured("hours", sum / tickets / hourMs, reach.ageDays);
    },
  };
}

function boundsOf(
  view: AccountView,
  end: DayNumber,
  days: number,
): { readonly from: Instant; readonly until: Instant } {
  return { from: startOfDay(view.zone, end - days + 1), until: startOfDay(view.zone, end + 1) };
}
