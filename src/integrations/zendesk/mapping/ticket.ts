import { z } from "zod";
import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { textOf } from "../../record-values.ts";
import { idText, momentText } from "./values.ts";

const spent = z
  .looseObject({ calendar: z.number().nonnegative().nullish().catch(null) })
  .nullish()
  .catch(null);

const metricsSchema = z.looseObject({
  reopens: z.int().nonnegative().nullish().catch(null),
  solved_at: momentText.nullish().catch(null),
  reply_time_in_minutes: spent,
  /** Of messaging tickets only, and then the more exact one. */
  reply_time_in_seconds: spent,
});

const statuses = ["new", "open", "pending", "hold", "solved", "closed"] as const;
const priorities = ["low", "normal", "high", "urgent"] as const;

const ticketSchema = z.looseObject({
  id: idText,
  organization_id: idText.nullish(),
  subject: z.string().nullish().catch(null),
  /** What we do not know is not told; a custom status has one of these as its category. */
  status: z
    .enum([...statuses, "deleted"])
    .nullish()
    .catch(null),
  priority: z.enum(priorities).nullish().catch(null),
  created_at: momentText,
  updated_at: momentText,
  metric_set: metricsSchema.nullish().catch(null),
});

type Ticket = z.infer<typeof ticketSchema>;

/**
 * A ticket as the changes that can be told from how it stands now: made, first answered, solved, and the rest at its newest change. The
 * priority is not told of earlier moments: nobody says what it was then.
 */
export function mapTicket(raw: unknown): Mapped {
  const parsed = ticketSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a ticket without an id or a time" };
  const ticket = parsed.data;
  const { id, organization_id: account } = ticket;
  if (ticket.status === "deleted") return { deleted: [{ kind: "ticket", id, at: ticket.updated_at }] };
  if (account == null) return { skipped: "a ticket without an organization" };
  const change = ({ at, set }: Change): RecordInput => ({ kind: "ticket", id, account, at, set });
  return { inputs: changesOf(ticket).map(change), states: [change(stateOf(ticket))] };
}

interface Change {
  readonly at: string;
  readonly set: FieldsOf<"ticket">;
}

/** What happened to it, as far as its times are told. */
function changesOf(ticket: Ticket): Change[] {
  const { created_at: openedAt, metric_set: metrics } = ticket;
  const respondedAt = firstReplyOf(ticket);
  const solvedAt = isDone(ticket.status) ? (metrics?.solved_at ?? null) : null;
  return [
    { at: openedAt, set: { status: "new", subject: textOf(ticket.subject), openedAt } },
    ...(respondedAt === null ? [] : [{ at: respondedAt, set: { firstRespondedAt: respondedAt } }]),
    ...(solvedAt === null ? [] : [{ at: solvedAt, set: { status: "solved" as const, solvedAt } }]),
  ];
}

/** How it stands; the time is that of its newest change, whatever that was. */
function stateOf({ updated_at: at, status, metric_set: metrics, ...ticket }: Ticket): Change {
  const reopens = metrics?.reopens ?? null;
  const set = {
    subject: textOf(ticket.subject),
    priority: ticket.priority ?? null,
    ...(status != null && status !== "deleted" && { status }),
    // A ticket that was opened again is not solved any more.
    ...(status != null && !isDone(status) && { solvedAt: null }),
    ...(reopens !== null && { reopens }),
  };
  return { at, set };
}

/** Zendesk tells how long the first public reply took, not when it was. */
function firstReplyOf({ created_at: openedAt, metric_set: metrics }: Ticket): string | null {
  const minutes = metrics?.reply_time_in_minutes?.calendar ?? null;
  const seconds = metrics?.reply_time_in_seconds?.calendar ?? (minutes === null ? null : minutes * 60);
  if (seconds === null) return null;
  const at = new Date(Date.parse(openedAt) + seconds * 1_000);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function isDone(status: Ticket["status"]): boolean {
  return status === "solved" || status === "closed";
}
