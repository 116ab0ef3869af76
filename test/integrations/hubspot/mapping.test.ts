import { describe, expect, test } from "vitest";
import type { Mapped } from "../../../src/integrations/mapped-port.ts";
import { inputSchema } from "../../../src/scoring/records.ts";
import { mapContext } from "../pull-context.ts";
import { openSource } from "./company.ts";

const now = new Date("2026-02-10T12:00:00.000Z");
const createdAt = "2026-01-05T09:00:00.000Z";
const updatedAt = "2026-02-01T10:00:00.000Z";

interface Given {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly company?: string | null;
  readonly contact?: string | null;
  readonly stage?: { readonly isClosed: boolean; readonly isWon: boolean } | null;
}

/** Maps a thing; what it becomes must be records. */
function mapped(stream: string, properties: Record<string, unknown>, given: Given = {}): Mapped {
  const { settings = {}, company = "11", contact = null, stage = null } = given;
  const thing = { id: "7", properties, createdAt, updatedAt };
  const found = openSource("http://127.0.0.1:9", settings).map(
    stream,
    { thing, company, contact, stage },
    mapContext(now),
  );
  for (const input of found.inputs ?? []) inputSchema.parse(input);
  return found;
}

function sets(found: Mapped): unknown[] {
  return (found.inputs ?? []).map((input) => ("set" in input ? [input.at, input.set] : input));
}

describe("a company", () => {
  const company = { name: "Acme", domain: "ACME.example", hs_additional_domains: "acme.test;acme.example" };

  test("is an account from its beginning, with what is known of it now at its last change", () => {
    const found = mapped("companies", {
      ...company,
      hubspot_owner_id: "71",
      lifecyclestage: "customer",
      country: "AT",
    });
    expect(sets(found)).toEqual([
      [createdAt, { name: "Acme" }],
      [
        updatedAt,
        {
          name: "Acme",
          domain: "acme.example",
          owner: "owner-71",
          stage: "customer",
          industry: null,
          country: "AT",
          parent: null,
          deleted: false,
        },
      ],
    ]);
  });

  test("may be known by our key and by all of its domains", () => {
    const settings = { accountKeyProperty: "our_key" };
    expect(mapped("companies", { ...company, our_key: "acme-1" }, { settings }).claims).toEqual([
      { externalId: "7", name: "Acme", ourKey: "acme-1", domains: ["acme.example", "acme.test"] },
    ]);
  });

  test("takes the properties that the settings name", () => {
    const settings = { segmentProperty: "tier", beganOnProperty: "customer_since", accountFields: ["region", "seats"] };
    const found = mapped(
      "companies",
      { ...company, tier: "mid", customer_since: "2025-03-01", region: "DACH" },
      { settings },
    );
    expect(sets(found).at(-1)).toMatchObject([
      updatedAt,
      { segment: "mid", beganOn: "2025-03-01", fields: { region: "DACH", seats: null } },
    ]);
  });

  test.each([
    ["number", "12.5", 12.5],
    ["number", "many", null],
    ["number", "1e999", null],
    ["boolean", "true", true],
    ["boolean", "maybe", null],
    ["day", "1772323200000", "2026-03-01"],
    ["day", "2026-02-31", null],
    ["text", "12.5", "12.5"],
  ])("takes a property as a %s: %s", (as, text, value) => {
    const settings = { accountFields: [{ property: "own", as }] };
    const found = mapped("companies", { ...company, own: text }, { settings });
    expect(sets(found).at(-1)).toMatchObject([updatedAt, { fields: { own: value } }]);
  });

  test("that is none of the chosen ones is passed over, without a complaint", () => {
    const settings = { onlyCompanies: { property: "lifecyclestage", in: ["customer"] } };
    expect(mapped("companies", { ...company, lifecyclestage: "lead" }, { settings })).toEqual({});
    expect(mapped("companies", { ...company, lifecyclestage: "customer" }, { settings }).claims).toHaveLength(1);
  });

  test("tells of those that were merged into it, but not of itself", () => {
    expect(mapped("companies", { ...company, hs_merged_object_ids: "5;7; 6" }).merged).toEqual([
      { from: "5", into: "7", at: updatedAt },
      { from: "6", into: "7", at: updatedAt },
    ]);
  });

  test("without a name goes by its domain", () => {
    expect(sets(mapped("companies", { domain: "acme.example" }))).toMatchObject([
      [createdAt, { name: "acme.example" }],
      {},
    ]);
  });
});

describe("a contact", () => {
  test("belongs to its company", () => {
    const found = mapped("contacts", { firstname: "Jo", lastname: "Doe", email: " jo@acme.example ", jobtitle: "CTO" });
    expect(found.inputs).toMatchObject([
      {
        kind: "contact",
        id: "7",
        account: "11",
        at: updatedAt,
        set: { name: "Jo Doe", email: "jo@acme.example", title: "CTO" },
      },
    ]);
  });

  test("of no company is passed over", () => {
    expect(mapped("contacts", { email: "jo@acme.example" }, { company: null })).toEqual({});
  });

  test("keeps what is good of it when its address is none", () => {
    expect(sets(mapped("contacts", { firstname: "Jo", email: "jo at acme" }))).toMatchObject([
      [updatedAt, { name: "Jo", email: null }],
    ]);
  });
});

describe("a deal", () => {
  const deal = { dealname: "Renewal", dealtype: "existingbusiness", amount: "1250.50", deal_currency_code: "EUR" };
  const won = { isClosed: true, isWon: true };

  test("is open from its beginning, won at its close date, and as it is now at its last change", () => {
    const found = mapped("deals", { ...deal, closedate: "2026-01-20T08:00:00Z" }, { stage: won });
    expect(sets(found)).toMatchObject([
      [createdAt, { outcome: "open" }],
      ["2026-01-20T08:00:00.000Z", { outcome: "won" }],
      [updatedAt, { outcome: "won", type: "expansion", amountMinor: 125_050, currency: "EUR", closesOn: "2026-01-20" }],
    ]);
  });

  test.each([
    ["lost where its stage is closed without a chance", { isClosed: true, isWon: false }, "lost"],
    ["open where nobody knows its stage", null, "open"],
  ])("is %s", (_what, stage, outcome) => {
    expect(sets(mapped("deals", { ...deal, closedate: updatedAt }, { stage })).at(-1)).toMatchObject([
      updatedAt,
      { outcome },
    ]);
  });

  test.each([
    ["before its beginning", "2020-01-01T00:00:00Z"],
    ["after its last change", "2026-12-31T00:00:00Z"],
  ])("that was closed %s, as people type it, is closed as of its last change", (_when, closedate) => {
    expect(sets(mapped("deals", { ...deal, closedate }, { stage: won }))).toMatchObject([
      [createdAt, { outcome: "open" }],
      [updatedAt, { outcome: "won" }],
    ]);
  });

  test.each([
    ["1250", "JPY", 1_250],
    ["1.005", "EUR", 101],
    ["12.3456", "KWD", 12_346],
    ["much", "EUR", null],
  ])("of %s %s has so many minor units: %j", (amount, currency, amountMinor) => {
    const found = mapped("deals", { ...deal, amount, deal_currency_code: currency });
    expect(sets(found).at(-1)).toMatchObject([updatedAt, { amountMinor, currency }]);
  });

  test("without a currency takes that of the settings, or has no amount", () => {
    const { deal_currency_code: _, ...bare } = deal;
    expect(sets(mapped("deals", bare)).at(-1)).toMatchObject([updatedAt, { amountMinor: null, currency: null }]);
    const settings = { currency: "USD" };
    expect(sets(mapped("deals", bare, { settings })).at(-1)).toMatchObject([
      updatedAt,
      { amountMinor: 125_050, currency: "USD" },
    ]);
  });

  test("takes the sort of business from the settings, and none from words such as constructor", () => {
    const settings = { dealTypes: { prolongation: "renewal" } };
    const typeOf = (dealtype: string) => sets(mapped("deals", { ...deal, dealtype }, { settings })).at(-1);
    expect(typeOf("prolongation")).toMatchObject([updatedAt, { type: "renewal" }]);
    expect(typeOf("constructor")).toMatchObject([updatedAt, { type: null }]);
  });

  test("of no company is left out, with why", () => {
    expect(mapped("deals", deal, { company: null }).skipped).toBe("deal 7 belongs to no company");
  });
});

describe("a ticket", () => {
  const ticket = { subject: "It is slow", hs_pipeline: "0", hs_pipeline_stage: "3", hs_ticket_priority: "MEDIUM" };

  test("is told from its beginning, with its answer and its end each at their own time", () => {
    const times = { first_agent_reply_date: "2026-01-06T09:00:00Z", closed_date: "2026-01-08T09:00:00Z" };
    const closed = { isClosed: true, isWon: false };
    expect(sets(mapped("tickets", { ...ticket, ...times }, { stage: closed }))).toMatchObject([
      [createdAt, { status: "new", openedAt: createdAt, subject: "It is slow" }],
      ["2026-01-06T09:00:00.000Z", { firstRespondedAt: "2026-01-06T09:00:00.000Z" }],
      ["2026-01-08T09:00:00.000Z", { status: "closed", solvedAt: "2026-01-08T09:00:00.000Z" }],
      [updatedAt, { status: "closed", priority: "normal", solvedAt: "2026-01-08T09:00:00.000Z", deleted: false }],
    ]);
  });

  test.each([
    ["1", "new"],
    ["2", "pending"],
    ["3", "open"],
    ["99", "open"],
  ])("in stage %s of HubSpot's own pipeline is %s", (id, status) => {
    const found = mapped("tickets", { ...ticket, hs_pipeline_stage: id });
    expect(sets(found).at(-1)).toMatchObject([updatedAt, { status, solvedAt: null }]);
  });

  test("that was opened again is open now, whatever date of its end is left", () => {
    const found = mapped("tickets", { ...ticket, closed_date: "2026-01-08T09:00:00Z" });
    expect(sets(found)).toMatchObject([
      [createdAt, {}],
      [updatedAt, { status: "open", solvedAt: null }],
    ]);
  });

  test("takes what a stage means from the settings", () => {
    const settings = { ticketStatuses: { "881": "hold" } };
    const found = mapped("tickets", { ...ticket, hs_pipeline_stage: "881" }, { settings });
    expect(sets(found).at(-1)).toMatchObject([updatedAt, { status: "hold" }]);
  });
});

describe("a survey response", () => {
  const answer = { hs_value: "4", hs_content: "Fine", hs_submission_timestamp: "2026-01-20T09:00:00Z" };

  test.each([
    ["NPS", { type: "nps", scale: null }],
    ["CSAT", { type: "csat", scale: 5 }],
    ["CES", { type: "ces", scale: null }],
  ])("of a survey of sort %s counts when it was given", (type, fields) => {
    expect(mapped("feedback_submissions", { ...answer, hs_survey_type: type }, { contact: "21" }).inputs).toMatchObject(
      [
        {
          kind: "survey",
          at: "2026-01-20T09:00:00.000Z",
          set: { ...fields, score: 4, comment: "Fine", contact: "21" },
        },
      ],
    );
  });

  test("to a survey of one's own making is passed over", () => {
    expect(mapped("feedback_submissions", { ...answer, hs_survey_type: "CUSTOM" })).toEqual({});
  });
});

describe("a task", () => {
  const settings = { tasks: {} };

  test.each([
    ["COMPLETED", "2026-01-30T10:00:00Z", { state: "done", at: "2026-01-30T10:00:00.000Z" }],
    ["NOT_STARTED", null, { state: "open", at: updatedAt }],
    ["DEFERRED", null, { state: "open", at: updatedAt }],
  ])("of ours that is %s is told so", (status, completion, report) => {
    const properties = { keepwell_key: "in-1", hs_task_status: status, hs_task_completion_date: completion };
    expect(mapped("tasks", properties, { settings }).tasks).toEqual([{ key: "in-1", outcome: null, ...report }]);
  });

  test("of somebody else is none of ours", () => {
    expect(mapped("tasks", { hs_task_status: "COMPLETED" }, { settings })).toEqual({});
  });
});

test("an owner is known by the address", () => {
  const owner = { id: 71, email: "ada@example.com", firstName: "Ada", lastName: null, teams: [] };
  expect(openSource("http://127.0.0.1:9").map("owners", owner, mapContext(now))).toEqual({
    owners: [{ externalId: "71", email: "ada@example.com", name: "Ada" }],
  });
});

test("what was merged into a contact, a deal or a ticket is gone", () => {
  for (const [stream, kind] of [
    ["contacts", "contact"],
    ["deals", "opportunity"],
    ["tickets", "ticket"],
  ] as const) {
    expect(mapped(stream, { hs_merged_object_ids: "5" }).deleted).toEqual([{ kind, id: "5", at: updatedAt }]);
  }
});

test("a thing without a time is left out, with why", () => {
  const raw = { thing: { id: "7", properties: {} }, company: "11", contact: null, stage: null };
  for (const stream of ["companies", "contacts", "deals", "tickets"]) {
    const found = openSource("http://127.0.0.1:9").map(stream, raw, mapContext(now));
    expect(found.skipped).toMatch(/has no time of its last change/);
  }
});
