import type { Instant } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, recordsOf } from "./account-view.ts";

type Ticket = RecordState<"ticket">;

/** What metrics ask of a ticket as of the view's moment. */
export interface TicketFacts {
  readonly openedAt: Instant;
  /** Null while nobody has answered. */
  readonly respondedAt: Instant | null;
  /** Null while it is open. */
  readonly solvedAt: Instant | null;
  readonly isOpen: boolean;
  readonly isUrgent: boolean;
}

const factsOf = new WeakMap<AccountView, readonly TicketFacts[]>();

/** The account's tickets as known at the view's moment; worked out once for all metrics. */
export function ticketsOf(view: AccountView): readonly TicketFacts[] {
  const known = factsOf.get(view);
  if (known !== undefined) return known;
  const tickets = recordsOf(view, "ticket").map((ticket) => readTicket(ticket, view.now));
  factsOf.set(view, tickets);
  return tickets;
}

function readTicket(ticket: Ticket, now: Instant): TicketFacts {
  const { fields, firstAt } = ticket;
  const isOpen = isStillOpen(ticket, now);
  return {
    openedAt: factAt(fields.openedAt, now) ?? firstAt,
    respondedAt: factAt(fields.firstRespondedAt, now),
    solvedAt: isOpen ? null : (factAt(fields.solvedAt, now) ?? doneSince(ticket)),
    isOpen,
    isUrgent: fields.priority === "urgent",
  };
}

/** A moment given as a value is a fact only once it has come. */
function factAt(moment: string | null | undefined, now: Instant): Instant | null {
  if (moment == null) return null;
  const at = Date.parse(moment);
  return at <= now ? at : null;
}

/** The status says; where it is not known, a solving time that has come. */
function isStillOpen({ fields }: Ticket, now: Instant): boolean {
  if (fields.status !== undefined) return !isDone(fields.status);
  return factAt(fields.solvedAt, now) === null;
}

/** When the status last came to be solved or closed. */
function doneSince({ changes }: Ticket): Instant | null {
  let since: Instant | null = null;
  for (const { set, occurredAt } of changes) {
    if (set.status === undefined) continue;
    if (!isDone(set.status)) since = null;
    else since ??= occurredAt;
  }
  return since;
}

function isDone(status: NonNullable<Ticket["fields"]["status"]>): boolean {
  return status === "solved" || status === "closed";
}
