import { z } from "zod";
import { daySchema, type Input, type StreamKind } from "../../scoring/records.ts";
import type { Page, Source } from "../source-port.ts";
import { inventAccounts, type SampleAccount } from "./accounts.ts";
import { dayFromText, dayOf, dayText } from "./calendar.ts";
import { invoiceInputs, subscriptionInputs } from "./contracts.ts";
import { opportunityInputs } from "./opportunities.ts";
import { accountInputs, contactInputs, touchpointInputs } from "./portraits.ts";
import type { Span } from "./span.ts";
import { surveyInputs } from "./surveys.ts";
import { ticketInputs } from "./tickets.ts";
import { usageInputs } from "./usage.ts";

/** Larger pages live so long in memory that the garbage of each is copied several times. */
const pageSize = 5_000;
const historyDays = 365;
const hourMs = 3_600_000;

/** Accounts come first: everything else belongs to one. */
const streams = [
  "account",
  "contact",
  "subscription",
  "usage",
  "ticket",
  "survey",
  "invoice",
  "opportunity",
  "touchpoint",
] as const satisfies readonly StreamKind[];
type SampleStream = (typeof streams)[number];

const cursorSchema = z.strictObject({
  /** The day of the very first pull: the stories are placed around it for ever. */
  firstDay: daySchema,
  /** The last day that is delivered for all accounts; null while the first year is on its way. */
  through: daySchema.nullable(),
  /** The span being delivered ends here. */
  target: daySchema,
  /** The number of the account with which the next page begins. */
  next: z.int().nonnegative(),
});
type Cursor = z.infer<typeof cursorSchema>;

/**
 * The invented company as a source: a year of history up to yesterday at first, then whatever has happened since. What it tells
 * depends on the seed, the first day and the day alone, so days delivered one by one are the same as days delivered at once.
 */
export function openSampleSource({ id = "sample", seed }: { readonly id?: string; readonly seed: number }): Source {
  const accountsOf = rememberAccounts(seed);
  return {
    id,
    kind: "sample",
    accounts: "create",
    idsAreKeys: true,
    streams: streams.map((kind) => ({ name: kind, feeds: [kind], everyMs: hourMs, mode: "incremental" as const })),
    limits: [],
    pull: async (stream, stored, { now }) => {
      if (!isSampleStream(stream)) throw new Error(`the sample has no stream "${stream}", only ${streams.join(", ")}`);
      const cursor = openCursor(stored, now);
      if (cursor === null) return { raw: [], cursor: stored, done: true };
      const span = spanOf(cursor);
      return page(accountsOf(span.firstDay), cursor, span, now, (account) => deliver[stream](seed, account, span));
    },
    map: (_stream, raw) => (isOwnInput(raw) ? { inputs: [raw] } : { skipped: "not a record" }),
    classify: () => ({ kind: "fatal", reason: "the sample calls nobody" }),
    check: async () => ({ ok: true, detail: "an invented company; nothing leaves this machine", missing: [] }),
  };
}

/** It made them itself; the engine checks whatever is mapped. */
function isOwnInput(raw: unknown): raw is Input {
  return typeof raw === "object" && raw !== null;
}

const deliver: Record<SampleStream, (seed: number, account: SampleAccount, span: Span) => readonly Input[]> = {
  account: (_, account, span) => accountInputs(account, span),
  contact: contactInputs,
  subscription: subscriptionInputs,
  usage: usageInputs,
  ticket: ticketInputs,
  survey: surveyInputs,
  invoice: invoiceInputs,
  opportunity: opportunityInputs,
  touchpoint: touchpointInputs,
};

function isSampleStream(stream: string): stream is SampleStream {
  return Object.hasOwn(deliver, stream);
}

function rememberAccounts(seed: number): (firstDay: number) => readonly SampleAccount[] {
  let made: { firstDay: number; accounts: readonly SampleAccount[] } | null = null;
  return (firstDay) => {
    if (made?.firstDay !== firstDay) made = { firstDay, accounts: inventAccounts(seed, firstDay) };
    return made.accounts;
  };
}

/** The work that is left, or null when all days up to yesterday are delivered. */
function openCursor(stored: unknown, now: Date): Cursor | null {
  const yesterday = dayText(dayOf(now) - 1);
  if (stored === null || stored === undefined) {
    return { firstDay: dayText(dayOf(now)), through: null, target: yesterday, next: 0 };
  }
  const cursor = cursorSchema.parse(stored);
  if (cursor.through !== cursor.target) return cursor;
  return cursor.target >= yesterday ? null : { ...cursor, target: yesterday, next: 0 };
}

function spanOf(cursor: Cursor): Span {
  const firstDay = dayFromText(cursor.firstDay);
  return {
    after: cursor.through === null ? null : dayFromText(cursor.through),
    to: dayFromText(cursor.target),
    firstDay,
    historyFrom: firstDay - historyDays,
  };
}

/** Whole accounts, as many as fit into a page; at least one. */
function page(
  accounts: readonly SampleAccount[],
  cursor: Cursor,
  span: Span,
  now: Date,
  deliverOne: (account: SampleAccount) => readonly Input[],
): Page {
  const inputs: Input[] = [];
  let next = cursor.next;
  for (const account of accounts.slice(cursor.next)) {
    const more = deliverOne(account);
    if (inputs.length > 0 && inputs.length + more.length > pageSize) break;
    inputs.push(...more);
    next += 1;
  }
  const backfilled = isBackfilled(span);
  if (next < accounts.length) return { raw: inputs, cursor: { ...cursor, next }, done: false, backfilled };
  return {
    raw: inputs,
    cursor: { ...cursor, through: cursor.target, next: 0 },
    done: span.to >= dayOf(now) - 1,
    coveredThrough: cursor.target,
    backfilled,
  };
}

/** The first year, and days missed while nobody listened, were known as they happened; a single day comes live. */
function isBackfilled(span: Span): boolean {
  return span.after === null || span.to - span.after > 1;
}
