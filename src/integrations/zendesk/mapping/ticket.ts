import { z } from "zod";
import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import { textOf } from "../../record-values.ts";
import type { Mapped } from "../../source-port.ts";
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
type TicketFields = FieldsOf<"ticket">;

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
  const inputs = changesOf(ticket).map(({ at, set }): RecordInput => ({ kind: "ticket", id, account, at, set }));
  return { inputs };
}

/** In the order in which they hold where two have the same time: the state of now comes last. */
function changesOf(ticket: Ticket): { at: string; set: TicketFields }[] {
  const { created_at: openedAt, updated_at: updatedAt, status, priority, metric_set: metrics } = ticket;
  const subject = textOf(ticket.subject);
  const respondedAt = firstReplyOf(ticket);
  const solvedAt = isDone(status) ? (metrics?.solved_at ?? null) : null;
  const reopens = metrics?.reopens ?? null;
  const now: TicketFields = {
    subject,
    priority: priority ?? null,
    ...(status != null && status !== "deleted" && { status }),
    // A ticket that was opened again is not solved any more.
    ...(status != null && !isDone(status) && { solvedAt: null }),
    ...(reopens !== null && { reopens }),
  };
  return [
    { at: openedAt, set: { status: "new", subject, openedAt } },
    ...(respondedAt === null ? [] : [{ at: respondedAt, set: { firstRespondedAt: respondedAt } }]),
    ...(solvedAt === null ? [] : [{ at: solvedAt, set: { status: "solved" as const, solvedAt } }]),
    { at: updatedAt, set: now },
  ];
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
