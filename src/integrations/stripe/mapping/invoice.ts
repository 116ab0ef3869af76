import type { FieldsOf, RecordInput } from "../../../scoring/records.ts";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf } from "../../record-values.ts";
import { dayIn, momentOf } from "./moments.ts";
import { type Invoice, idOf } from "./shapes.ts";

/**
 * What an invoice tells, each at its own time: when it was made final, paid, voided or written off. A draft is no invoice yet. `at` is when
 * it was seen or told of: so much had been paid of it by then.
 */
export function invoiceChanges(invoice: Invoice, at: string, zone: string): Pick<Mapped, "inputs" | "states"> {
  const { customer, status_transitions: passed, amount_paid: paid, status } = invoice;
  if (customer == null || status == null || status === "draft") return {};
  const account = idOf(customer);
  const change = (moment: string, set: FieldsOf<"invoice">): RecordInput => {
    return { kind: "invoice", id: invoice.id, account, at: moment, set };
  };
  const inputs = [change(...issueOf(invoice, zone))];
  const paidAt = passed?.paid_at;
  if (paidAt != null) {
    const moment = momentOf(paidAt);
    inputs.push(change(moment, { status: "paid", paidAt: moment, amountPaidMinor: paid ?? null }));
  }
  if (passed?.voided_at != null) inputs.push(change(momentOf(passed.voided_at), { status: "void" }));
  const writtenOffAt = passed?.marked_uncollectible_at;
  if (writtenOffAt != null) inputs.push(change(momentOf(writtenOffAt), { status: "uncollectible" }));
  const states = status === "open" ? [change(at, { amountPaidMinor: paid ?? 0 })] : [];
  return { inputs, states };
}

/** An attempt to collect it that failed, at its own time. */
export function failedPayment({ id, customer }: Invoice, at: string): RecordInput[] {
  if (customer == null) return [];
  return [{ kind: "invoice", id, account: idOf(customer), at, set: { paymentFailedAt: at } }];
}

/** One without a date is collected at once: it is due when it is issued. */
function issueOf(invoice: Invoice, zone: string): [string, FieldsOf<"invoice">] {
  const { created, effective_at: effectiveAt, due_date: dueDate, status_transitions: passed } = invoice;
  const issued = passed?.finalized_at ?? effectiveAt ?? created;
  return [
    momentOf(issued),
    {
      number: labelOf(invoice.number),
      status: "open",
      amountMinor: invoice.amount_due,
      currency: invoice.currency.toUpperCase(),
      issuedOn: dayIn(zone, issued),
      dueOn: dayIn(zone, dueDate ?? issued),
    },
  ];
}
