import { expect, test } from "vitest";
import { parseDay } from "../../src/scoring/days.ts";
import { historyScope } from "../../src/scoring/history-scope.ts";
import { plainSettings } from "../../src/scoring/metrics/settings.ts";
import { compileMetrics, metricDefinition } from "../../src/scoring/metrics.ts";
import type { FieldsOf } from "../../src/scoring/records.ts";
import { at, change, company, coverage, series } from "./build-history.ts";
import { metricOf, noData, notApplicable, table, value } from "./build-metrics.ts";

const undelivered = coverage({});
const monthly = { startsOn: "2024-06-01", amountMinor: 10_000, currency: "EUR", interval: "month" } as const;
const subscription = (id: number, set: FieldsOf<"subscription">, occurred = "2024-06-01", recorded?: string) =>
  change("subscription", id, occurred, set, recorded);
const invoice = (id: number, set: FieldsOf<"invoice">, occurred = "2025-01-01") => change("invoice", id, occurred, set);
const opportunity = (id: number, set: FieldsOf<"opportunity">, occurred = "2025-01-01", recorded?: string) =>
  change("opportunity", id, occurred, set, recorded);
/** The dollar falls on the 15th of March. */
const dollars = company({
  rates: {
    USD: [
      { from: "2024-01-01", rate: 0.9 },
      { from: "2025-03-15", rate: 0.8 },
    ],
  },
});

table("billing.mrr_change_30d", "EUR", [
  { what: "is zero where nothing changed", changes: [subscription(2, monthly)], gives: value(0) },
  {
    what: "is what a change of price in the window brought",
    changes: [subscription(2, monthly), subscription(2, { amountMinor: 12_550 }, "2025-02-14")],
    gives: value(25.5),
  },
  {
    what: "does not count a change that was there at the end of the day 30 days ago",
    changes: [subscription(2, monthly), subscription(2, { amountMinor: 12_550 }, "2025-02-13T23:59:59Z")],
    gives: value(0),
  },
  {
    what: "counts what began and what ended",
    changes: [
      subscription(2, monthly),
      subscription(3, { ...monthly, amountMinor: 4_000, startsOn: "2025-03-01" }, "2025-03-01"),
      subscription(4, { ...monthly, amountMinor: 7_000, endsOn: "2025-03-01" }),
    ],
    gives: value(-30),
  },
  {
    what: "takes a subscription that is heard of late for as old as it says",
    changes: [subscription(2, monthly), subscription(3, { ...monthly, amountMinor: 4_000 }, "2025-03-10")],
    gives: value(0),
  },
  {
    what: "takes it with the price it was first heard of with",
    changes: [subscription(2, monthly, "2025-03-05"), subscription(2, { amountMinor: 12_000 }, "2025-03-10")],
    gives: value(20),
  },
  {
    what: "is the whole MRR once the last contract has ended",
    changes: [subscription(2, monthly), subscription(2, { status: "canceled" }, "2025-03-01")],
    gives: value(-100),
  },
  {
    what: "does not move with the rates",
    changes: [subscription(2, { ...monthly, currency: "USD" })],
    facts: dollars,
    gives: value(0),
  },
  {
    what: "is at today's rates",
    changes: [subscription(2, { ...monthly, currency: "USD" }), subscription(2, { amountMinor: 20_000 }, "2025-03-01")],
    facts: dollars,
    gives: value(80),
  },
  {
    what: "is missing without a rate of what has ended since",
    changes: [subscription(2, monthly), subscription(3, { ...monthly, currency: "GBP", endsOn: "2025-03-01" })],
    gives: noData("30 days ago: no rate for GBP on 2025-03-15"),
  },
  {
    what: "is missing without a rate of what is in force",
    changes: [subscription(2, monthly), subscription(3, { ...monthly, currency: "GBP" })],
    gives: noData("no rate for GBP on 2025-03-15"),
  },
  {
    what: "does not apply to who had no contract then",
    changes: [subscription(2, { ...monthly, startsOn: "2025-03-01" }, "2025-03-01")],
    gives: notApplicable("no contract yet 30 days ago"),
  },
  { what: "does not apply before a contract", changes: [], gives: notApplicable("no contract yet") },
  {
    what: "is missing where nobody delivers subscriptions",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers subscriptions"),
  },
  {
    what: "does not see a cut that is learned later",
    changes: [subscription(2, monthly), subscription(2, { amountMinor: 1 }, "2025-03-01", "2025-03-16")],
    gives: value(0),
  },
]);

table("billing.mrr_change_90d", "EUR", [
  {
    what: "looks 90 days back",
    changes: [
      subscription(2, monthly),
      subscription(2, { amountMinor: 9_000 }, "2024-12-15T23:59:59Z"),
      subscription(2, { amountMinor: 4_000 }, "2024-12-16"),
    ],
    gives: value(-50),
  },
]);

table("billing.mrr_change_pct_30d", "ratio", [
  {
    what: "is the change by what it was",
    changes: [subscription(2, monthly), subscription(2, { amountMinor: 7_500 }, "2025-03-01")],
    gives: value(-0.25),
  },
  {
    what: "is missing where the MRR was 0",
    changes: [
      subscription(2, { ...monthly, endsOn: "2025-01-01" }),
      subscription(3, { ...monthly, startsOn: "2025-03-01" }, "2025-03-01"),
    ],
    gives: noData("MRR was 0 30 days ago"),
  },
]);

table("billing.overdue_amount", "EUR", [
  {
    what: "is zero when nothing is overdue",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-15" })],
    gives: value(0),
  },
  {
    what: "sums what is not paid of those that are overdue",
    changes: [
      invoice(2, { status: "open", dueOn: "2025-03-14", amountMinor: 10_000, currency: "EUR", amountPaidMinor: 2_500 }),
      invoice(3, { status: "open", dueOn: "2025-03-01", amountMinor: 1_000, currency: "USD" }),
      invoice(4, { status: "open", dueOn: "2025-03-01", amountMinor: 500, currency: "EUR", amountPaidMinor: 500 }),
      invoice(5, { status: "paid", dueOn: "2025-03-01", amountMinor: 700, currency: "EUR" }),
    ],
    facts: dollars,
    gives: value(83),
  },
  {
    what: "is missing without a rate",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-14", amountMinor: 10_000, currency: "GBP" })],
    gives: noData("no rate for GBP on 2025-03-15"),
  },
  {
    what: "is missing where an overdue invoice has no amount",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-14" })],
    gives: noData("an overdue invoice has no amount"),
  },
  {
    what: "is missing where nobody delivers invoices",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers invoices"),
  },
]);

table("billing.overdue_days", "days", [
  {
    what: "passes over an invoice that is open and wholly paid",
    changes: [invoice(2, { status: "open", dueOn: "2025-03-01", amountMinor: 500, amountPaidMinor: 500 })],
    gives: value(0),
  },
]);

table("billing.open_invoices", "count", [
  {
    what: "counts what is owed, due or not",
    changes: [
      invoice(2, { status: "open", dueOn: "2025-05-01" }),
      invoice(3, { status: "open", dueOn: "2025-03-01" }),
      invoice(4, { status: "void" }),
      invoice(5, { status: "uncollectible" }),
    ],
    gives: value(2),
  },
]);

table("billing.failed_payments_90d", "count", [
  {
    what: "counts each attempt once, at its own time",
    changes: [
      invoice(2, { paymentFailedAt: "2025-03-01T10:00:00Z" }, "2025-03-01"),
      invoice(2, { paymentFailedAt: "2025-03-01T10:00:00Z", status: "open" }, "2025-03-02"),
      invoice(2, { paymentFailedAt: "2025-03-04T10:00:00Z" }, "2025-03-04"),
      invoice(2, { paymentFailedAt: null, status: "paid" }, "2025-03-05"),
      invoice(3, { paymentFailedAt: "2024-12-14T23:59:59Z" }, "2025-01-01"),
      invoice(3, { paymentFailedAt: "2024-12-15T00:00:00Z" }, "2025-01-02"),
      invoice(4, { paymentFailedAt: "2025-03-15T01:00:00Z" }, "2025-03-15"),
    ],
    gives: value(3),
  },
  { what: "is zero where none failed", changes: [invoice(2, { status: "open" })], gives: value(0) },
]);

const seats = subscription(2, { ...monthly, seats: 10 });
const used = coverage({
  kinds: { subscription: ["2025-03-14"] },
  usage: { active_users: ["2025-03-10"], people: ["2025-03-14"] },
});

table("contract.seat_use", "ratio", [
  {
    what: "is the mean of active users by the seats, as old as the use",
    changes: [seats],
    usage: { active_users: series("2025-02-11", new Array<number>(28).fill(6)) },
    streams: used,
    gives: value(0.6, 4),
  },
  {
    what: "counts the days since the account began",
    changes: [seats, change("account", 1, "2025-03-01", { beganOn: "2025-03-04" })],
    usage: { active_users: series("2025-03-04", new Array<number>(7).fill(5)) },
    streams: used,
    gives: value(0.5, 4),
  },
  {
    what: "reads the usage name that the settings give",
    changes: [seats],
    usage: { people: series("2025-02-15", new Array<number>(28).fill(20)) },
    streams: used,
    settings: { ...plainSettings, activeUsers: "people" },
    gives: value(2),
  },
  { what: "is zero where the use is covered and there is none", changes: [seats], streams: used, gives: value(0, 4) },
  {
    what: "is missing where nobody delivers the use",
    changes: [seats],
    gives: noData("no source delivers usage active_users"),
  },
  {
    what: "is missing where there are 0 seats",
    changes: [subscription(2, { ...monthly, seats: 0 })],
    streams: used,
    gives: noData("the contract has 0 seats"),
  },
  { what: "does not apply before a contract", changes: [], streams: used, gives: notApplicable("no contract yet") },
]);

table("contract.auto_renew", "text", [
  {
    what: "is no where any in force does not renew",
    changes: [subscription(2, { ...monthly, autoRenew: true }), subscription(3, { ...monthly, autoRenew: false })],
    gives: value("no"),
  },
  {
    what: "is yes where those that say it do",
    changes: [subscription(2, { ...monthly, autoRenew: true }), subscription(3, monthly)],
    gives: value("yes"),
  },
  {
    what: "passes over those that have ended",
    changes: [
      subscription(2, { ...monthly, autoRenew: true }),
      subscription(3, { ...monthly, autoRenew: false, endsOn: "2025-03-01" }),
    ],
    gives: value("yes"),
  },
  {
    what: "is missing where none says it",
    changes: [subscription(2, monthly)],
    gives: noData("no subscription in force says whether it renews by itself"),
  },
]);

table("contract.notice_given", "text", [
  { what: "is no without a notice", changes: [subscription(2, monthly)], gives: value("no") },
  {
    what: "is yes from its day on",
    changes: [subscription(2, { ...monthly, noticeOn: "2025-03-15" })],
    gives: value("yes"),
  },
  {
    what: "is no before its day",
    changes: [subscription(2, { ...monthly, noticeOn: "2025-03-16" })],
    gives: value("no"),
  },
  {
    what: "is no once it was taken back",
    changes: [
      subscription(2, { ...monthly, noticeOn: "2025-03-01" }),
      subscription(2, { noticeOn: null }, "2025-03-10"),
    ],
    gives: value("no"),
  },
  {
    what: "does not apply after the contract",
    changes: [subscription(2, { ...monthly, noticeOn: "2025-01-01", endsOn: "2025-03-01" })],
    gives: notApplicable("the contract has ended"),
  },
]);

table("contract.days_since_notice", "days", [
  {
    what: "goes by the newest",
    changes: [
      subscription(2, { ...monthly, noticeOn: "2025-01-01" }),
      subscription(3, { ...monthly, noticeOn: "2025-03-01" }),
    ],
    gives: value(14),
  },
  {
    what: "does not apply without a notice",
    changes: [subscription(2, monthly)],
    gives: notApplicable("no notice has been given"),
  },
]);

table("contract.plan", "text", [
  {
    what: "is that of the greatest price per month, in one currency",
    changes: [
      subscription(2, { ...monthly, plan: "pro" }),
      subscription(3, { ...monthly, plan: "scale", amountMinor: 130_000, interval: "year" }),
      subscription(4, { ...monthly, plan: "global", amountMinor: 11_000, currency: "USD" }),
      subscription(5, { ...monthly, amountMinor: 90_000 }),
    ],
    facts: dollars,
    gives: value("scale"),
  },
  {
    what: "needs no price where there is one plan",
    changes: [subscription(2, { startsOn: "2024-06-01", plan: "pro" })],
    gives: value("pro"),
  },
  {
    what: "is missing where plans cannot be compared",
    changes: [
      subscription(2, { ...monthly, plan: "pro" }),
      subscription(3, { ...monthly, plan: "uk", currency: "GBP" }),
    ],
    gives: noData("several plans: no rate for GBP on 2025-03-15"),
  },
  {
    what: "is missing where none is named",
    changes: [subscription(2, monthly)],
    gives: noData("no subscription in force names its plan"),
  },
]);

table("contract.renewal_quarter", "text", [
  {
    what: "is the calendar's unless told otherwise",
    changes: [subscription(2, { ...monthly, periodEndsOn: "2025-03-31" })],
    gives: value("FY2025-Q1"),
  },
  {
    what: "is the company's",
    changes: [subscription(2, { ...monthly, periodEndsOn: "2025-04-01" })],
    facts: company({ fiscalYearStart: { month: 4, day: 1 } }),
    gives: value("FY2026-Q1"),
  },
  {
    what: "goes by the nearest end",
    changes: [
      subscription(2, { ...monthly, periodEndsOn: "2025-12-31" }),
      subscription(3, { ...monthly, endsOn: "2025-06-30" }),
    ],
    gives: value("FY2025-Q2"),
  },
  {
    what: "is missing where no end is known",
    changes: [subscription(2, monthly)],
    gives: noData("no subscription in force says when its period ends"),
  },
]);

table("opportunities.open_expansion", "count", [
  {
    what: "counts expansions that are neither won nor lost",
    changes: [
      opportunity(2, { type: "expansion", outcome: "open" }),
      opportunity(3, { type: "expansion" }),
      opportunity(4, { type: "expansion", outcome: "open" }),
      opportunity(4, { outcome: "won" }, "2025-03-01"),
      opportunity(5, { type: "renewal", outcome: "open" }),
      opportunity(6, { type: "expansion", outcome: "open" }),
      opportunity(6, { outcome: "lost" }, "2025-03-01", "2025-03-16"),
    ],
    gives: value(3),
  },
  {
    what: "is missing where nobody delivers them",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers opportunities"),
  },
]);

table("opportunities.open_expansion_amount", "EUR", [
  { what: "is zero where there is none", changes: [], gives: value(0) },
  {
    what: "sums in the reporting currency",
    changes: [
      opportunity(2, { type: "expansion", amountMinor: 10_000, currency: "EUR" }),
      opportunity(3, { type: "expansion", amountMinor: 10_000, currency: "USD" }),
    ],
    facts: dollars,
    gives: value(180),
  },
  {
    what: "is missing without a rate",
    changes: [opportunity(2, { type: "expansion", amountMinor: 1, currency: "GBP" })],
    gives: noData("no rate for GBP on 2025-03-15"),
  },
  {
    what: "is missing without an amount",
    changes: [opportunity(2, { type: "expansion", currency: "EUR" })],
    gives: noData("an open expansion has no amount"),
  },
]);

table("opportunities.lost_365d", "count", [
  {
    what: "counts those that came to be lost in the window and still are",
    changes: [
      opportunity(2, { type: "new", outcome: "lost" }, "2024-03-14T23:59:59Z"),
      opportunity(3, { type: "expansion", outcome: "open" }, "2024-01-01"),
      opportunity(3, { outcome: "lost" }, "2024-03-15"),
      opportunity(3, { outcome: "lost" }, "2025-03-15T01:00:00Z"),
      opportunity(4, { outcome: "lost" }, "2025-03-01"),
      opportunity(4, { outcome: "open" }, "2025-03-02"),
      opportunity(5, { outcome: "lost" }, "2025-03-15T01:00:00Z"),
    ],
    gives: value(1),
  },
]);

table("opportunities.won_365d", "count", [
  {
    what: "counts those that were won",
    changes: [opportunity(2, { outcome: "won" }), opportunity(3, { outcome: "lost" })],
    gives: value(1),
  },
]);

test("the use of seats asks for 28 days of the usage name that the settings give", () => {
  const { plan } = compileMetrics(["contract.seat_use"], { ...plainSettings, activeUsers: "people" });
  const scope = historyScope(plan, used, at("2025-03-15T12:00:00Z"));
  expect(scope).toMatchObject({ kinds: expect.arrayContaining(["subscription"]), usageNames: ["people"] });
  expect(scope.fromDay).toBeLessThanOrEqual(parseDay("2025-02-15"));
});

test("money in yen is whole yen", () => {
  const facts = company({ reportingCurrency: "JPY", rates: { EUR: [{ from: "2024-01-01", rate: 160 }] } });
  const changes = [subscription(2, monthly), subscription(2, { amountMinor: 12_550 }, "2025-03-01")];
  expect(metricOf("billing.mrr_change_30d", { changes, facts })).toMatchObject({ value: 4_080, unit: "JPY" });
});

test("what a text measures is said to be a text, and an own field may be either", () => {
  expect(metricDefinition("contract.plan")?.type).toBe("text");
  expect(metricDefinition("account.fields.tier")?.type).toBe("any");
  expect(metricDefinition("account.fields.1st")).toBeNull();
});
