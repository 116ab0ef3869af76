import { describe, expect, test } from "vitest";
import type { FieldsOf } from "../../src/scoring/records.ts";
import { change, coverage, statement } from "./build-history.ts";
import { metricOf, noData, notApplicable, table, value } from "./build-metrics.ts";

const undelivered = coverage({});
const ticket = (id: number, occurred: string, set: FieldsOf<"ticket">, recorded?: string) =>
  change("ticket", id, occurred, set, recorded);
const survey = (id: number, occurred: string, set: FieldsOf<"survey">, recorded?: string) =>
  change("survey", id, occurred, set, recorded);
const touch = (id: number, occurred: string, type: FieldsOf<"touchpoint">["type"], recorded?: string) =>
  change("touchpoint", id, occurred, { type }, recorded);
const contact = (id: number, occurred: string, set: FieldsOf<"contact">, recorded?: string) =>
  change("contact", id, occurred, set, recorded);
const pulse = (id: number, occurred: string, score: number, recorded?: string) =>
  change("pulse", id, occurred, { score, by: "ann" }, recorded);

table("tickets.oldest_open_days", "days", [
  { what: "is zero when none is open", changes: [ticket(2, "2025-01-10", { status: "solved" })], gives: value(0) },
  {
    what: "counts local days from the opening of the oldest one",
    changes: [
      ticket(2, "2025-03-14T23:30:00Z", { status: "open" }),
      ticket(3, "2025-03-01", { status: "open", openedAt: "2025-02-01T23:59:59Z" }),
      ticket(4, "2025-01-01", { status: "closed" }),
    ],
    gives: value(42),
  },
  {
    what: "counts the days of the account's zone",
    changes: [
      change("account", 1, "2024-01-01", { zone: "America/New_York" }),
      ticket(2, "2025-03-14T03:59:59Z", { status: "open" }),
    ],
    gives: value(2),
  },
  {
    what: "is missing where nobody delivers tickets",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers tickets"),
  },
]);

table("tickets.reopened_90d", "count", [
  { what: "is zero without a ticket", changes: [], gives: value(0) },
  {
    what: "counts tickets that were open again after having been solved or closed",
    changes: [
      ticket(2, "2025-03-01", { status: "solved" }),
      ticket(2, "2025-03-02", { status: "open" }),
      ticket(2, "2025-03-03", { status: "closed" }),
      ticket(2, "2025-03-04", { status: "pending" }),
      ticket(3, "2025-03-01", { status: "solved" }),
      ticket(3, "2025-03-02", { status: "closed" }),
      ticket(4, "2025-03-01", { status: "open" }),
      ticket(4, "2025-03-02", { status: "pending" }),
      ticket(5, "2024-12-01", { status: "solved" }),
      ticket(5, "2024-12-14T23:59:59Z", { status: "open" }),
      ticket(6, "2024-12-01", { status: "solved" }),
      ticket(6, "2024-12-15", { status: "open" }),
    ],
    gives: value(2),
  },
  {
    what: "goes by the vendor's count where there is one",
    changes: [
      ticket(2, "2025-03-01", { status: "solved", reopens: 0 }),
      ticket(2, "2025-03-02", { status: "open" }),
      ticket(3, "2025-03-01", { status: "open", reopens: 1 }),
      ticket(4, "2024-11-01", { status: "open", reopens: 1 }),
      ticket(4, "2025-03-01", { reopens: 2 }),
      ticket(5, "2024-11-01", { status: "open", reopens: 1 }),
      ticket(5, "2025-03-01", { reopens: 1 }),
    ],
    gives: value(2),
  },
]);

table("tickets.escalated_open", "count", [
  {
    what: "counts open tickets that are escalated now",
    changes: [
      ticket(2, "2025-03-01", { status: "open", escalated: true }),
      ticket(3, "2025-03-01", { status: "solved", escalated: true }),
      ticket(4, "2025-03-01", { status: "open", escalated: true }),
      ticket(4, "2025-03-02", { escalated: false }),
      ticket(5, "2025-03-01", { status: "open" }),
      ticket(5, "2025-03-02", { escalated: true }, "2025-03-16"),
    ],
    gives: value(1),
  },
]);

table("tickets.escalated_90d", "count", [
  {
    what: "counts tickets that came to be escalated in the window, also where they no longer are",
    changes: [
      ticket(2, "2025-03-01", { status: "open" }),
      ticket(2, "2025-03-02", { escalated: true }),
      ticket(2, "2025-03-03", { escalated: null }),
      ticket(2, "2025-03-04", { escalated: true }),
      ticket(3, "2024-12-14T23:59:59Z", { escalated: true }),
      ticket(3, "2025-03-01", { escalated: true }),
      ticket(4, "2025-03-15T01:00:00Z", { escalated: true }),
    ],
    gives: value(1),
  },
]);

table("tickets.per_100_seats_28d", "per 100 seats", [
  {
    what: "divides the tickets opened in the window by the seats",
    changes: [
      change("subscription", 9, "2024-06-01", { seats: 40 }),
      ticket(2, "2025-03-01", {}),
      ticket(3, "2025-03-02", {}),
      ticket(4, "2025-02-14T23:59:59Z", {}),
    ],
    gives: value(5),
  },
  {
    what: "is missing without seats",
    changes: [change("subscription", 9, "2024-06-01", { plan: "pro" })],
    gives: noData("no subscription in force says its seats"),
  },
  {
    what: "is missing where there are 0 seats",
    changes: [change("subscription", 9, "2024-06-01", { seats: 0 })],
    gives: noData("the contract has 0 seats"),
  },
  { what: "does not apply before a contract", changes: [], gives: notApplicable("no contract yet") },
]);

table("csat.latest", "1-5", [
  {
    what: "is the newest answer on its scale, as old as itself",
    changes: [
      survey(2, "2025-03-01", { type: "csat", score: 5 }),
      survey(3, "2025-03-04", { type: "csat", score: 4, scale: 7 }),
      survey(4, "2025-03-05", { type: "csat", score: 9 }),
      survey(5, "2025-03-06", { type: "csat" }),
    ],
    gives: value(3, 10),
  },
  { what: "is missing before the first answer", changes: [], gives: noData("no CSAT answer yet") },
]);

table("ces.latest", "1-7", [
  {
    what: "has seven points unless its scale says otherwise",
    changes: [
      survey(2, "2025-03-01", { type: "ces", score: 7 }),
      survey(3, "2025-03-14", { type: "ces", score: 3, scale: 5 }),
    ],
    gives: value(4),
  },
]);

table("ces.avg_365d", "1-7", [
  {
    what: "is the mean of a year, from the first instant to the last",
    changes: [
      survey(2, "2024-03-14T23:59:59Z", { type: "ces", score: 1 }),
      survey(3, "2024-03-15T00:00:00Z", { type: "ces", score: 7 }),
      survey(4, "2025-03-14T23:59:59Z", { type: "ces", score: 4 }),
      survey(5, "2025-03-15T00:00:00Z", { type: "ces", score: 1 }),
    ],
    gives: value(5.5),
  },
  { what: "is missing without an answer", changes: [], gives: noData("no CES answer in the last 365 days") },
]);

table("nps.avg_90d", "points", [
  {
    what: "is the mean of answers of 0–10",
    changes: [
      survey(2, "2025-03-01", { type: "nps", score: 0 }),
      survey(3, "2025-03-01", { type: "nps", score: 9, scale: 5 }),
      survey(4, "2025-03-01", { type: "nps", score: 11 }),
    ],
    gives: value(4.5),
  },
]);

table("csat.decayed", "1-5", [
  {
    what: "halves the weight of an answer every 90 days, and scales the weights up",
    changes: [survey(2, "2025-03-14", { type: "csat", score: 5 }), survey(3, "2024-12-14", { type: "csat", score: 2 })],
    gives: value((5 + 2 * 0.5) / 1.5),
  },
  {
    what: "is the answer itself where there is one only, however old",
    changes: [survey(2, "2024-01-10", { type: "csat", score: 2 })],
    gives: value(2),
  },
  {
    what: "forgets answers after five half-lives",
    changes: [survey(2, "2023-12-20", { type: "csat", score: 2 })],
    gives: noData("no CSAT answer in the last 450 days"),
  },
]);

table("nps.decayed", "points", [
  {
    what: "halves the weight every 180 days",
    changes: [survey(2, "2025-03-14", { type: "nps", score: 10 }), survey(3, "2024-09-15", { type: "nps", score: 4 })],
    gives: value((10 + 4 * 0.5) / 1.5),
  },
]);

table("surveys.response_rate_90d", "share", [
  {
    what: "is the share of the surveys sent in the window that were answered, also today",
    changes: [
      survey(2, "2025-03-01", { type: "csat" }),
      survey(2, "2025-03-15T10:00:00Z", { score: 4 }),
      survey(3, "2025-03-01", { type: "nps" }),
      survey(4, "2025-03-02", { type: "nps" }),
      survey(4, "2025-03-03", { comment: "Later." }),
      survey(5, "2025-03-02", { type: "ces", score: 0 }),
      survey(6, "2024-12-14T23:59:59Z", { type: "nps" }),
      survey(6, "2025-03-01", { score: 9 }),
    ],
    gives: value(0.5),
  },
  {
    what: "does not know of an answer before it is learned of",
    changes: [survey(2, "2025-03-01", { type: "csat" }), survey(2, "2025-03-02", { score: 4 }, "2025-03-16")],
    gives: value(0),
  },
  { what: "is missing when none was sent", changes: [], gives: noData("no survey was sent in the last 90 days") },
  {
    what: "is missing where nobody delivers surveys",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers survey answers"),
  },
]);

table("touchpoints.days_since_last", "days", [
  { what: "is missing before the first", changes: [], gives: noData("no touchpoint yet") },
  {
    what: "counts local days since the newest of any kind",
    changes: [
      touch(2, "2025-03-01", "email"),
      touch(3, "2025-03-10T23:59:59Z", "other"),
      touch(4, "2025-02-01", "call"),
    ],
    gives: value(5),
  },
  { what: "is zero on the day itself", changes: [touch(2, "2025-03-15T08:00:00Z", "call")], gives: value(0) },
  {
    what: "does not see one that is entered later",
    changes: [touch(2, "2025-03-01", "call"), touch(3, "2025-03-10", "call", "2025-03-16")],
    gives: value(14),
  },
  {
    what: "is fresh where only people enter them: that nobody did is news",
    changes: [touch(2, "2024-09-01", "call")],
    streams: undelivered,
    gives: value(195, 0),
  },
  {
    what: "is as old as the source that delivers them",
    changes: [touch(2, "2025-03-01", "call")],
    streams: coverage({ kinds: { touchpoint: ["2025-03-04"] } }),
    gives: value(14, 10),
  },
  {
    what: "is fresher than its source where somebody entered one since",
    changes: [touch(2, "2025-03-10", "call")],
    streams: coverage({ kinds: { touchpoint: ["2025-03-04"] } }),
    gives: value(5, 4),
  },
  {
    what: "counts the calendar's days over a change of clocks",
    changes: [
      change("account", 1, "2024-01-01", { zone: "America/New_York" }),
      touch(2, "2025-03-09T04:59:59Z", "call"),
    ],
    moment: "2025-03-10T04:00:00Z",
    streams: undelivered,
    gives: value(2),
  },
  {
    what: "counts over a leap day",
    changes: [touch(2, "2024-02-28", "call")],
    moment: "2024-03-01T12:00:00Z",
    streams: undelivered,
    gives: value(2),
  },
]);

table("touchpoints.days_since_meeting", "days", [
  {
    what: "counts meetings only",
    changes: [touch(2, "2025-03-01", "meeting"), touch(3, "2025-03-10", "call"), touch(4, "2025-03-11", "visit")],
    gives: value(14),
  },
  { what: "is missing before the first", changes: [touch(2, "2025-03-01", "call")], gives: noData("no meeting yet") },
]);

table("touchpoints.days_since_visit", "days", [
  {
    what: "counts visits only",
    changes: [touch(2, "2025-03-01", "visit"), touch(3, "2025-03-02", "meeting")],
    gives: value(14),
  },
]);

table("touchpoints.meetings_90d", "count", [
  {
    what: "counts meetings and visits of the window",
    changes: [
      touch(2, "2025-03-01", "meeting"),
      touch(3, "2025-03-02", "visit"),
      touch(4, "2025-03-03", "call"),
      touch(5, "2024-12-14T23:59:59Z", "meeting"),
      touch(6, "2024-12-15", "meeting"),
      touch(7, "2025-03-15T00:00:00Z", "meeting"),
    ],
    gives: value(3),
  },
  { what: "is zero where a source says that there was none", changes: [], gives: value(0) },
  {
    what: "is zero where people enter them and there was none lately",
    changes: [touch(2, "2024-03-01", "meeting")],
    streams: undelivered,
    gives: value(0),
  },
  { what: "is missing where nothing is known", changes: [], streams: undelivered, gives: noData("no touchpoint yet") },
]);

describe("the edges of 90 local days up to the 6th of April", () => {
  test.each([
    { zone: "America/New_York", from: "2025-01-07T05:00:00Z", until: "2025-04-07T04:00:00Z" },
    { zone: "Australia/Lord_Howe", from: "2025-01-06T13:00:00Z", until: "2025-04-06T13:30:00Z" },
    { zone: "Asia/Kolkata", from: "2025-01-06T18:30:00Z", until: "2025-04-06T18:30:00Z" },
    { zone: "Pacific/Kiritimati", from: "2025-01-06T10:00:00Z", until: "2025-04-06T10:00:00Z" },
  ])("$zone: from $from until $until", ({ zone, from, until }) => {
    const second = (moment: string, after: number) => new Date(Date.parse(moment) + after * 1000).toISOString();
    const edges = [second(from, -1), from, second(until, -1), until];
    const given = { moment: "2025-04-07T05:00:00Z", streams: undelivered };
    const owned = change("account", 1, "2024-01-01", { zone });
    const meetings = edges.map((moment, index) => touch(index + 2, moment, "meeting"));
    const counted = meetings.map((meeting) =>
      metricOf("touchpoints.meetings_90d", { ...given, changes: [owned, meeting] }),
    );
    expect(counted.map((one) => one.value)).toEqual([0, 1, 1, 0]);
    const since = meetings.map((meeting) =>
      metricOf("touchpoints.days_since_last", { ...given, changes: [owned, meeting] }),
    );
    expect(since.map((one) => one.value)).toEqual([91, 90, 1, 0]);
  });
});

table("contacts.count", "count", [
  {
    what: "counts who has not left",
    changes: [
      contact(2, "2024-06-01", { role: "user" }),
      contact(3, "2024-06-01", { leftOn: "2025-03-15" }),
      contact(4, "2024-06-01", { leftOn: "2025-03-16" }),
      contact(5, "2024-06-01", { leftOn: "2025-01-01" }),
      contact(5, "2025-02-01", { leftOn: null }),
    ],
    gives: value(3),
  },
  {
    what: "is missing where nobody delivers contacts",
    changes: [],
    streams: undelivered,
    gives: noData("no source delivers contacts"),
  },
]);

table("contacts.champions", "count", [
  {
    what: "counts champions who have not left",
    changes: [
      contact(2, "2024-06-01", { role: "champion" }),
      contact(3, "2024-06-01", { role: "champion", leftOn: "2025-01-01" }),
      contact(4, "2024-06-01", { role: "champion" }),
      contact(4, "2024-07-01", { role: "user" }),
      contact(5, "2024-06-01", { role: "user" }),
    ],
    gives: value(1),
  },
]);

table("contacts.champion_left", "text", [
  {
    what: "is no where no champion has left",
    changes: [contact(2, "2024-06-01", { role: "champion" })],
    gives: value("no"),
  },
  {
    what: "is yes for 120 days",
    changes: [contact(2, "2024-06-01", { role: "champion", leftOn: "2024-11-16" })],
    gives: value("yes"),
  },
  {
    what: "is no after them",
    changes: [contact(2, "2024-06-01", { role: "champion", leftOn: "2024-11-15" })],
    gives: value("no"),
  },
  {
    what: "remembers the role that was taken with the leaving",
    changes: [
      contact(2, "2024-06-01", { role: "champion" }),
      contact(2, "2025-03-01", { role: null, leftOn: "2025-03-01" }),
    ],
    gives: value("yes"),
  },
  {
    what: "is no where another contact left, or the champion became a user before",
    changes: [
      contact(2, "2024-06-01", { role: "user", leftOn: "2025-03-01" }),
      contact(3, "2024-06-01", { role: "champion" }),
      contact(3, "2025-02-01", { role: "user" }),
      contact(3, "2025-03-01", { leftOn: "2025-03-01" }),
    ],
    gives: value("no"),
  },
  {
    what: "does not see a leaving that is to come, or is learned later",
    changes: [
      contact(2, "2024-06-01", { role: "champion", leftOn: "2025-03-16" }),
      contact(3, "2024-06-01", { role: "champion" }),
      contact(3, "2025-03-01", { leftOn: "2025-03-01" }, "2025-03-15T12:00:01Z"),
    ],
    gives: value("no"),
  },
]);

table("contacts.days_since_champion_left", "days", [
  {
    what: "goes by the newest leaving",
    changes: [
      contact(2, "2024-06-01", { role: "champion", leftOn: "2024-03-01" }),
      contact(3, "2024-06-01", { role: "champion", leftOn: "2025-03-01" }),
    ],
    gives: value(14),
  },
  { what: "does not apply while none has left", changes: [], gives: notApplicable("no champion has left") },
]);

table("pulse.latest", "1-5", [
  { what: "is missing before the first", changes: [], gives: noData("no pulse yet") },
  {
    what: "is the newest, as old as itself",
    changes: [pulse(2, "2025-03-04", 2), pulse(3, "2025-03-01", 5), pulse(4, "2025-03-10", 4, "2025-03-16")],
    gives: value(2, 10),
  },
  {
    what: "does not grow young by a note",
    changes: [pulse(2, "2025-03-04", 2), change("pulse", 2, "2025-03-14", { note: "Still." })],
    gives: value(2, 10),
  },
]);

table("pulse.avg_90d", "1-5", [
  {
    what: "is the mean of the window, as old as the newest of it",
    changes: [
      pulse(2, "2025-03-04", 2),
      pulse(3, "2025-02-01", 5),
      pulse(4, "2024-12-14", 1),
      pulse(5, "2025-03-15", 1),
    ],
    gives: value(3.5, 10),
  },
  {
    what: "is missing where there was none lately",
    changes: [pulse(2, "2024-03-04", 2)],
    gives: noData("no pulse in the last 90 days"),
  },
  { what: "is missing before the first", changes: [], gives: noData("no pulse yet") },
]);

table("account.segment", "text", [
  {
    what: "is what the CRM says now",
    changes: [
      change("account", 1, "2025-01-01", { segment: "mid" }),
      change("account", 1, "2025-03-01", { segment: "smb" }),
    ],
    gives: value("smb"),
  },
  {
    what: "is missing where it is not said",
    changes: [change("account", 1, "2025-01-01", { segment: null })],
    gives: noData("the account has no segment"),
  },
  {
    what: "is as old as what the CRM has stated",
    changes: [change("account", 1, "2025-01-01", { segment: "mid" })],
    streams: coverage({ kinds: { account: [statement("2025-03-04", "2025-03-05")] } }),
    gives: value("mid", 10),
  },
]);

table("account.fields.tier", "as given", [
  {
    what: "is a text",
    changes: [change("account", 1, "2025-01-01", { fields: { tier: "gold" } })],
    gives: value("gold"),
  },
  { what: "is a number", changes: [change("account", 1, "2025-01-01", { fields: { tier: 3 } })], gives: value(3) },
  {
    what: "is a yes or no in words",
    changes: [change("account", 1, "2025-01-01", { fields: { tier: false } })],
    gives: value("false"),
  },
  {
    what: "is missing where it was cleared",
    changes: [change("account", 1, "2025-01-01", { fields: { tier: null } })],
    gives: noData("the account has no field tier"),
  },
  { what: "is missing where it was never given", changes: [], gives: noData("the account has no field tier") },
]);

table("account.fields.constructor", "as given", [
  {
    what: "is nothing that every object has",
    changes: [change("account", 1, "2025-01-01", { fields: { tier: 1 } })],
    gives: noData("the account has no field constructor"),
  },
]);
