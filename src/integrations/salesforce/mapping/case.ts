import { z } from "zod";
import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { textOf } from "../../record-values.ts";
import type { SalesforceSettings } from "../settings.ts";
import { deletionOf, flag, ifSaid, moment, momentOf, readRow, rowBase, words } from "./row.ts";

const caseRow = z.looseObject({
  ...rowBase,
  AccountId: words,
  Subject: words,
  Status: words,
  Priority: words,
  IsClosed: flag,
  ClosedDate: moment,
  IsEscalated: flag,
});
type CaseRow = z.infer<typeof caseRow>;
type Ticket = FieldsOf<"ticket">;
type CaseSettings = Pick<SalesforceSettings, "caseStatuses" | "casePriorities" | "caseFirstResponse">;

/** A Case as a ticket: as it was opened, answered and closed, each at its own time, and as it is now. */
export function mapCase(settings: CaseSettings, raw: unknown): Mapped {
  const read = readRow(caseRow, raw);
  if ("skipped" in read) return read;
  const { row } = read;
  const { Id: id, AccountId: account, CreatedDate: openedAt, ClosedDate: closedAt, SystemModstamp } = row;
  if (row.IsDeleted === true) return deletionOf("ticket", row);
  if (!account) return {};
  const change = (at: string, set: Ticket): RecordInput => ({ kind: "ticket", id, account, at, set });
  const now = stateOf(settings, row);
  const { subject, priority, status } = now;
  const answeredAt = answerOf(settings, row);
  const inputs: RecordInput[] = [];
  if (openedAt) inputs.push(change(openedAt, { subject, priority, status: "new", openedAt }));
  if (answeredAt) inputs.push(change(answeredAt, { firstRespondedAt: answeredAt }));
  if (closedAt && row.IsClosed === true) inputs.push(change(closedAt, { status, solvedAt: closedAt }));
  return { inputs: [...inputs, change(SystemModstamp, now)] };
}

function stateOf(settings: CaseSettings, row: CaseRow): Ticket {
  const isOpen = row.IsClosed === false;
  return {
    subject: ifSaid(row.Subject, textOf),
    priority: priorityOf(settings, row.Priority),
    status: statusOf(settings, row),
    openedAt: row.CreatedDate ?? undefined,
    // Open again: what was true of its end no longer is.
    solvedAt: isOpen ? null : (row.ClosedDate ?? undefined),
    firstRespondedAt: answerOf(settings, row),
    escalated: row.IsEscalated,
  };
}

function answerOf({ caseFirstResponse: field }: CaseSettings, row: CaseRow): string | null | undefined {
  const value = field === undefined ? undefined : row[field];
  if (value === undefined || value === null) return value;
  return typeof value === "string" ? (momentOf(value) ?? undefined) : undefined;
}

const usualStatuses = [
  [/^new$/i, "new"],
  [/wait|pend|customer/i, "pending"],
  [/hold/i, "hold"],
  [/solved|resolved/i, "solved"],
] as const;

/** By the settings' words first; what is closed in Salesforce is closed; then by what the word says. An unknown word is an open ticket. */
function statusOf({ caseStatuses }: CaseSettings, { Status: status, IsClosed }: CaseRow): Ticket["status"] {
  const stated = status == null ? undefined : caseStatuses[status];
  if (stated !== undefined) return stated;
  if (IsClosed === true) return "closed";
  if (status == null) return IsClosed === false ? "open" : undefined;
  return usualStatuses.find(([pattern]) => pattern.test(status))?.[1] ?? "open";
}

const usualPriorities = [
  [/urgent|critical|^p1/i, "urgent"],
  [/high/i, "high"],
  [/medium|normal/i, "normal"],
  [/low/i, "low"],
] as const;

function priorityOf({ casePriorities }: CaseSettings, priority: string | null | undefined): Ticket["priority"] {
  if (priority == null) return priority;
  return casePriorities[priority] ?? usualPriorities.find(([pattern]) => pattern.test(priority))?.[1] ?? null;
}
