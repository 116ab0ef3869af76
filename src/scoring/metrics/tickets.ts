import { startOfDay } from "../days.ts";
import type { Instant } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, type Reach, reachOf, recordsOf } from "./account-view.ts";
import { type Metric, type MetricDefinition, measured, noData } from "./metric.ts";

type Ticket = RecordState<"ticket">;

const hourMs = 3_600_000;
const undelivered = "no source delivers tickets";

/** `tickets.*`. */
export const ticketMetrics: readonly Metric[] = [
  count("tickets.open", "tickets not solved or closed now", ({ now }, tickets) =>
    tickets.filter((ticket) => isOpen(ticket, now)),
  ),
  count("tickets.open_urgent", "tickets of priority urgent not solved or closed now", ({ now }, tickets) =>
    tickets.filter((ticket) => isOpen(ticket, now) && ticket.fields.priority === "urgent"),
  ),
  count("tickets.created_28d", "tickets opened in the last 28 complete, covered days", (view, tickets, { end }) =>
    tickets.filter((ticket) => isWithin(view, openedAt(ticket, view.now), end, 28)),
  ),
  meanHours("tickets.first_response_hours_90d", "first answered", ({ fields }, now) =>
    factAt(fields.firstRespondedAt, now),
  ),
  meanHours("tickets.resolution_hours_90d", "solved", solvedAt),
];

function definition(name: string, unit: string, formula: string, missing: string): MetricDefinition {
  return { name, unit, type: "number", source: "ticket", formula, missing };
}

function count(
  name: string,
  formula: string,
  select: (view: AccountView, tickets: readonly Ticket[], reach: Reach) => readonly Ticket[],
): Metric {
  return {
    ...definition(name, "count", formula, undelivered),
    compute: (view) => {
      const reach = reachOf(view, "ticket");
      if (reach === null) return noData("count", undelivered);
      return measured("count", select(view, recordsOf(view, "ticket"), reach).length, reach.ageDays);
    },
  };
}

/** The mean time from opening to `reached`, over the tickets that got there in the last 90 days. */
function meanHours(name: string, verb: string, reached: (ticket: Ticket, now: Instant) => Instant | null): Metric {
  const formula = `mean hours from opening, over tickets ${verb} in the last 90 complete, covered days`;
  const none = `no ticket was ${verb} in the last 90 days`;
  return {
    ...definition(name, "hours", formula, `${undelivered}, or ${none}`),
    compute: (view) => {
      const reach = reachOf(view, "ticket");
      if (reach === null) return noData("hours", undelivered);
      let tickets = 0;
      let sum = 0;
      for (const ticket of recordsOf(view, "ticket")) {
        const at = reached(ticket, view.now);
        if (at === null || !isWithin(view, at, reach.end, 90)) continue;
        const taken = at - openedAt(ticket, view.now);
        // An answer before the question is a fault in the data, not a quick answer.
        if (taken < 0) continue;
        tickets += 1;
        sum += taken;
      }
      return tickets === 0 ? noData("hours", none) : measured("hours", sum / tickets / hourMs, reach.ageDays);
    },
  };
}

function isWithin(view: AccountView, at: Instant, end: number, days: number): boolean {
  return at >= startOfDay(view.zone, end - days + 1) && at < startOfDay(view.zone, end + 1);
}

/** A moment given as a value is a fact only once it has come. */
function factAt(moment: string | null | undefined, now: Instant): Instant | null {
  const at = moment == null ? Number.NaN : Date.parse(moment);
  return at <= now ? at : null;
}

function openedAt(ticket: Ticket, now: Instant): Instant {
  return factAt(ticket.fields.openedAt, now) ?? ticket.firstAt;
}

/** The status says; where it is not known, a solving time that has come. */
function isOpen({ fields }: Ticket, now: Instant): boolean {
  if (fields.status !== undefined) return !isDone(fields.status);
  return factAt(fields.solvedAt, now) === null;
}

/** As given, else when the status last came to be solved or closed; null while the ticket is open. */
function solvedAt(ticket: Ticket, now: Instant): Instant | null {
  if (isOpen(ticket, now)) return null;
  const given = factAt(ticket.fields.solvedAt, now);
  if (given !== null) return given;
  let since: Instant | null = null;
  for (const { set, occurredAt } of ticket.changes) {
    if (set.status === undefined) continue;
    if (!isDone(set.status)) since = null;
    else since ??= occurredAt;
  }
  return since;
}

function isDone(status: NonNullable<Ticket["fields"]["status"]>): boolean {
  return status === "solved" || status === "closed";
}
