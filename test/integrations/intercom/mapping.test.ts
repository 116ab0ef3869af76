import { describe, expect, test } from "vitest";
import { mapCompany } from "../../../src/integrations/intercom/mapping/company.ts";
import { mapContact } from "../../../src/integrations/intercom/mapping/contact.ts";
import { mapConversation } from "../../../src/integrations/intercom/mapping/conversation.ts";
import { mapContext } from "../pull-context.ts";
import { company, contact, conversation, rating, seconds } from "./workspace.ts";

const now = new Date("2026-06-01T12:00:00Z");

function mapped(more: Record<string, unknown>, companies: readonly string[] = ["c1"]) {
  return mapConversation({ conversation: conversation("7", more), companies });
}

describe("a conversation", () => {
  test("becomes its changes, each at its own time, and how it stands", () => {
    const statistics = {
      first_admin_reply_at: seconds("2026-05-01T10:30:00Z"),
      last_close_at: seconds("2026-05-02T09:00:00Z"),
      count_reopens: 1,
    };
    const { inputs = [], states = [] } = mapped({ state: "closed", statistics });
    const at = (moment: string, set: unknown) => ({ kind: "ticket", id: "7", account: "c1", at: moment, set });
    expect([...inputs, ...states]).toEqual([
      at("2026-05-01T10:00:00.000Z", {
        status: "open",
        subject: "It is broken 7",
        openedAt: "2026-05-01T10:00:00.000Z",
      }),
      at("2026-05-01T10:30:00.000Z", { firstRespondedAt: "2026-05-01T10:30:00.000Z" }),
      at("2026-05-02T09:00:00.000Z", { status: "solved", solvedAt: "2026-05-02T09:00:00.000Z" }),
      at("2026-05-02T10:00:00.000Z", { status: "solved", subject: "It is broken 7", priority: "high", reopens: 1 }),
    ]);
  });

  test("that was opened again is not solved any more", () => {
    const result = mapped({ state: "open", statistics: { last_close_at: seconds("2026-05-01T12:00:00Z") } });
    expect(result.states?.[0]).toMatchObject({ set: { status: "open", solvedAt: null } });
    expect(JSON.stringify(result)).not.toContain("2026-05-01T12:00:00");
  });

  test.each([
    ["none", null],
    ["low", "low"],
    ["medium", "normal"],
    ["urgent", "urgent"],
    ["priority", "high"],
    ["not_priority", null],
  ])("of priority %s has our priority %s", (priority, ours) => {
    expect(mapped({ priority }).states?.[0]).toMatchObject({ set: { priority: ours } });
  });

  test("with words nobody has heard of tells the rest", () => {
    const [state] = mapped({ state: "paused", priority: "whenever" }).states ?? [];
    expect(state).toMatchObject({ set: { subject: "It is broken 7" } });
    expect(state).not.toHaveProperty("set.status");
    expect(state).not.toHaveProperty("set.priority");
  });

  test("that we began counts from the answer on, and not at all without one", () => {
    const source = { delivered_as: "admin_initiated", subject: "" };
    expect(mapped({ source })).toEqual({ skipped: "an outbound message that nobody answered" });
    const answered = mapped({ source, first_contact_reply: { created_at: seconds("2026-05-01T18:00:00Z") } });
    expect(answered.inputs?.[0]).toMatchObject({ at: "2026-05-01T18:00:00.000Z", set: { status: "open" } });
  });

  test.each([
    [[], "a conversation without a company"],
    [["c1", "c2"], "a conversation with somebody of several companies"],
  ])("of companies %j is left out, with why", (companies, skipped) => {
    expect(mapped({}, companies)).toEqual({ skipped });
  });
});

describe("a rating", () => {
  test("is asked at one time and given at another", () => {
    const surveys = mapped({ conversation_rating: rating(2) }).inputs?.filter(({ kind }) => kind === "survey");
    expect(surveys).toEqual([
      { kind: "survey", id: "7", account: "c1", at: "2026-05-02T09:50:00.000Z", set: { type: "csat", contact: "ann" } },
      {
        kind: "survey",
        id: "7",
        account: "c1",
        at: "2026-05-02T09:55:00.000Z",
        set: { type: "csat", score: 2, scale: 5, comment: "Quick!", contact: "ann" },
      },
    ]);
  });

  test("that was asked for only has no score", () => {
    const surveys = mapped({ conversation_rating: rating(undefined) }).inputs?.filter(({ kind }) => kind === "survey");
    expect(surveys).toHaveLength(1);
    expect(surveys?.[0]).not.toHaveProperty("set.score");
  });
});

describe("a company", () => {
  const options = {
    isAuthority: true,
    ownerAttribute: "looked_after_by",
    accountFields: ["tier", "plan", "size", "none"],
  };

  test("says by what it may be known, who looks after it, and the fields that were chosen", () => {
    const { states, claims } = mapCompany(company("c9"), options, mapContext(now));
    expect(claims).toEqual([{ externalId: "c9", name: "Acme c9", ourKey: "acme-c9", domains: ["c9.example.com"] }]);
    expect(states).toMatchObject([
      {
        kind: "account",
        id: "c9",
        at: "2026-05-02T10:00:00.000Z",
        set: {
          name: "Acme c9",
          domain: "c9.example.com",
          owner: "owner-991",
          fields: { tier: "gold", plan: "Pro", size: 85, none: null },
        },
      },
    ]);
  });

  test("may name who looks after it by an address, or nobody", () => {
    const ownerOf = (told: unknown) =>
      mapCompany(company("c9", { custom_attributes: { looked_after_by: told } }), options, mapContext(now)).states?.[0]
        ?.set;
    expect(ownerOf("robin@example.com")).toMatchObject({ owner: "robin@example.com" });
    expect(ownerOf(991)).toMatchObject({ owner: "owner-991" });
    expect(ownerOf("")).toMatchObject({ owner: null });
  });

  test("leaves name and domain to others where it only finds accounts", () => {
    const plain = { isAuthority: false, ownerAttribute: undefined, accountFields: [] };
    expect(mapCompany(company("c9"), plain, mapContext(now)).states?.[0]?.set).toEqual({});
  });
});

describe("a contact", () => {
  test("of several companies is one of the first", () => {
    expect(mapContact(contact("eve", ["c2", "c1"])).states?.[0]).toMatchObject({ account: "c2" });
  });

  test("of none is left out, with why", () => {
    expect(mapContact(contact("eve", []))).toEqual({ skipped: "a contact without a company" });
  });
});
