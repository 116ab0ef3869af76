import { describe, expect, test } from "vitest";
import type { Mapped } from "../../../src/integrations/mapped-port.ts";
import { inputSchema } from "../../../src/scoring/records.ts";
import { mapContext } from "../pull-context.ts";
import { openOver } from "./open.ts";
import { idOf, moment, rowOf } from "./organization.ts";
import type { Row } from "./soql.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const at = "2026-02-06T08:00:00.000Z";
const created = "2025-01-10T08:00:00.000Z";
const acme = idOf("001", 1);

function map(stream: string, fields: Row, settings: Readonly<Record<string, unknown>> = {}): Mapped {
  const source = openOver("http://127.0.0.1:9", settings);
  return source.map(stream, rowOf(idOf("000", 7), at, fields), mapContext(now));
}

/** What is said of each moment, each a record as it may be stored. */
function changes(mapped: Mapped): unknown[] {
  return (mapped.inputs ?? []).map((input) => {
    const parsed = inputSchema.parse(JSON.parse(JSON.stringify(input)));
    return "set" in parsed ? [parsed.at, parsed.set] : parsed;
  });
}

/** The state as of the row's own time. */
const stateNow = (mapped: Mapped) => changes(mapped).at(-1);

describe("an Account", () => {
  const custom = {
    key: "Key__c",
    segment: "Segment__c",
    stage: "Stage__c",
    beganOn: "Since__c",
    fields: { tier: "Tier__c" },
  };

  test("is an account with the fields that sources.json names, and is known by our key and its domain", () => {
    const mapped = map(
      "accounts",
      {
        Name: " Acme ",
        OwnerId: idOf("005", 1),
        ParentId: idOf("001", 2),
        Website: "www.acme.example.com",
        Industry: "",
        BillingCountry: "AT",
        Key__c: "acme",
        Segment__c: "enterprise",
        Stage__c: null,
        Since__c: "2024-05-01",
        Tier__c: 3,
      },
      { account: custom },
    );
    expect(changes(mapped)).toEqual([
      [created, { name: "Acme" }],
      [
        at,
        {
          name: "Acme",
          owner: `owner-${idOf("005", 1)}`,
          parent: idOf("001", 2),
          domain: "acme.example.com",
          industry: null,
          country: "AT",
          segment: "enterprise",
          stage: null,
          beganOn: "2024-05-01",
          fields: { tier: 3 },
        },
      ],
    ]);
    expect(mapped.claims).toEqual([
      { externalId: idOf("000", 7), name: "Acme", ourKey: "acme", domains: ["acme.example.com"] },
    ]);
  });

  test.each([
    ["https://www.acme.example.com/about?x=1", "acme.example.com"],
    ["ACME.example.com", "acme.example.com"],
    ["http://127.0.0.1", null],
    ["localhost", null],
    ["see our page", null],
    ["bücher.example", "xn--bcher-kva.example"],
    ["", null],
    [null, null],
  ])("with the website %j has the domain %j", (Website, domain) => {
    expect(stateNow(map("accounts", { Name: "Acme", Website }))).toMatchObject([at, { domain }]);
  });

  test("leaves what is no text, number or truth out of its own fields", () => {
    const mapped = map(
      "accounts",
      { Name: "Acme", Tier__c: { city: "Graz" } },
      { account: { fields: { tier: "Tier__c" } } },
    );
    expect(stateNow(mapped)).toEqual([at, { name: "Acme" }]);
  });

  test("that does not count is passed over", () => {
    const settings = { onlyAccounts: { field: "Type", in: ["Customer"] } };
    expect(map("accounts", { Name: "Acme", Type: "Prospect" }, settings)).toEqual({});
    expect(map("accounts", { Name: "Acme", Type: "Customer" }, settings).inputs).toHaveLength(2);
  });

  test("that was merged away names the one that is left", () => {
    expect(map("accounts", { Name: "Acme", IsDeleted: true, MasterRecordId: acme })).toEqual({
      merged: [{ from: idOf("000", 7), into: acme, at }],
    });
  });
});

test("a day that is given as a moment is the day in the company's zone", () => {
  const source = openOver("http://127.0.0.1:9", { account: { beganOn: "Since__c" } });
  const row = rowOf(acme, at, { Name: "Acme", Since__c: moment("2024-05-01T23:30:00Z") });
  const mapped = source.map("accounts", row, { ...mapContext(now), zone: "Europe/Vienna" });
  expect(stateNow(mapped)).toMatchObject([at, { beganOn: "2024-05-02" }]);
});

test.each([
  ["accounts", "account"],
  ["contacts", "contact"],
  ["opportunities", "opportunity"],
  ["cases", "ticket"],
])("a row of %s in the recycle bin is a deletion", (stream, kind) => {
  expect(map(stream, { IsDeleted: true, AccountId: acme })).toEqual({ deleted: [{ kind, id: idOf("000", 7), at }] });
});

describe("a Contact", () => {
  test("with an address that is none is a contact without one", () => {
    const mapped = map("contacts", { AccountId: acme, Name: "Bob", Email: "bob at acme", Title: null });
    expect(changes(mapped)).toEqual([[at, { name: "Bob", email: null, title: null }]]);
  });

  test("without an account says nothing", () => {
    expect(map("contacts", { AccountId: null, Name: "Bob" })).toEqual({});
  });
});

describe("an Opportunity", () => {
  const won = {
    AccountId: acme,
    Name: "Seats",
    IsClosed: true,
    IsWon: true,
    LastStageChangeDate: moment("2026-01-20T08:00:00Z"),
  };

  test("is open when it is made, and won when its stage last changed", () => {
    const mapped = map("opportunities", { ...won, Type: "New Business", Amount: 1200.5, CloseDate: "2026-03-31" });
    expect(changes(mapped)).toEqual([
      [created, { name: "Seats", type: "new", outcome: "open" }],
      ["2026-01-20T08:00:00.000Z", { outcome: "won" }],
      [
        at,
        { name: "Seats", type: "new", outcome: "won", amountMinor: 120_050, currency: "EUR", closesOn: "2026-03-31" },
      ],
    ]);
  });

  test.each([
    [1200.5, "JPY", 1201],
    [19.99, "USD", 1999],
    [1.005, "USD", 101],
    [1.2345, "KWD", 1235],
    [1_000_000_000.01, "EUR", 100_000_000_001],
    ["12.30", "EUR", 1230],
    ["twelve", "EUR", null],
  ])("of %j %s has %j minor units", (Amount, CurrencyIsoCode, amountMinor) => {
    expect(stateNow(map("opportunities", { ...won, Amount, CurrencyIsoCode }))).toMatchObject([
      at,
      { amountMinor, currency: CurrencyIsoCode },
    ]);
  });

  test.each([
    ["Renewal", "renewal"],
    ["Existing Customer - Upgrade", "expansion"],
    ["New Customer", "new"],
    ["Partner", null],
    ["Rollover", "renewal"],
  ])("of the type %j is of the type %j", (Type, type) => {
    const settings = { opportunityTypes: { Rollover: "renewal" } };
    expect(stateNow(map("opportunities", { ...won, Type }, settings))).toMatchObject([at, { type }]);
  });

  test("that is closed and not won is lost", () => {
    expect(stateNow(map("opportunities", { ...won, IsWon: false }))).toMatchObject([at, { outcome: "lost" }]);
  });
});

describe("a Case", () => {
  const open = {
    AccountId: acme,
    Subject: "Down",
    Status: "New",
    Priority: "High",
    IsClosed: false,
    ClosedDate: null,
    IsEscalated: true,
  };

  test("is new when it is made, and as it is now", () => {
    expect(changes(map("cases", { ...open, Status: "Working" }))).toEqual([
      [created, { subject: "Down", priority: "high", status: "new", openedAt: created }],
      [at, { subject: "Down", priority: "high", status: "open", openedAt: created, solvedAt: null, escalated: true }],
    ]);
  });

  test("is answered and closed at those times, not before", () => {
    const mapped = map(
      "cases",
      {
        ...open,
        IsClosed: true,
        Status: "Closed",
        ClosedDate: moment("2026-02-01T00:00:00Z"),
        Answered__c: moment("2026-01-30T00:00:00Z"),
      },
      { caseFirstResponse: "Answered__c" },
    );
    expect(changes(mapped).slice(1, 3)).toEqual([
      ["2026-01-30T00:00:00.000Z", { firstRespondedAt: "2026-01-30T00:00:00.000Z" }],
      ["2026-02-01T00:00:00.000Z", { status: "closed", solvedAt: "2026-02-01T00:00:00.000Z" }],
    ]);
  });

  test.each([
    ["New", false, "new"],
    ["On Hold", false, "hold"],
    ["Waiting on Customer", false, "pending"],
    ["Working", false, "open"],
    ["Something Else", false, "open"],
    ["Something Else", true, "closed"],
    ["Parked", false, "hold"],
  ])("that is %j and closed: %j has the status %j", (Status, IsClosed, status) => {
    const settings = { caseStatuses: { Parked: "hold" } };
    expect(stateNow(map("cases", { ...open, Status, IsClosed }, settings))).toMatchObject([at, { status }]);
  });

  test.each([
    ["Critical", "urgent"],
    ["High", "high"],
    ["Medium", "normal"],
    ["Low", "low"],
    ["P3", "low"],
    ["Other", null],
    [null, null],
  ])("of the priority %j has the priority %j", (Priority, priority) => {
    expect(stateNow(map("cases", { ...open, Priority }, { casePriorities: { P3: "low" } }))).toMatchObject([
      at,
      { priority },
    ]);
  });
});

describe("a Task of ours", () => {
  const settings = { tasks: {} };
  const task = { Keepwell_Key__c: "k-1", Status: "In Progress", IsClosed: false };

  test("is reported as it stands, at its own time", () => {
    expect(map("tasks", task, settings).tasks).toEqual([{ key: "k-1", state: "open", at, outcome: "In Progress" }]);
    const done = { ...task, Status: "Completed", IsClosed: true, CompletedDateTime: moment("2026-02-01T07:00:00Z") };
    expect(map("tasks", done, settings).tasks).toEqual([
      { key: "k-1", state: "done", at: "2026-02-01T07:00:00.000Z", outcome: "Completed" },
    ]);
  });

  test("that was thrown away says nothing", () => {
    expect(map("tasks", { ...task, IsDeleted: true }, settings)).toEqual({});
  });
});

test("a row that cannot be read is skipped, and named", () => {
  expect(map("cases", { AccountId: acme, Status: 7 })).toEqual({
    skipped: `${idOf("000", 7)}: Status: Invalid input: expected string, received number`,
  });
});
