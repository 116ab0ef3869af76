import type { VendorTruth } from "../source-tables.ts";
import type { Row } from "./soql.ts";

/** An organization: rows by object, to be changed as a test likes. */
export type Organization = Record<string, Row[]>;

/** An id of 18 characters, such as `001000000000007AAA`. */
export function idOf(prefix: string, number: number): string {
  return `${prefix}${String(number).padStart(12, "0")}AAA`;
}

/** A moment as Salesforce writes it. */
export function moment(iso: string): string {
  return new Date(iso).toISOString().replace("Z", "+0000");
}

const created = moment("2025-01-10T08:00:00Z");

/** A row with what every row has; `at` is when it was last changed. */
export function rowOf(id: string, at: string, fields: Row): Row {
  return { Id: id, CreatedDate: created, SystemModstamp: moment(at), IsDeleted: false, ...fields };
}

/** Acme and Globex, of one owner, and what belongs to them; Initech was merged into Acme, Hooli thrown away. */
export function smallOrganization(): Organization {
  const [ada] = [idOf("005", 1)];
  const [acme, globex, initech, hooli] = [1, 2, 3, 4].map((number) => idOf("001", number));
  const account = (id: string | undefined, at: string, fields: Row): Row =>
    rowOf(String(id), at, {
      OwnerId: ada,
      ParentId: null,
      MasterRecordId: null,
      Industry: "Energy",
      BillingCountry: "AT",
      ...fields,
    });
  return {
    User: [rowOf(ada, "2026-01-01T00:00:00Z", { Name: "Ada Example", Email: "ada@example.com", UserType: "Standard" })],
    Account: [
      account(acme, "2026-02-01T09:00:00Z", { Name: "Acme", Website: "https://www.acme.example.com/about" }),
      account(globex, "2026-02-02T09:00:00Z", { Name: "Globex", Website: null, ParentId: acme }),
      account(initech, "2026-02-03T09:00:00Z", {
        Name: "Initech",
        Website: null,
        IsDeleted: true,
        MasterRecordId: acme,
      }),
      account(hooli, "2026-02-04T09:00:00Z", { Name: "Hooli", Website: null, IsDeleted: true }),
    ],
    Contact: [
      rowOf(idOf("003", 1), "2026-02-01T10:00:00Z", {
        AccountId: acme,
        Name: "Bob Example",
        Email: "bob@acme.example.com",
        Title: "CTO",
      }),
      rowOf(idOf("003", 2), "2026-02-01T10:00:00Z", {
        AccountId: null,
        Name: "Private",
        Email: "p@example.com",
        Title: null,
      }),
      rowOf(idOf("003", 3), "2026-02-01T10:00:00Z", {
        AccountId: globex,
        Name: "Gone",
        Email: "not an address",
        Title: null,
        IsDeleted: true,
      }),
    ],
    Opportunity: [
      opportunity(1, acme, { Name: "Renewal 2026", Type: "Renewal", Amount: 1200.5, IsClosed: true, IsWon: true }),
      opportunity(2, globex, {
        Name: "More seats",
        Type: "Existing Business",
        Amount: null,
        IsClosed: false,
        IsWon: false,
      }),
    ],
    Case: [
      caseOf(1, acme, {
        Subject: "It is down",
        Status: "Closed",
        Priority: "High",
        IsClosed: true,
        ClosedDate: moment("2026-02-02T00:00:00Z"),
      }),
      caseOf(2, globex, {
        Subject: "How to?",
        Status: "Waiting on Customer",
        Priority: "Low",
        IsClosed: false,
        ClosedDate: null,
      }),
    ],
    Task: [],
  };
}

function opportunity(number: number, account: string | undefined, fields: Row): Row {
  const staged = { LastStageChangeDate: moment("2026-01-20T08:00:00Z"), CloseDate: "2026-03-31" };
  return rowOf(idOf("006", number), "2026-02-05T08:00:00Z", { AccountId: account, ...staged, ...fields });
}

function caseOf(number: number, account: string | undefined, fields: Row): Row {
  return rowOf(idOf("500", number), "2026-02-06T08:00:00Z", { AccountId: account, IsEscalated: false, ...fields });
}

/** What the tables are to have of `smallOrganization`. Written out, not mapped. */
export function smallTruth(): VendorTruth {
  const [acme, globex] = [idOf("001", 1), idOf("001", 2)];
  return {
    records: {
      account: {
        [acme]: { name: "Acme", domain: "acme.example.com", industry: "Energy", country: "AT", parent: null },
        // A parent is kept under our key of it.
        [globex]: { name: "Globex", domain: null, parent: `salesforce-${acme}` },
      },
      contact: {
        [idOf("003", 1)]: { account: acme, name: "Bob Example", email: "bob@acme.example.com", title: "CTO" },
      },
      opportunity: {
        [idOf("006", 1)]: {
          account: acme,
          type: "renewal",
          outcome: "won",
          amountMinor: 120_050,
          currency: "EUR",
          closesOn: "2026-03-31",
        },
        [idOf("006", 2)]: { account: globex, type: "expansion", outcome: "open", amountMinor: null },
      },
      ticket: {
        [idOf("500", 1)]: { account: acme, status: "closed", priority: "high", solvedAt: "2026-02-02T00:00:00.000Z" },
        [idOf("500", 2)]: { account: globex, status: "pending", priority: "low", solvedAt: null },
      },
    },
  };
}
