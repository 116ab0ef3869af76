import { describe, expect, test } from "vitest";
import { mapOrganization } from "../../../src/integrations/zendesk/mapping/organization.ts";
import { mapSurvey } from "../../../src/integrations/zendesk/mapping/survey.ts";
import { mapTicket } from "../../../src/integrations/zendesk/mapping/ticket.ts";
import { mapUser } from "../../../src/integrations/zendesk/mapping/user.ts";
import { organization, rating, response, ticket, user } from "./desk.ts";

describe("a ticket", () => {
  test("becomes its changes, each at its own time", () => {
    const raw = ticket(7, {
      status: "solved",
      updated_at: "2026-05-04T10:00:00Z",
      metric_set: { reopens: 1, solved_at: "2026-05-03T10:00:00Z", reply_time_in_minutes: { calendar: 30 } },
    });
    const at = (moment: string, set: unknown) => ({ kind: "ticket", id: "7", account: "1", at: moment, set });
    const { inputs = [], states = [] } = mapTicket(raw);
    expect([...inputs, ...states]).toEqual([
      at("2026-05-01T10:00:00Z", { status: "new", subject: "It is broken 7", openedAt: "2026-05-01T10:00:00Z" }),
      at("2026-05-01T10:30:00.000Z", { firstRespondedAt: "2026-05-01T10:30:00.000Z" }),
      at("2026-05-03T10:00:00Z", { status: "solved", solvedAt: "2026-05-03T10:00:00Z" }),
      at("2026-05-04T10:00:00Z", { status: "solved", subject: "It is broken 7", priority: "high", reopens: 1 }),
    ]);
  });

  test("tells nothing before it was so", () => {
    const raw = ticket(7, {
      status: "solved",
      metric_set: { solved_at: "2026-05-02T09:00:00Z", reply_time_in_minutes: { calendar: 5 } },
    });
    const { inputs = [], states = [] } = mapTicket(raw);
    const told = [...inputs, ...states].flatMap((input) => (input.kind === "ticket" ? input : []));
    expect(told).toHaveLength(4);
    for (const { at, set } of told) {
      for (const moment of [set.openedAt, set.firstRespondedAt, set.solvedAt]) {
        if (moment != null) expect(Date.parse(moment)).toBeLessThanOrEqual(Date.parse(at));
      }
      if (set.priority != null) expect(at).toBe("2026-05-02T10:00:00Z");
    }
  });

  test("that was opened again is not solved any more", () => {
    const raw = ticket(7, { status: "open", metric_set: { solved_at: "2026-05-01T12:00:00Z", reopens: 1 } });
    expect(mapTicket(raw).states?.[0]).toMatchObject({ set: { status: "open", solvedAt: null, reopens: 1 } });
    expect(JSON.stringify(mapTicket(raw))).not.toContain("2026-05-01T12:00:00Z");
  });

  test("takes the more exact time of a messaging ticket's first reply", () => {
    const metric_set = { reply_time_in_minutes: { calendar: 2 }, reply_time_in_seconds: { calendar: 61 } };
    expect(mapTicket(ticket(7, { metric_set })).inputs?.[1]).toMatchObject({ at: "2026-05-01T10:01:01.000Z" });
  });

  test("that was deleted is gone, also without an organization", () => {
    expect(mapTicket(ticket(7, { status: "deleted", organization_id: null }))).toEqual({
      deleted: [{ kind: "ticket", id: "7", at: "2026-05-02T10:00:00Z" }],
    });
  });

  test("of nobody we know is left out, with why", () => {
    expect(mapTicket(ticket(7, { organization_id: null }))).toEqual({ skipped: "a ticket without an organization" });
  });
});

describe("an organization", () => {
  const options = { isAuthority: true, accountFields: ["plan", "seats_bought", "missing"] };

  test("says by what it may be known", () => {
    const { claims } = mapOrganization(organization(5, { external_id: "acme-5" }), options);
    expect(claims).toEqual([{ externalId: "5", name: "Acme 5", ourKey: "acme-5", domains: ["acme5.example"] }]);
  });

  test("gives the fields that were chosen, empty ones too", () => {
    expect(mapOrganization(organization(5), options).states?.[0]).toMatchObject({
      set: { name: "Acme 5", fields: { plan: "pro", seats_bought: 12, missing: null } },
    });
  });

  test("leaves name and domain to others where it only finds accounts", () => {
    const { states } = mapOrganization(organization(5), { isAuthority: false, accountFields: [] });
    expect(states).toMatchObject([{ kind: "account", id: "5", set: {} }]);
    expect(states?.[0]).not.toHaveProperty("set.name");
  });

  test("that was deleted is gone from then on", () => {
    expect(mapOrganization(organization(5, { deleted_at: "2026-05-10T00:00:00Z" }), options)).toEqual({
      deleted: [{ kind: "account", id: "5", at: "2026-05-10T00:00:00Z" }],
    });
  });
});

describe("a user", () => {
  test("who is one of us is no contact", () => {
    expect(mapUser(user(3, { role: "admin" }))).toEqual({});
  });

  test("without a good address is a contact still", () => {
    expect(mapUser(user(3, { email: "x@" })).states?.[0]).toMatchObject({ set: { name: "Person 3", email: null } });
  });

  test("who is not active any more is gone", () => {
    expect(mapUser(user(3, { active: false })).deleted).toEqual([
      { kind: "contact", id: "3", at: "2026-05-01T00:00:00Z" },
    ]);
  });
});

describe("an answer", () => {
  test("of the older way is two points, asked at one time and answered at another", () => {
    const { inputs } = mapSurvey({ kind: "rating", rating: rating(1), organization: "1" });
    expect(inputs).toMatchObject([
      { at: "2026-05-03T10:00:00Z", set: { type: "csat", contact: "10" } },
      { at: "2026-05-04T10:00:00Z", set: { type: "csat", score: 2, scale: 2, comment: "Quick!" } },
    ]);
    expect(inputs?.[0]).not.toHaveProperty("set.score");
  });

  test("of the older way that was offered only has no score; one that was not offered is nothing", () => {
    const offered = mapSurvey({ kind: "rating", rating: rating(1, { score: "offered" }), organization: "1" });
    expect(offered.inputs).toHaveLength(1);
    expect(mapSurvey({ kind: "rating", rating: rating(1, { score: "unoffered" }), organization: "1" })).toEqual({});
  });

  test("of the newer way is one of five points at the time of the answer", () => {
    expect(mapSurvey({ kind: "response", response: response("01X", 4), organization: "1" }).inputs).toEqual([
      {
        kind: "survey",
        id: "01X",
        account: "1",
        at: "2026-05-05T10:00:00.000Z",
        set: { type: "csat", score: 4, scale: 5, comment: "Well done", contact: "10" },
      },
    ]);
  });

  test("to another question is none about satisfaction", () => {
    const other = {
      type: "rating_scale",
      rating: 1,
      question: { sub_type: "other" },
      updated_at: "2026-05-05T10:00:00Z",
    };
    expect(
      mapSurvey({ kind: "response", response: response("01X", 4, { answers: [other] }), organization: "1" }),
    ).toEqual({});
  });
});
