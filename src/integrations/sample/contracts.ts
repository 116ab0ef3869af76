import type { FieldsOf, RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { addMonths, type Day, dayText, momentText } from "./calendar.ts";
import { openRandom } from "./random.ts";
import { isWithin, type Span } from "./span.ts";

const seatsPurpose = 2;
const paymentPurpose = 3;
const graceDays = 4;
const mostAttempts = 3;

/** One paid period of an account's only subscription. */
export interface Period {
  readonly number: number;
  readonly startsOn: Day;
  /** First day of the next period. */
  readonly endsOn: Day;
  readonly seats: number;
}

/** The periods that have begun by `until`, the oldest first. Contracts grow when they are renewed. */
export function periodsOf(seed: number, account: SampleAccount, until: Day): readonly Period[] {
  const months = account.interval === "year" ? 12 : 1;
  const periods: Period[] = [];
  let seats = account.seats;
  for (let number = 0; ; number += 1) {
    const startsOn = addMonths(account.beganOn, number * months);
    if (startsOn > until) return periods;
    if (account.story === null && number > 0) seats = renewedSeats(seed, account, number, seats);
    periods.push({ number, startsOn, endsOn: addMonths(account.beganOn, (number + 1) * months), seats });
  }
}

function renewedSeats(seed: number, account: SampleAccount, number: number, seats: number): number {
  const random = openRandom(seed, seatsPurpose, account.index, number);
  // Monthly contracts grow in small steps, and rarely.
  if (!random.chance(account.interval === "year" ? 0.5 : 0.06)) return seats;
  return Math.max(2, Math.round(seats * (1 + account.growth * random.between(0.2, 0.6))));
}

/** The subscription as it was sold, and each renewal at its own time. */
export function subscriptionInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return periodsOf(seed, account, span.to)
    .filter((period) => isWithin(period.startsOn, span))
    .map((period) => ({
      kind: "subscription" as const,
      id: `${account.key}-subscription`,
      account: account.key,
      at: momentText(period.startsOn + (account.opensAt + 1) / 24),
      set: period.number === 0 ? soldAs(account, period) : renewedAs(account, period),
    }));
}

function soldAs(account: SampleAccount, period: Period): FieldsOf<"subscription"> {
  return {
    plan: planNames[account.segment],
    status: "active",
    startsOn: dayText(period.startsOn),
    currency: account.currency,
    interval: account.interval,
    autoRenew: account.segment === "smb",
    ...renewedAs(account, period),
  };
}

const planNames = { smb: "Team", mid: "Business", enterprise: "Enterprise" } as const;

function renewedAs(account: SampleAccount, period: Period): FieldsOf<"subscription"> {
  return { periodEndsOn: dayText(period.endsOn), amountMinor: amountOf(account, period), seats: period.seats };
}

/** The price of a period: a year costs as much as ten months. */
export function amountOf(account: SampleAccount, period: Period): number {
  return period.seats * account.priceMinor * (account.interval === "year" ? 10 : 1);
}

/** One invoice for each period, the attempts to collect it that failed, and its payment, each at its own time. */
export function invoiceInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  return periodsOf(seed, account, span.to)
    .filter((period) => period.startsOn >= span.historyFrom)
    .flatMap((period) => {
      const paid = paymentOf(seed, account, period, span.firstDay);
      return [
        issuedInvoice(account, period),
        ...failuresOf(account, period, paid),
        invoiceChange(account, period, paid, { status: "paid", paidAt: momentText(paid) }),
      ];
    })
    .filter((change) => isWithin(change.day, span))
    .map((change) => change.input);
}

interface InvoiceChange {
  readonly day: Day;
  readonly input: RecordInput;
}

function issuedInvoice(account: SampleAccount, period: Period): InvoiceChange {
  return invoiceChange(account, period, period.startsOn + 2 / 24, {
    number: invoiceNumber(account, period),
    status: "open",
    amountMinor: amountOf(account, period),
    currency: account.currency,
    issuedOn: dayText(period.startsOn),
    dueOn: dayText(dueDay(account, period)),
  });
}

/** The first attempt on the morning after the due day, one more each week; who pays a few days late pays by hand. */
function failuresOf(account: SampleAccount, period: Period, paid: number): InvoiceChange[] {
  const first = dueDay(account, period) + 1 + 5 / 24;
  if (paid < first + graceDays) return [];
  return Array.from({ length: mostAttempts }, (_, attempt) => first + attempt * 7)
    .filter((failed) => failed < paid)
    .map((failed) => invoiceChange(account, period, failed, { paymentFailedAt: momentText(failed) }));
}

/** When it is paid. */
function paymentOf(seed: number, account: SampleAccount, period: Period, firstDay: Day): number {
  const due = dueDay(account, period);
  const random = openRandom(seed, paymentPurpose, account.index, period.number);
  const usual = Math.max(period.startsOn + 1, due + Math.round(account.paysAfter + random.normal() * 2.5));
  const unpaid = account.story?.unpaid;
  // Month lengths can move the due day by one against the plan.
  const isStory = unpaid !== undefined && Math.abs(due - firstDay - unpaid.due) <= 2;
  return (isStory ? firstDay + unpaid.paid : usual) + random.between(0.3, 0.7);
}

function invoiceChange(account: SampleAccount, period: Period, at: number, set: FieldsOf<"invoice">): InvoiceChange {
  const id = invoiceNumber(account, period);
  return {
    day: Math.floor(at),
    input: { kind: "invoice", id, account: account.key, at: momentText(at), set },
  };
}

function dueDay(account: SampleAccount, period: Period): Day {
  return period.startsOn + (account.interval === "year" ? 30 : 14);
}

function invoiceNumber(account: SampleAccount, period: Period): string {
  return `INV-${String(account.index + 1).padStart(3, "0")}-${String(period.number + 1).padStart(3, "0")}`;
}
