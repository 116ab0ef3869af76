import type { FieldsOf, RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { type Day, isWeekend, momentText } from "./calendar.ts";
import { valueOn } from "./course.ts";
import { outageSubjects, ticketSubjects } from "./names.ts";
import { openRandom, type Random } from "./random.ts";
import { firstDayOf, isWithin, type Span } from "./span.ts";

const ticketPurpose = 5;
/** No ticket, and no answer about it, comes later than this many days after it was opened. */
const longestDays = 45;

/** All that will ever be known of one ticket, moments as days since 1970-01-01. */
interface Ticket {
  readonly id: string;
  readonly subject: string;
  readonly priority: "low" | "normal" | "high" | "urgent";
  readonly openedAt: number;
  readonly respondedAt: number;
  readonly solvedAt: number;
  readonly csat: { readonly score: number; readonly at: number } | null;
}

/** Each ticket as it was opened, answered and solved, each at its own time. */
export function ticketInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return ticketsOf(seed, account, span)
    .flatMap((ticket) => ticketChanges(account, ticket))
    .filter((change) => isWithin(Math.floor(change.at), span))
    .map(({ id, at, set }) => ({ kind: "ticket", id, account: account.key, at: momentText(at), set }));
}

/** The answers to "how did we do?" after a ticket was solved. */
export function csatInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return ticketsOf(seed, account, span).flatMap(({ id, csat }) => {
    if (csat === null || !isWithin(Math.floor(csat.at), span)) return [];
    const set = { type: "csat" as const, score: csat.score, scale: 5 };
    return [{ kind: "survey" as const, id: `csat-${id}`, account: account.key, at: momentText(csat.at), set }];
  });
}

interface TicketChange {
  readonly id: string;
  readonly at: number;
  readonly set: FieldsOf<"ticket">;
}

function ticketChanges(account: SampleAccount, ticket: Ticket): TicketChange[] {
  const { id, subject, priority } = ticket;
  const openedAt = momentText(ticket.openedAt);
  const escalated = priority === "urgent" && account.segment === "enterprise";
  return [
    { id, at: ticket.openedAt, set: { subject, status: "open", priority, openedAt, escalated } },
    { id, at: ticket.respondedAt, set: { status: "pending", firstRespondedAt: momentText(ticket.respondedAt) } },
    { id, at: ticket.solvedAt, set: { status: "solved", solvedAt: momentText(ticket.solvedAt) } },
  ];
}

function ticketsOf(seed: number, account: SampleAccount, span: Span): Ticket[] {
  const tickets: Ticket[] = [];
  for (let day = firstDayOf(span, account.beganOn, longestDays); day <= span.to; day += 1) {
    const random = openRandom(seed, ticketPurpose, account.index, day);
    const context = { account, day, firstDay: span.firstDay, random };
    const usual = random.poisson(usualPerDay(account, day));
    const urgent = stormPerDay(account, day, span.firstDay);
    const stormy = Math.floor(urgent + random.unit());
    for (let number = 0; number < usual + stormy; number += 1) {
      tickets.push(number < usual ? usualTicket(context, number) : stormTicket(context, number));
    }
  }
  return tickets;
}

/** Bigger customers write more, but not in proportion; nobody writes much on a Sunday. */
function usualPerDay(account: SampleAccount, day: Day): number {
  const perDay = account.ticketsPerDay * 0.012 * Math.sqrt(account.seats);
  return isWeekend(day) ? perDay * 0.15 : perDay;
}

function stormPerDay(account: SampleAccount, day: Day, firstDay: Day): number {
  const storm = account.story?.storm;
  if (storm === undefined || isWeekend(day)) return 0;
  const relative = day - firstDay;
  return relative >= storm.from && relative <= storm.to ? storm.perDay : 0;
}

interface Context {
  readonly account: SampleAccount;
  readonly day: Day;
  readonly firstDay: Day;
  readonly random: Random;
}

function usualTicket({ account, day, firstDay, random }: Context, number: number): Ticket {
  const openedAt = openingMoment(account, day, random);
  const content = valueOn(account.satisfaction, day - firstDay);
  const respondedAt = openedAt + random.between(0.02, 0.35) + (1 - content) * random.between(0, 0.4);
  const solvedAt = respondedAt + random.between(0.1, 2.5) + (1 - content) * random.between(0, 5);
  return {
    id: ticketId(account, day, number),
    subject: random.pick(ticketSubjects),
    priority: drawPriority(random, content),
    openedAt,
    respondedAt,
    solvedAt,
    csat: random.chance(0.45) ? { score: drawCsat(random, content), at: solvedAt + random.between(0.1, 1.5) } : null,
  };
}

/** Half of a storm is patched within days and leaves people angry; the other half waits for the calm. */
function stormTicket({ account, day, firstDay, random }: Context, number: number): Ticket {
  const openedAt = openingMoment(account, day, random);
  const respondedAt = openedAt + random.between(0.4, 1.6);
  const calm = firstDay + (account.story?.storm?.calm ?? 0) + random.between(0.3, 4);
  const isPatched = random.chance(0.35);
  const solvedAt = isPatched ? respondedAt + random.between(0.6, 2.5) : Math.max(calm, respondedAt + 0.5);
  return {
    id: ticketId(account, day, number),
    subject: random.pick(outageSubjects),
    priority: "urgent",
    openedAt,
    respondedAt,
    solvedAt,
    csat: isPatched ? { score: random.whole(1, 2), at: solvedAt + random.between(0.05, 0.4) } : null,
  };
}

function openingMoment(account: SampleAccount, day: Day, random: Random): number {
  return day + Math.min(23.8, account.opensAt + random.between(0.5, 9)) / 24;
}

function ticketId(account: SampleAccount, day: Day, number: number): string {
  return `T-${account.index + 1}-${day}-${number}`;
}

function drawPriority(random: Random, content: number): Ticket["priority"] {
  const draw = random.unit();
  if (draw < 0.01 + (1 - content) * 0.06) return "urgent";
  if (draw < 0.2) return "high";
  return draw < 0.75 ? "normal" : "low";
}

/** 1 to 5; content customers answer 4 and 5. */
function drawCsat(random: Random, content: number): number {
  return Math.max(1, Math.min(5, Math.round(1.2 + content * 4 + random.normal() * 0.7)));
}
