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

/** What was read of some tickets, and between which moments the same would be read again. */
interface Read {
  readonly facts: readonly TicketFacts[];
  /** The last moment named in a ticket that has come; -Infinity when there is none. */
  readonly since: Instant;
  /** The first one still to come; Infinity when there is none. */
  readonly until: Instant;
}

const readOf = new WeakMap<readonly Ticket[], Read>();

/** The account's tickets as known at the view's moment; worked out once for all metrics, and for all days on which nothing comes. */
export function ticketsOf(view: AccountView): readonly TicketFacts[] {
  const tickets = recordsOf(view, "ticket");
  const last = readOf.get(tickets);
  if (last !== undefined && last.since <= view.now && view.now < last.until) return last.facts;
  const read = readTickets(tickets, view.now);
  readOf.set(tickets, read);
  return read.facts;
}

function readTickets(tickets: readonly Ticket[], now: Instant): Read {
  let since = -Infinity;
  let until = Infinity;
  const named = (moment: string | null | undefined): Instant | null => {
    if (moment == null) return null;
    const at = Date.parse(moment);
    if (at <= now) since = Math.max(since, at);
    else until = Math.min(until, at);
    return at <= now ? at : null;
  };
  const facts = tickets.map((ticket) => readTicket(ticket, named));
  return { facts, since, until };
}

/** A moment given as a value is a fact only once it has come. */
type FactAt = (moment: string | null | undefined) => Instant | null;

function readTicket(ticket: Ticket, factAt: FactAt): TicketFacts {
  const { fields, firstAt } = ticket;
  const solvedAt = factAt(fields.solvedAt);
  // The status says; where it is not known, a solving time that has come.
  const isOpen = fields.status === undefined ? solvedAt === null : !isDone(fields.status);
  return {
    openedAt: factAt(fields.openedAt) ?? firstAt,
    respondedAt: factAt(fields.firstRespondedAt),
    solvedAt: isOpen ? null : (solvedAt ?? doneSince(ticket)),
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
