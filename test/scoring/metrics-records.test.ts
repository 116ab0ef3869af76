import { expect, test } from "vitest";
import type { FieldsOf } from "../../src/scoring/records.ts";
import { change, company, coverage, statement } from "./build-history.ts";
import { metricOf, noData, notApplicable, table, value } from "./build-metrics.ts";

const ticket = (id: number, occurred: string, set: FieldsOf<"ticket">, recorded?: string) =>
  change("ticket", id, occurred, set, recorded);
const survey = (id: number, occurred: string, set: FieldsOf<"survey">, recorded?: string) =>
  change("survey", id, occurred, set, recorded);
const invoice = (id: number, set: FieldsOf<"invoice">, occurred = "2025-01-01") => change("invoice", id, occurred, set);
const subscription = (id: number, set: FieldsOf<"subscription">, occurred = "2024-06-01") =>
  change("subscription", id, occurred, set);

table("tickets.open", "count", [
  { what: "is zero where tickets are delivered and there is none", changes: [], gives: value(0) },
  {
    what: "is missing where nobody delivers tickets",
    changes: [],
    streams: coverage({}),
    gives: noData("no source delivers tickets"),
  },
  {
    what: "counts what is not solved or closed now, also what came today",
    changes: [
      ticket(2, "2025-01-10", { status: "new" }),
      ticket(3, "2025-01-10", { status: "open" }),
      ticket(3, "2025-01-12", { status: "solved" }),
      ticket(4, "2025-03-15T11:00:00Z", { status: "pending" }),
      ticket(5, "2025-03-15T13:00:00Z", { status: "open" }),
    ],
    gives: value(2),
  },
  {
    what: "counts a ticket solved earlier but learned of later",
    changes: [
      ticket(2, "2025-01-10", { status: "open" }),
      ticket(2, "2025-03-10", { status: "solved" }, "2025-03-15T12:00:01Z"),
    ],
    gives: value(1),
  },
  {
    what: "counts a ticket that was opened again",
    changes: [
      ticket(2, "2025-01-10", { status: "closed", solvedAt: "2025-01-12T00:00:00Z" }),
      ticket(2, "2025-02-10", { status: "open" }),
    ],
    gives: value(1),
  },
  {
    what: "takes a ticket without a status as open until its solving time has come",
    changes: [
      ticket(2, "2025-01-10", { openedAt: "2025-01-10T00:00:00Z" }),
      ticket(3, "2025-01-10", { openedAt: "2025-01-10T00:00:00Z", solvedAt: "2025-03-15T12:00:01Z" }),
      ticket(4, "2025-01-10", { openedAt: "2025-01-10T00:00:00Z", solvedAt: "2025-03-15T12:00:00Z" }),
    ],
    gives: value(2),
  },
  {
    what: "is as old as the watermark",
    changes: [ticket(2, "2025-01-10", { status: "new" })],
    streams: coverage({ kinds: { ticket: ["2025-03-11"] } }),
    gives: value(1, 3),
  },
  {
    what: "is as old as the newest change of a ticket where nobody states coverage",
    changes: [ticket(2, "2025-01-10", { status: "new" }), ticket(2, "2025-03-04T09:00:00Z", { priority: "high" })],
    streams: coverage({}),
    gives: value(1, 10),
  },
]);

table("tickets.open_urgent", "count", [
  {
    what: "counts open tickets that are urgent now",
    changes: [
      ticket(2, "2025-03-01", { status: "open", priority: "urgent" }),
      ticket(3, "2025-03-01", { status: "open", priority: "high" }),
      ticket(4, "2025-03-01", { status: "solved", priority: "urgent" }),
      ticket(5, "2025-03-01", { status: "open", priority: "low" }),
      ticket(5, "2025-03-02", { priority: "urgent" }),
      ticket(6, "2025-03-01", { status: "open", priority: "urgent" }),
      ticket(6, "2025-03-02", { priority: null }),
    ],
    gives: value(2),
  },
]);

table("tickets.created_28d", "count", [
  {
    what: "counts from the first to the last instant of 28 days up to the last complete one",
    changes: [
      ticket(2, "2025-02-14T23:59:59Z", {}),
      ticket(3, "2025-02-15T00:00:00Z", {}),
      ticket(4, "2025-03-14T23:59:59Z", {}),
      ticket(5, "2025-03-15T00:00:00Z", {}),
    ],
    gives: value(2),
  },
  {
    what: "goes by the opening time, else by the first change",
    changes: [
      ticket(2, "2025-03-01", { openedAt: "2024-12-01T00:00:00Z" }),
      ticket(3, "2024-12-01", { status: "open" }),
      ticket(3, "2025-03-01", { status: "pending" }),
      ticket(4, "2025-03-01", { openedAt: "2025-04-01T00:00:00Z" }),
    ],
    gives: value(1),
  },
  {
    what: "goes by the account's days",
    changes: [
      change("account", 1, "2024-01-01", { zone: "America/New_York" }),
      ticket(2, "2025-03-14T03:59:59Z", {}),
      ticket(3, "2025-03-15T03:59:59Z", {}),
      ticket(4, "2025-03-15T04:00:00Z", {}),
    ],
    gives: value(2),
  },
  {
    what: "ends at the watermark",
    changes: [ticket(2, "2025-02-12T12:00:00Z", {}), ticket(3, "2025-03-12T12:00:00Z", {})],
    streams: coverage({ kinds: { ticket: ["2025-03-11"] } }),
    gives: value(1, 3),
  },
]);

table("tickets.first_response_hours_90d", "hours", [
  {
    what: "is the mean over tickets answered in the window, whenever they were opened",
    changes: [
      ticket(2, "2025-03-01T00:00:00Z", { firstRespondedAt: "2025-03-01T02:00:00Z" }),
      ticket(3, "2024-12-10T00:00:00Z", { firstRespondedAt: "2024-12-15T00:00:00Z" }),
      ticket(4, "2024-12-14T23:00:00Z", { firstRespondedAt: "2024-12-14T23:59:59Z" }),
    ],
    gives: value((2 + 120) / 2),
  },
  {
    what: "leaves out an answer that has not come, and one before the question",
    changes: [
      ticket(2, "2025-03-01T00:00:00Z", { firstRespondedAt: "2025-03-15T12:00:01Z" }),
      ticket(3, "2025-03-01T00:00:00Z", { firstRespondedAt: "2025-02-28T00:00:00Z" }),
    ],
    gives: noData("no ticket was first answered in the last 90 days"),
  },
]);

table("tickets.resolution_hours_90d", "hours", [
  {
    what: "is the mean over tickets solved in the window, by the time given or the change of status",
    changes: [
      ticket(2, "2025-03-01T00:00:00Z", { status: "open" }),
      ticket(2, "2025-03-03T00:00:00Z", { status: "solved", solvedAt: "2025-03-02T00:00:00Z" }),
      ticket(3, "2025-03-01T00:00:00Z", { status: "open" }),
      ticket(3, "2025-03-03T00:00:00Z", { status: "solved" }),
      ticket(3, "2025-03-09T00:00:00Z", { status: "closed" }),
    ],
    gives: value((24 + 48) / 2),
  },
  {
    what: "goes by the last solving of a ticket that was opened again",
    changes: [
      ticket(2, "2025-03-01T00:00:00Z", { status: "solved" }),
      ticket(2, "2025-03-02T00:00:00Z", { status: "open" }),
      ticket(2, "2025-03-03T00:00:00Z", { status: "solved" }),
    ],
    gives: value(48),
  },
  {
    what: "leaves out what is open or was solved today",
    changes: [
      ticket(2, "2025-03-01T00:00:00Z", { status: "open", solvedAt: "2025-03-02T00:00:00Z" }),
      ticket(3, "2025-03-01T00:00:00Z", { status: "solved", solvedAt: "2025-03-15T01:00:00Z" }),
    ],
    gives: noData("no ticket was solved in the last 90 days"),
  },
]);

table("csat.avg_90d", "1-5", [
  {
    what: "is the mean of answers in the window, other scales stretched to 1–5",
    changes: [
      survey(2, "2025-03-01", { type: "csat", score: 5 }),
      survey(3, "2025-03-01", { type: "csat", score: 4, scale: 7 }),
      survey(4, "2025-03-01", { type: "csat", score: 1, scale: 10 }),
      survey(5, "2024-12-14T23:59:59Z", { type: "csat", score: 1 }),
      survey(6, "2025-03-15T01:00:00Z", { type: "csat", score: 1 }),
      survey(7, "2025-03-01", { type: "nps", score: 1 }),
      survey(8, "2025-03-01", { type: "csat", score: 9 }),
    ],
    gives: value(3),
  },
  { what: "is missing without an answer", changes: [], gives: noData("no CSAT answer in the last 90 days") },
  {
    what: "is missing where nobody delivers surveys",
    changes: [],
    streams: coverage({}),
    gives: noData("no source delivers survey answers"),
  },
  {
    what: "is as old as the watermark",
    changes: [survey(2, "2025-03-01", { type: "csat", score: 4 })],
    streams: coverage({ kinds: { survey: ["2025-03-12"] } }),
    gives: value(4, 2),
  },
]);

table("nps.latest", "points", [
  {
    what: "is the newest answer, and as old as it",
    changes: [
      survey(2, "2025-03-04", { type: "nps", score: 0 }),
      survey(3, "2025-03-01", { type: "nps", score: 9 }),
      survey(4, "2025-03-05", { type: "csat", score: 5 }),
      survey(5, "2025-03-06", { type: "nps", score: 10 }, "2025-03-16"),
    ],
    gives: value(0, 10),
  },
  {
    what: "is fresh when it came today",
    changes: [survey(2, "2025-03-15T08:00:00Z", { type: "nps", score: 3 })],
    gives: value(3, 0),
  },
  {
    what: "does not grow young by a comment",
    changes: [
      survey(2, "2025-03-01", { type: "nps", score: 9 }),
      survey(2, "2025-03-10", { comment: "Fine." }),
      survey(3, "2025-03-04", { type: "nps", score: 2 }),
    ],
    gives: value(2, 10),
  },
  { what: "is missing before the first answer", changes: [], gives: noData("no NPS answer yet") },
]);

const monthly = { startsOn: "2024-06-01", amountMinor: 10_000, currency: "EUR", interval: "month" } as const;
const dollars = company({
  rates: {
    USD: [
      { from: "2025-01-01", rate: 0.9 },
      { from: "2025-03-15", rate: 0.8 },
    ],
  },
});

table("billing.mrr", "EUR", [
  {
    what: "sums what is in force, per month, rounded once",
    changes: [
      subscription(2, monthly),
      subscription(3, { ...monthly, amountMinor: 10_000, interval: "quarter" }),
      subscription(4, { ...monthly, amountMinor: 10_000, interval: "year" }),
      subscription(5, { ...monthly, amountMinor: 4, interval: "year" }),
      subscription(6, { ...monthly, amountMinor: 4, interval: "year" }),
    ],
    gives: value(141.67),
  },
  {
    what: "rounds half a cent up",
    changes: [subscription(2, { ...monthly, amountMinor: 170_010, interval: "year" })],
    gives: value(141.68),
  },
  {
    what: "is in force from its first day to the day before its end",
    changes: [
      subscription(2, { ...monthly, startsOn: "2025-03-15", amountMinor: 100 }),
      subscription(3, { ...monthly, startsOn: "2025-03-16", amountMinor: 1_000 }),
      subscription(4, { ...monthly, endsOn: "2025-03-15", amountMinor: 10_000 }),
      subscription(5, { ...monthly, endsOn: "2025-03-16", amountMinor: 100_000 }),
    ],
    gives: value(1001),
  },
  {
    what: "does not see an end that is learned later",
    changes: [subscription(2, monthly), subscription(2, { endsOn: "2025-03-01" }, "2025-03-16")],
    gives: value(100),
  },
  {
    what: "leaves out trials, free plans and what brings no money any more",
    changes: [
      subscription(2, { ...monthly, status: "past_due" }),
      subscription(3, { ...monthly, trial: true }),
      subscription(4, { ...monthly, status: "trialing" }),
      subscription(5, { ...monthly, amountMinor: 0 }),
      subscription(6, { ...monthly, status: "canceled" }),
      subscription(7, { ...monthly, status: "unpaid" }),
      subscription(8, { ...monthly, status: "paused" }),
      subscription(9, { ...monthly, status: "incomplete" }),
    ],
    gives: value(100),
  },
  {
    what: "converts at the newest rate that had begun",
    changes: [subscription(2, { ...monthly, currency: "USD" })],
    facts: dollars,
    gives: value(80),
  },
  {
    what: "converts at the rate of then",
    changes: [subscription(2, { ...monthly, currency: "USD" })],
    facts: dollars,
    moment: "2025-03-14T23:59:59Z",
    gives: value(90, 0),
  },
  {
    what: "knows currencies without cents",
    changes: [subscription(2, { ...monthly, amountMinor: 16_000, currency: "JPY" })],
    facts: company({ rates: { JPY: [{ from: "2025-01-01", rate: 0.00625 }] } }),
    gives: value(100),
  },
  {
    what: "is missing without a rate",
    changes: [subscription(2, { ...monthly, currency: "GBP" })],
    facts: dollars,
    gives: noData("no rate for GBP on 2025-03-15"),
  },
  {
    what: "is missing when a subscription in force has no price",
    changes: [subscription(2, monthly), subscription(3, { startsOn: "2024-06-01" })],
    gives: noData("a subscription has no price"),
  },
  { what: "does not apply before the first contract", changes: [], gives: notApplicable("no contract yet") },
  {
    what: "does not apply to a trial that came to nothing",
    changes: [
      subscription(2, { ...monthly, status: "trialing" }),
      subscription(2, { status: "canceled" }, "2024-07-01"),
      subscription(3, { ...monthly, trial: true, endsOn: "2024-07-01" }),
    ],
    gives: notApplicable("no contract yet"),
  },
  {
    what: "is zero once the last contract has ended",
    changes: [
      subscription(2, { ...monthly, status: "trialing" }),
      subscription(2, { status: "active" }, "2024-07-01"),
    ].concat(subscription(2, { endsOn: "2025-02-01" }, "2025-02-01")),
    gives: value(0),
  },
  {
    what: "is missing where nobody delivers subscriptions",
    changes: [],
    streams: coverage({}),
    gives: noData("no source delivers subscriptions"),
  },
]);

table("billing.overdue_days", "days", [
  { what: "is zero without an invoice", changes: [], gives: value(0) },
  {
    what: "is zero on the due day",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-15" })],
    gives: value(0),
  },
  {
    what: "is one on the day after",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-14" })],
    gives: value(1),
  },
  {
    what: "is the days of the longest overdue, of those that are owed",
    changes: [
      invoice(2, { status: "open", dueOn: "2025-03-14", amountMinor: 100 }),
      invoice(3, { status: "open", dueOn: "2025-03-05", amountMinor: 100 }),
      invoice(4, { status: "paid", dueOn: "2025-01-02" }),
      invoice(5, { status: "void", dueOn: "2025-01-03" }),
      invoice(6, { status: "uncollectible", dueOn: "2025-01-04" }),
      invoice(7, { status: "open", dueOn: "2025-01-05", paidAt: "2025-03-15T11:00:00Z" }),
      invoice(8, { status: "open", dueOn: "2025-01-06", amountMinor: -500 }),
      invoice(9, { status: "open" }),
    ],
    gives: value(10),
  },
  {
    what: "does not see a payment before it comes or is learned of",
    changes: [
      invoice(2, { status: "open", dueOn: "2025-03-11", paidAt: "2025-03-15T13:00:00Z" }),
      invoice(3, { status: "open", dueOn: "2025-03-12" }),
      change("invoice", 3, "2025-03-13", { status: "paid" }, "2025-03-16"),
    ],
    gives: value(4),
  },
  {
    what: "is missing where nobody delivers invoices",
    changes: [],
    streams: coverage({}),
    gives: noData("no source delivers invoices"),
  },
]);

table("contract.seats", "seats", [
  {
    what: "sums the seats in force",
    changes: [
      subscription(2, { ...monthly, seats: 10 }),
      subscription(3, { ...monthly, seats: 5 }),
      subscription(3, { seats: 7 }, "2025-01-01"),
      subscription(4, monthly),
      subscription(5, { ...monthly, seats: 100, endsOn: "2025-01-01" }),
    ],
    gives: value(17),
  },
  {
    what: "is missing when none is known",
    changes: [subscription(2, monthly)],
    gives: noData("no subscription in force says its seats"),
  },
  { what: "does not need a price", changes: [subscription(2, { startsOn: "2024-06-01", seats: 3 })], gives: value(3) },
  { what: "does not apply before a contract", changes: [], gives: notApplicable("no contract yet") },
  {
    what: "does not apply after it",
    changes: [subscription(2, { ...monthly, seats: 3, endsOn: "2025-03-01" })],
    gives: notApplicable("the contract has ended"),
  },
]);

table("contract.days_to_renewal", "days", [
  {
    what: "goes to the nearest period end or end in force",
    changes: [
      subscription(2, { ...monthly, periodEndsOn: "2025-06-01" }),
      subscription(3, { ...monthly, endsOn: "2025-04-14" }),
      subscription(4, { ...monthly, status: "canceled", periodEndsOn: "2025-03-20" }),
    ],
    gives: value(30),
  },
  {
    what: "is zero on the day",
    changes: [subscription(2, { ...monthly, periodEndsOn: "2025-03-15" })],
    gives: value(0),
  },
  {
    what: "does not take a period end that has passed for the next one",
    changes: [subscription(2, { ...monthly, periodEndsOn: "2025-03-01" })],
    gives: noData("no subscription in force says when its period ends"),
  },
  { what: "does not apply without a contract", changes: [], gives: notApplicable("no contract yet") },
]);

table("account.age_days", "days", [
  { what: "counts from the first day", changes: [], gives: value(439) },
  {
    what: "counts the days of its own zone",
    changes: [change("account", 1, "2024-01-01", { zone: "Pacific/Kiritimati" })],
    gives: value(440),
  },
  {
    what: "is missing when no first day is known",
    changes: [change("account", 1, "2024-01-01", { beganOn: null })],
    gives: noData("the account's first day (beganOn) is not known"),
  },
  {
    what: "does not apply before it",
    changes: [change("account", 1, "2024-01-01", { beganOn: "2025-04-01" })],
    gives: notApplicable("the account begins on 2025-04-01"),
  },
]);

test("records that were imported count as delivered day by day", () => {
  const streams = coverage({ kinds: { ticket: [statement("2025-12-31", "2026-02-01", true)] } });
  expect(metricOf("tickets.open", { changes: [], streams })).toMatchObject(value(0));
  expect(metricOf("tickets.open", { changes: [], streams, moment: "2026-01-05T12:00:00Z" })).toMatchObject(value(0, 4));
});
