import type { Instant } from "../history.ts";
import type { RecordState } from "../record-state.ts";
import { type AccountView, recordsOf } from "./account-view.ts";

export type Ticket = RecordState<"ticket">;

/** What metrics ask of a ticket as of the view's moment. */
export interface TicketFacts {
  readonly openedAt: Instant;
  /** Null while nobody has answered. */
  readonly respondedAt: Instant | null;
  /** Null while it is open. */
  readonly solvedAt: Instant | null;
  readonly isOpen: boolean;
  readonly isUrgent: boolean;
  readonly isEscalated: boolean;
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
    isEscalated: fields.escalated === true,
  };
}

/**
 * When the ticket was opened again: each time the vendor's count rose, or, where no vendor counts, each time it was open after having been
 * solved or closed.
 */
export function reopeningsOf(ticket: Ticket): readonly Instant[] {
  return ticket.changes.some(({ set }) => set.reopens != null) ? countedReopenings(ticket) : seenReopenings(ticket);
}

/** When the ticket came to be escalated. */
export function escalationsOf({ changes }: Ticket): readonly Instant[] {
  const moments: Instant[] = [];
  let isEscalated = false;
  for (const { set, occurredAt } of changes) {
    if (set.escalated === undefined) continue;
    if (set.escalated === true && !isEscalated) moments.push(occurredAt);
    isEscalated = set.escalated === true;
  }
  return moments;
}

function countedReopenings({ changes }: Ticket): readonly Instant[] {
  const moments: Instant[] = [];
  let count = 0;
  for (const { set, occurredAt } of changes) {
    if (set.reopens == null) continue;
    if (set.reopens > count) moments.push(occurredAt);
    count = set.reopens;
  }
  return moments;
}

function seenReopenings({ changes }: Ticket): readonly Instant[] {
  const moments: Instant[] = [];
  let wasDone = false;
  for (const { set, occurredAt } of changes) {
    if (set.status === undefined) continue;
    const done = isDone(set.status);
    if (wasDone && !done) moments.push(occurredAt);
    wasDone = done;
  }
  return moments;
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
