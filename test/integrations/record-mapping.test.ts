import { describe, expect, test } from "vitest";
import { compileRecordMapping } from "../../src/integrations/record-mapping.ts";
import { recordMappingSchema } from "../../src/integrations/record-mapping-document.ts";
import { mapContext } from "./pull-context.ts";

const now = new Date("2026-03-10T12:00:00Z");

function map(document: unknown, raw: unknown, context = mapContext(now)) {
  return compileRecordMapping(recordMappingSchema.parse(document)).map(raw, context);
}

function faultsOf(document: unknown): string[] {
  const parsed = recordMappingSchema.safeParse(document);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const ticket = {
  account: "$.company.id",
  records: [
    {
      kind: "ticket",
      id: "$.id",
      at: "$.updated_at",
      set: {
        subject: "$.title",
        status: { path: "$.state", map: { New: "new", Done: "solved" }, otherwise: "open" },
        openedAt: "$.created_at",
        reopens: "$.reopened",
      },
    },
  ],
};

describe("a record mapping", () => {
  test("makes a record of what its paths find, with words translated and times read", () => {
    const raw = {
      id: 7,
      title: "It is slow",
      state: "Done",
      reopened: 2,
      company: { id: 31 },
      created_at: "2026-03-01T08:00:00Z",
      updated_at: "2026-03-09T08:30:00+01:00",
    };
    expect(map(ticket, raw).inputs).toEqual([
      {
        kind: "ticket",
        id: "7",
        account: "31",
        at: "2026-03-09T07:30:00.000Z",
        set: { subject: "It is slow", status: "solved", openedAt: "2026-03-01T08:00:00.000Z", reopens: 2 },
      },
    ]);
  });

  test("passes over what is not there and says why a thing without an account is none", () => {
    const raw = { id: 7, state: "odd", updated_at: "2026-03-09T08:30:00Z" };
    expect(map(ticket, { ...raw, company: { id: 1 } }).inputs).toMatchObject([{ set: { status: "open" } }]);
    expect(map(ticket, raw)).toMatchObject({ inputs: [], skipped: "ticket: account: path $.company.id is empty" });
  });

  test("makes a record of each thing in a list, with what the whole body says of all", () => {
    const document = {
      account: { path: "$.account", from: "body" },
      records: [
        {
          kind: "survey",
          each: "$.answers[*]",
          when: { path: "$.question", is: "nps" },
          id: [{ path: "$.survey", from: "body" }, "$.who"],
          at: { path: "$.at", format: "epoch-seconds" },
          set: { type: { constant: "nps" }, score: "$.score", comment: "$.text" },
        },
      ],
    };
    const raw = {
      account: "acme",
      survey: "s1",
      answers: [
        { question: "nps", who: "a", score: 9, at: 1_772_000_000, text: null },
        { question: "csat", who: "b", score: 4, at: 1_772_000_000 },
        { question: "nps", who: "c", score: 3, at: 1_772_000_600, text: "slow" },
      ],
    };
    expect(map(document, raw).inputs).toMatchObject([
      { id: "s1:a", account: "acme", at: "2026-02-25T06:13:20.000Z", set: { type: "nps", score: 9 } },
      { id: "s1:c", account: "acme", set: { score: 3, comment: "slow" } },
    ]);
  });

  test("takes money by its currency, in euros or in cents", () => {
    const invoice = (unit: string) => ({
      account: "$.a",
      records: [
        {
          kind: "invoice",
          id: "$.id",
          at: "$.at",
          set: { amountMinor: { path: "$.sum", unit }, amountPaidMinor: { path: "$.sum", unit }, currency: "$.cur" },
        },
      ],
    });
    const raw = { a: "acme", id: "i", at: "2026-01-01", sum: 1250, cur: "JPY" };
    expect(map(invoice("major"), raw).inputs).toMatchObject([{ set: { amountMinor: 1250, amountPaidMinor: 1250 } }]);
    expect(map(invoice("major"), { ...raw, cur: "EUR" }).inputs).toMatchObject([{ set: { amountMinor: 125_000 } }]);
    expect(map(invoice("minor"), { ...raw, cur: "EUR" }).inputs).toMatchObject([{ set: { amountMinor: 1250 } }]);
  });

  test("claims accounts by our key and by the domains of pages and addresses", () => {
    const document = {
      records: [
        {
          kind: "account",
          id: "$.id",
          at: "$.at",
          ourKey: "$.custom.keepwell",
          domains: ["$.website", "$.people[*].mail"],
          set: { name: "$.name", owner: "$.owner_id" },
        },
      ],
    };
    const raw = {
      id: 5,
      at: "2026-01-01T00:00:00Z",
      name: "Acme",
      owner_id: 12,
      website: "https://www.Example.com:443/about?x=1",
      people: [{ mail: "ann@example.com" }, { mail: "bob@example.org" }],
      custom: { keepwell: "acme" },
    };
    expect(map(document, raw)).toMatchObject({
      inputs: [{ kind: "account", id: "5", set: { name: "Acme", owner: "owner-12" } }],
      claims: [
        {
          ...{ externalId: "5", name: "Acme", ourKey: "acme" },
          domains: ["https://www.Example.com:443/about?x=1", "ann@example.com", "bob@example.org"],
        },
      ],
    });
  });

  test("keeps an owner's text where the vendor has told of no such user", () => {
    const document = { records: [{ kind: "account", id: "$.id", at: "$.at", set: { owner: "$.owner" } }] };
    const raw = { id: 5, at: "2026-01-01T00:00:00Z", owner: "ann@example.com" };
    const nobody = { ...mapContext(now), ownerOf: () => null };
    expect(map(document, raw, nobody).inputs).toMatchObject([{ set: { owner: "ann@example.com" } }]);
  });

  test("tells of deletions and of owners", () => {
    const document = {
      account: "$.org",
      records: [
        { kind: "contact", id: "$.id", at: "$.at", deletes: true, when: { path: "$.type", is: "contact.deleted" } },
        { kind: "owner", id: "$.id", email: "$.mail", name: "$.name", when: { path: "$.type", is: "user" } },
      ],
    };
    const gone = { type: "contact.deleted", id: 3, org: 1, at: "2026-01-01T00:00:00Z" };
    expect(map(document, gone)).toMatchObject({
      inputs: [],
      deleted: [{ kind: "contact", id: "3", at: "2026-01-01T00:00:00.000Z" }],
    });
    expect(map(document, { type: "user", id: 9, mail: "ann@example.com" })).toMatchObject({
      deleted: [],
      owners: [{ externalId: "9", email: "ann@example.com", name: null }],
    });
  });

  test("counts usage by days of the company's zone", () => {
    const document = {
      account: "$.a",
      records: [
        {
          kind: "usage",
          mode: "event",
          id: "$.id",
          name: { constant: "sessions" },
          day: "$.at",
          value: "$.n",
          user: "$.u",
        },
      ],
    };
    const raw = { a: "acme", id: "e1", at: "2026-03-01T23:30:00Z", n: 3, u: "u1" };
    const inVienna = { ...mapContext(now), zone: "Europe/Vienna" };
    expect(map(document, raw, inVienna).inputs).toMatchObject([{ day: "2026-03-02", value: 3, user: "u1", id: "e1" }]);
    expect(map(document, raw).inputs).toMatchObject([{ day: "2026-03-01" }]);
  });

  test.each([
    ["null", null],
    ["a text", "x"],
    ["a list", [1]],
    ["other shapes", { id: { a: 1 }, updated_at: [], company: "x" }],
    ["a prototype", JSON.parse('{"__proto__": {"id": 1}, "constructor": {"prototype": 1}}')],
  ])("never throws for %s", (_name, raw) => {
    expect(map(ticket, raw).inputs).toEqual([]);
  });
});

describe("the document of a record mapping", () => {
  test.each([
    ["a path that is none", { account: "company.id", records: ticket.records }, /account: expected a JSON path/],
    ["a record that is nobody's", { records: ticket.records }, /records.0: a ticket needs "account"/],
    ["a date format that is none", { ...ticket, dates: "YY" }, /dates: expected a date format/],
    [
      "a field that no ticket has",
      { account: "$.a", records: [{ ...ticket.records[0], set: { colour: "$.c" } }] },
      /records.0.set: Unrecognized key: "colour"/,
    ],
    ["no records", { account: "$.a", records: [] }, /records:/],
  ])("is refused for %s", (_name, document, words) => {
    expect(faultsOf(document).join("\n")).toMatch(words);
  });
});
